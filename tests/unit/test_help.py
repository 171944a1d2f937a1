"""--help of every script that people start says how it is started."""

import subprocess

import pytest

from tests.support.stack import ROOT

SCRIPTS = sorted(
    path.stem for path in (ROOT / "scripts").glob("*.py") if 'if __name__ == "__main__":' in path.read_text("utf-8")
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_usage_is_what_can_be_typed(script: str) -> None:
    said = subprocess.run(
        ["scripts/run", script, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert f"Usage: scripts/run {script} " in said.stdout
