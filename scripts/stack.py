"""A stack as Pulumi's own program shows it: configuration and last outputs. Not a program, but what programs share.

Owns the calls of `pulumi`. The client secret comes along only where it is asked for, and is in no text that this prints.
"""

import json
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from microsoft365.errors import BadInput

# Not resolved: a scripts/ that is a symbolic link belongs to the project that it is linked into.
PROJECT = Path(__file__).absolute().parent.parent
_NOT_ON_PATH = 'pulumi is not on PATH. Install it, or on the local tenant: eval "$(scripts/run local_tenant env)"'


@dataclass(frozen=True)
class Stack:
    """One stack. `configuration` is `namespace:key` to text, as the program gets it."""

    name: str
    project: str
    configuration: Mapping[str, str]
    outputs: Mapping[str, Any] = field(repr=False)

    @property
    def mark(self) -> str:
        """What everything of the stack carries in the tenant."""
        return f"roomz:{self.project}/{self.name}"


def read_stack(name: str | None, *, with_secret: bool) -> Stack:
    """Read a stack; without a name the selected one. Raises BadInput where there is none, or nothing was put out yet."""
    selected = ["--stack", name] if name else []
    shown = ["--show-secrets"] if with_secret else []
    calls = [
        ["stack", "output", "--json", *shown, *selected],
        ["config", "--json", *selected],
        ["stack", "--show-name", *selected],
    ]
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        outputs, configuration, full_name = pool.map(lambda call: pulumi(*call), calls)
    found: dict[str, Any] = json.loads(outputs)
    # Whoever names a stack in full means organization/project/stack; the mark has the last.
    short = full_name.strip().rpartition("/")[2]
    if "clientId" not in found:
        raise BadInput(
            f"the stack {short} has no outputs yet: there is nothing to look at. Run: pulumi up --stack {short}"
        )
    if "secretGeneration" not in found:
        script = (found["access"].get("runbook") or {}).get("path", "the runbook")
        raise BadInput(
            f"the stack {short} has no secret to hand over yet: the restriction is waited for. An Exchange administrator has to run "
            f"{script}; then run: pulumi up --stack {short}"
        )
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    values = {key: str(one.get("value", "")) for key, one in json.loads(configuration).items()}
    return Stack(short, project, values, found)


def pulumi(*arguments: str) -> str:
    """Run Pulumi's own program in the project and return what it printed. Raises BadInput with its words where it fails."""
    try:
        result = subprocess.run(  # noqa: S603 -- our own command
            ["pulumi", *arguments, "--non-interactive"],  # noqa: S607 -- wherever the person has it
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BadInput(_NOT_ON_PATH) from None
    if result.returncode:
        raise BadInput(" ".join(result.stderr.split()).removeprefix("error: ") or f"pulumi {arguments[0]} failed")
    return result.stdout
