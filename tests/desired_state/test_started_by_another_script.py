"""A script that another one of ours starts, as the demo does, is stopped by its own launcher's end and by nobody else's."""

import os

import pytest
import typer

from scripts import demo
from scripts.interruption import LAUNCHER


def test_what_the_demo_starts_has_a_launcher_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The demo stands below a launcher itself, which is no parent of what it starts."""
    monkeypatch.setenv(LAUNCHER, str(os.getppid()))
    with pytest.raises(typer.Exit) as ended:
        demo._run([demo.LAUNCHER, "hand_over", "confirm", "--stack", "no-such-stack"])
    said = capfd.readouterr().err
    assert ended.value.exit_code == 2, said
    assert "interrupted" not in said


def test_the_demo_shows_what_can_be_typed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(LAUNCHER, raising=False)
    with pytest.raises(typer.Exit):
        demo._run([demo.LAUNCHER, "no_such_script", "--stack", "dev"])
    assert "$ scripts/run no_such_script --stack dev" in capfd.readouterr().err
