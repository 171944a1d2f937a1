"""scripts/run: from any folder, with or without the virtual environment, and what it says when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desired_state.tenant import PROJECT


def launch(launcher: Path, *arguments: str, folder: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": path} if path is not None else {})}
    return subprocess.run(
        [launcher, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_from_another_folder(tmp_path: Path) -> None:
    done = launch(PROJECT / "scripts" / "run", "exchange_policy", "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "observe" in done.stdout


def test_nothing_is_collected_when_a_script_ends() -> None:
    """What was registered first is called last."""
    text = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); import scripts.exchange_policy"
    )
    done = subprocess.run([sys.executable, "-c", text], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("../exchange_policy",), ("exchange_policy.py",)])
def test_what_is_no_script(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = launch(PROJECT / "scripts" / "run", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "exchange_policy" in done.stderr
    assert "Traceback" not in done.stderr


def copy(tmp_path: Path, name: str = "a project with spaces") -> Path:
    project = tmp_path / name
    (project / "scripts").mkdir(parents=True)
    shutil.copy(PROJECT / "scripts" / "run", project / "scripts")
    shutil.copy(PROJECT / "scripts" / "__init__.py", project / "scripts")
    (project / "scripts" / "where.py").write_text(
        "import os, sys; print(os.getcwd(), sys.argv[1:], os.environ['KEPT'])\n"
    )
    return project


def fake_python(folder: Path) -> Path:
    """Return a folder with a python3 that says how it was called."""
    folder.mkdir(parents=True)
    python = folder / "python3"
    python.write_text('#!/bin/sh\necho "called: $0 $*"\n')
    python.chmod(0o755)
    return folder


def test_without_a_virtual_environment_the_python_on_path_is_taken(tmp_path: Path) -> None:
    project = copy(tmp_path)
    tools = fake_python(tmp_path / "bin")
    done = launch(project / "scripts" / "run", "where", "a b", folder=tmp_path, path=f"{tools}:/usr/bin:/bin")
    assert done.stdout == f"called: {tools / 'python3'} -m scripts.where a b\n"


def test_packages_that_are_missing_are_named(tmp_path: Path) -> None:
    project = copy(tmp_path)
    python = shutil.which("python3", path="/usr/bin:/bin")
    if (
        python is None
        or subprocess.run([python, "-c", "import pydantic"], capture_output=True, check=False).returncode == 0
    ):
        pytest.skip("needs a python3 without the packages")
    done = launch(project / "scripts" / "run", "where", folder=tmp_path, path="/usr/bin:/bin")
    assert done.returncode == 2
    assert f"there is no .venv in {project}" in done.stderr
    assert "make setup" in done.stderr
    assert "pulumi install" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_python_at_all(tmp_path: Path) -> None:
    project = copy(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = launch(project / "scripts" / "run", "where", folder=tmp_path, path=str(tools))
    assert done.returncode == 2
    assert f"there is no .venv in {project} and no python3 on PATH" in done.stderr
    assert "make setup" in done.stderr


def test_a_virtual_environment_whose_python_is_gone_is_no_reason_to_take_another(tmp_path: Path) -> None:
    project = copy(tmp_path)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    tools = fake_python(tmp_path / "bin")
    done = launch(project / "scripts" / "run", "where", folder=tmp_path, path=f"{tools}:/usr/bin:/bin")
    assert (done.returncode, done.stdout) == (2, "")
    assert "make setup" in done.stderr


def test_a_python_that_is_too_old_is_told(tmp_path: Path) -> None:
    """By the text alone, as an old Python would read it: no such Python is at hand."""
    code = (PROJECT / "scripts" / "__init__.py").read_text().replace("(3, 10)", "(3, 99)")
    package = tmp_path / "scripts"
    package.mkdir()
    (package / "__init__.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-c", "import scripts"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "older than 3.11; run: make setup" in done.stderr


def test_linked_scripts_belong_to_the_project_they_are_linked_into(tmp_path: Path) -> None:
    original, other = copy(tmp_path, "original"), tmp_path / "other"
    other.mkdir()
    (other / "scripts").symlink_to(original / "scripts")
    (other / ".venv").symlink_to(PROJECT / ".venv")
    environment = {**os.environ, "KEPT": "kept"}
    done = subprocess.run(
        [other / "scripts" / "run", "where", "x"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f"{other} ") or done.stdout.startswith(str(other.resolve())), done.stderr
    assert done.stdout.endswith("['x'] kept\n")
