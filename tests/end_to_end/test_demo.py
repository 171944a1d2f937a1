"""`make demo`, again, and `make demo-destroy`, as a newcomer runs them: in a copy of the project with ports of its own."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.secrets import leaks
from tests.support.stack import PATIENCE, ROOT, Stack

COPIED = ("components", "microsoft365", "scripts", "simulator", "__main__.py", "requirements.txt", "Pulumi.yaml")
PORTS = ("18543", "18544")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project with its environment, and other ports wherever these two stand."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".local").mkdir()
    shutil.copy(ROOT / ".local" / "engine.json", folder / ".local")
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        others = [str(each.getsockname()[1]) for each in (first, second)]
    for name in ("scripts/local_tenant.py", "Pulumi.dev.yaml"):
        text = (ROOT / name).read_text()
        for port, other in zip(PORTS, others, strict=True):
            text = text.replace(port, other).replace(f"{port[:2]}_{port[2:]}", other)
        (folder / name).write_text(text)
    return folder


def demo(checkout: Path, what: str) -> str:
    """Run it to its end, with nothing of this machine's own but where programs are, and return what it said."""
    folders = [Stack.engine().get("binFolder"), os.environ["PATH"]]
    environment = {
        "PATH": os.pathsep.join(folder for folder in folders if folder),
        "HOME": str(checkout),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        ["scripts/run", "demo", what],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert leaks(done.stdout, {}) == []
    return done.stdout


def test_the_demo_connects_changes_nothing_the_second_time_and_takes_everything_away(checkout: Path) -> None:
    try:
        said = demo(checkout, "up")
        for words in ("created", "ROOMZ Portal", "\u2022" * 8, "25 of 25", "What next", "make demo-destroy"):
            assert words in said
        (page,) = [word for word in said.split() if word.startswith("http://127.0.0.1:") and word.endswith("/")]
        listing = subprocess.run(["scripts/run", "local_tenant", "status", "--json"], cwd=checkout, capture_output=True)
        assert page == f"http://127.0.0.1:{json.loads(listing.stdout)['controlPort']}/"
        assert "Nothing changed" not in said
        assert "Nothing changed" in demo(checkout, "up")
    finally:
        said = demo(checkout, "destroy")
    assert "The local tenant is as it was before" in said
    stopped = subprocess.run(["scripts/run", "local_tenant", "status"], cwd=checkout, capture_output=True, check=False)
    assert stopped.returncode != 0
