"""Where actionlint is looked for, and what set-up says where it cannot be built. Nothing is built here."""

import os
import shutil
from pathlib import Path

import pytest

from tools import set_up_actionlint
from tools.progress import Progress
from tools.set_up_actionlint import built_program, find_actionlint


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that set-up writes."""
    lines: list[str] = []
    monkeypatch.setattr(set_up_actionlint, "Progress", lambda _log: Progress(tmp_path / "log", lines.append))
    return lines


def test_it_is_found_in_the_cache_by_what_its_module_pins(tmp_path: Path) -> None:
    environment = {"ROOMZ_CACHE_FOLDER": str(tmp_path)}
    assert find_actionlint(environment) is None
    program = built_program(environment)
    program.parent.mkdir(parents=True)
    program.touch()
    assert find_actionlint(environment) == program
    assert find_actionlint({"ROOMZ_CACHE_FOLDER": str(tmp_path / "other")}) is None


def test_another_version_is_built_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"ROOMZ_CACHE_FOLDER": str(tmp_path)}
    before = built_program(environment)
    module = tmp_path / "module"
    shutil.copytree(set_up_actionlint.MODULE, module)
    monkeypatch.setattr(set_up_actionlint, "MODULE", module)
    assert built_program(environment) == before
    (module / "go.sum").write_text("another")
    assert built_program(environment) != before


def test_a_machine_without_go_is_told_what_follows_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv("ROOMZ_CACHE_FOLDER", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert set_up_actionlint.main() == 0
    (line,) = said
    assert "the test of docs/pipelines/github.yml is skipped" in line
    assert "https://go.dev/dl/" in line
    assert find_actionlint(os.environ) is None


def test_what_is_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.setenv("ROOMZ_CACHE_FOLDER", str(tmp_path))
    program = built_program(os.environ)
    program.parent.mkdir(parents=True)
    program.touch()
    assert set_up_actionlint.main() == 0
    assert said == []
