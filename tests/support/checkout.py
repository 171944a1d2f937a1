"""A copy of the project, for tests that run it as a newcomer does: its own folder, the environment and the engine that are there.

Owns the copy and free ports. Refuses to own what is run in it.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from tests.support.stack import PATIENCE, ROOT, Stack

COPIED = ("components", "microsoft365", "scripts", "simulator", "__main__.py", "requirements.txt", "Pulumi.yaml")


def copy_project(folder: Path) -> Path:
    """Copy what a user's clone has, but for documentation and tests; returns the folder."""
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".local").mkdir()
    shutil.copy(ROOT / ".local" / "engine.json", folder / ".local")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The environment of a shell there: nothing of this machine's own but where programs are."""
    folders = [Stack.engine().get("binFolder"), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(each for each in folders if each),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command there to its end, as a person without a terminal; both streams together."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment(folder), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def free_ports() -> tuple[str, str]:
    """Two ports that nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        return str(first.getsockname()[1]), str(second.getsockname()[1])
