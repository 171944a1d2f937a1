"""`make demo`, again, and `make demo-destroy`, as a newcomer runs them: in a copy of the project with ports of its own."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import copy_project, free_ports, run
from tests.support.secrets import leaks
from tests.support.stack import ROOT

PORTS = ("18543", "18544")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project with its environment, and other ports wherever these two stand."""
    folder = copy_project(tmp_path / "checkout")
    others = free_ports()
    for name in ("scripts/local_tenant.py", "Pulumi.dev.yaml"):
        text = (ROOT / name).read_text()
        for port, other in zip(PORTS, others, strict=True):
            text = text.replace(port, other).replace(f"{port[:2]}_{port[2:]}", other)
        (folder / name).write_text(text)
    return folder


def demo(checkout: Path, what: str) -> str:
    """Run it to its end, and return what it said."""
    done = run(checkout, "scripts/run", "demo", what)
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
