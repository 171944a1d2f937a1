"""A run of pulumi while it is under way: waiting until it has come somewhere, and whom it has started.

Owns the looking, and a second checkout beside the first. Ends nothing: that is the test's.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stack import Stack
from tests.support.tenant import Tenant

PATIENCE = 90.0

Entry = dict[str, Any]


def wait_until(
    tenant: Tenant, process: "subprocess.Popen[str]", come: Callable[[list[Entry]], bool], *, since: int = 0
) -> None:
    """Until the tenant's log since a request says so; fails when the run ends first or nothing comes."""
    deadline = time.monotonic() + PATIENCE
    while not come(tenant.requests(since)):
        if process.poll() is not None:
            raise AssertionError(f"the run ended before:\n{process.communicate()[0]}")
        if time.monotonic() > deadline:
            raise AssertionError(f"the run never came that far within {PATIENCE} s")
        time.sleep(0.05)


def seen(**wanted: Any) -> Callable[[list[Entry]], bool]:
    """Whether the log has an entry with these values; `path_ends` is the end of its path."""
    end = wanted.pop("path_ends", "")
    return lambda entries: any(
        entry["path"].endswith(end) and all(entry[key] == value for key, value in wanted.items()) for entry in entries
    )


def processes_of(stack: Stack) -> list[str]:
    """The processes that work for this stack, by their arguments: those whose environment names its folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            arguments = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended, or is another user's
            continue
        if f"HOME={stack.folder}\0" in environment and arguments:
            found.append(arguments)
    return found


def wait_until_alone(stack: Stack) -> None:
    """Until no process works for this stack any more; fails when one stays."""
    deadline = time.monotonic() + PATIENCE
    while left := processes_of(stack):
        if time.monotonic() > deadline:
            raise AssertionError(f"still running: {left}")
        time.sleep(0.05)


def copy_of(stack: Stack, folder: Path) -> Stack:
    """Another checkout of the same stack, with a copy of its state: nothing locks the one against the other."""
    other = Stack.prepare(folder, stack.server, stack.tenant)
    shutil.rmtree(folder / "state")
    shutil.copytree(stack.folder / "state", folder / "state")
    name = f"Pulumi.{stack.name}.yaml"
    shutil.copy(stack.folder / name, folder / name)
    other.configuration = dict(stack.configuration)
    other.pulumi("stack", "select", stack.name)
    return other
