"""docs/rehearsal.md as written: its commands are taken from the page, and typed into one shell after another in a copy of the project."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import copy_project, environment, free_ports, run
from tests.support.stack import PATIENCE, ROOT

TEXT = (ROOT / "docs" / "rehearsal.md").read_text(encoding="utf-8")
PORTS = ("18643", "18644")


class Rehearsal:
    """The page's blocks with ports of their own, and a person who types them in a copy of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_project(folder)
        text = TEXT
        for port, other in zip(PORTS, free_ports(), strict=True):
            text = text.replace(port, other)
        self.sections = dict(re.findall(r"^## (\d)\. .*?\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL))

    def blocks(self, section: str, kind: str = "") -> list[str]:
        """The fenced blocks of a section, by its number."""
        return re.findall(rf"^```{kind}\n(.*?)^```\n", self.sections[section], re.MULTILINE | re.DOTALL)

    def type(self, text: str, expect: int = 0) -> str:
        """Type lines into a shell that knows the tenant; the first that fails ends it. Returns what was said."""
        _, known = self.blocks("1")[0].splitlines()
        done = run(self.folder, "sh", "-ec", f"{known}\n{text}", PULUMI_SKIP_CONFIRMATIONS="true", NO_COLOR="1")
        assert done.returncode == expect, done.stdout
        return done.stdout


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path / "checkout")
    start, _ = made.blocks("1")[0].splitlines()
    subprocess.run(["sh", "-ec", start], cwd=made.folder, env=environment(made.folder), check=True, timeout=PATIENCE)
    try:
        yield made
    finally:
        stop = ["scripts/run", "local_tenant", "stop", "--state-folder", ".local/rehearsal"]
        subprocess.run(stop, cwd=made.folder, check=True, timeout=PATIENCE)


@pytest.mark.nightly
def test_the_rehearsal_goes_as_its_page_says(rehearsal: Rehearsal) -> None:
    rehearsal.type(rehearsal.blocks("2")[0])
    (stack_file,) = rehearsal.blocks("3", "yaml")
    (rehearsal.folder / "Pulumi.rehearsal.yaml").write_text(stack_file)

    (up,) = rehearsal.blocks("4")
    said = rehearsal.type(up)
    assert "without the permission" not in said
    assert "GREEN" in said
    assert "has generation 0" in said

    new_room, renewal = rehearsal.blocks("5")
    said = rehearsal.type(new_room)
    assert "calendar processing differs on 2 rooms (room-eiger@alpenblick.example, room-new@alpenblick.example)" in said
    said = rehearsal.type(renewal)
    assert "has generation 1" in said
    assert "3 deleted" in said  # The old secret, its component and its removal.

    leave, forward, clean_up = rehearsal.blocks("6")
    (retire,) = set(
        re.findall(r"(scripts/run exchange_policy remove --retired .*?)\s*$", rehearsal.type(leave), re.MULTILINE)
    )
    assert "can be restored until" in rehearsal.type(retire, expect=5)
    rehearsal.type(forward)
    assert "management scopes removed: 1" in rehearsal.type(retire)
    rehearsal.type(clean_up)
    assert not (rehearsal.folder / ".local" / "rehearsal").exists()
