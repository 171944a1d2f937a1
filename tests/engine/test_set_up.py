"""What set-up decides: which engine, which build, and what it says where something is missing. No network, no build."""

import json
import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tools import engine_build, engine_choice, engine_download, set_up, set_up_environment
from tools.lock_file import read_pins
from tools.progress import Progress, SetUpError, StoppedError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "log", write=lambda _text: None)


def fake_pulumi(folder: Path, version: str, *, with_host: bool = True) -> Path:
    """A program named pulumi that says it is of that version."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pulumi", *(["pulumi-language-python"] if with_host else [])):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def test_an_old_python_is_refused_in_one_line_with_the_remedy() -> None:
    line = set_up.refusal((3, 9, 2), "posix")
    assert line is not None
    assert "3.9.2" in line
    assert "python3.11 tools/set_up.py" in line
    assert "\n" not in line
    assert set_up.refusal((3, 11, 0), "posix") is None
    windows = set_up.refusal((3, 12, 0), "nt")
    assert windows is not None
    assert "WSL" in windows


def test_set_up_can_be_read_by_an_old_python() -> None:
    """The file must compile where the language is older, or the clear line would be a syntax error."""
    source = (ROOT / "tools" / "set_up.py").read_text()
    compile(source, "set_up.py", "exec", dont_inherit=True)
    assert "match " not in source
    assert ":=" not in source


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, ["there is no `go` on PATH", "https://go.dev/dl/"]),
        ("go version go1.20.1 linux/amd64", ["go1.20.1", "or newer is needed"]),
    ],
)
def test_a_missing_or_old_go_is_one_line_with_the_remedy(answer: str | None, words: list[str]) -> None:
    line = engine_build.refusal_of_go((1, 25), answer)
    assert line is not None
    assert "\n" not in line
    for word in words:
        assert word in line


def test_a_new_enough_go_is_taken() -> None:
    assert engine_build.refusal_of_go((1, 25, 11), "go version go1.26.8 linux/amd64") is None


@pytest.mark.parametrize(
    ("text", "numbers"), [("v3.259.0", (3, 259, 0)), ("3.238.1-dev.5\n", (3, 238, 1)), ("3.9.10+build", (3, 9, 10))]
)
def test_versions_are_numbers_and_not_texts(text: str, numbers: tuple[int, int, int]) -> None:
    assert engine_choice.version_numbers(text) == numbers


@pytest.mark.parametrize(
    ("found", "usable"), [("v3.238.0", True), ("v3.1000.0", True), ("v3.99.0", False), ("v4.0.0", False), ("x", False)]
)
def test_a_pulumi_is_judged_by_its_version(found: str, usable: bool) -> None:
    assert (engine_choice.judge(found, "3.238.0") is None) is usable


def test_the_pulumi_on_path_is_used_when_it_is_new_enough(tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / "bin", "v3.300.0")
    found = engine_choice.look_along_path(str(folder), "3.238.0", ())
    assert (found.program, found.version, found.problem) == (folder / "pulumi", "v3.300.0", None)


def test_a_pulumi_without_its_language_host_is_not_used(tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / "bin", "v3.300.0", with_host=False)
    found = engine_choice.look_along_path(str(folder), "3.238.0", ())
    assert found.problem is not None
    assert "language host" in found.problem


def test_an_old_pulumi_on_path_is_said_and_passed_over(tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / "bin", "v3.100.0")
    found = engine_choice.look_along_path(str(folder), "3.238.0", ())
    assert "3.238.0 or newer is needed" in str(found)


def test_our_own_build_on_path_is_not_mistaken_for_the_users(tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / "cache" / "bin", "v3.300.0")
    found = engine_choice.look_along_path(str(folder), "3.238.0", (tmp_path / "cache",))
    assert found.program is None


def test_what_is_forced_and_cannot_be_had_ends_with_a_reason(tmp_path: Path, progress: Progress) -> None:
    versions = engine_choice.Versions.read(ROOT)
    with pytest.raises(SetUpError, match="ROOMZ_ENGINE=path") as refusal:
        engine_choice.choose_engine(tmp_path, versions, {"ROOMZ_ENGINE": "path", "PATH": ""}, progress)
    assert refusal.value.exit_code == 2
    with pytest.raises(SetUpError, match="path, download, build"):
        engine_choice.forced_origin({"ROOMZ_ENGINE": "magic"})


def test_a_download_that_is_not_what_was_published_is_never_used(tmp_path: Path, progress: Progress) -> None:
    archive = engine_download.archive_name("9.9.9", "Linux", "x86_64")
    assert archive == "pulumi-v9.9.9-linux-x64.tar.gz"
    release = engine_download.Release("9.9.9", tmp_path / "local", source=(tmp_path / "source").as_uri())
    folder = tmp_path / "source" / "v9.9.9"
    folder.mkdir(parents=True)
    names = {
        engine_download.archive_name("9.9.9", system, machine)
        for system in ("Linux", "Darwin")
        for machine in ("x86_64", "arm64")
    }
    for name in names:
        assert name is not None
        (folder / name).write_bytes(b"not what was published")
    (folder / "pulumi-9.9.9-checksums.txt").write_text("".join(f"{'0' * 64}  {name}\n" for name in names))
    with pytest.raises(SetUpError, match="SHA-256") as refusal:
        release.install(progress)
    assert "nothing was installed" in str(refusal.value)
    assert not release.is_installed()


def test_a_host_that_cannot_be_reached_is_a_reason_and_no_failure(tmp_path: Path, progress: Progress) -> None:
    release = engine_download.Release("9.9.9", tmp_path, source="http://127.0.0.1:9")
    reason = release.install(progress)
    assert reason is not None
    assert "cannot be had" in reason


def test_the_build_is_keyed_by_what_it_is_made_of_and_by_nothing_else(tmp_path: Path) -> None:
    copies = []
    for name in ("one", "two"):
        shutil.copytree(ROOT / "tools", tmp_path / name / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        copies.append(tmp_path / name)
    key = engine_build.build_key(copies[0], "recipe", "Linux", "x86_64")
    assert engine_build.build_key(copies[1], "recipe", "Linux", "x86_64") == key
    (copies[1] / "tools" / "README.md").write_text("other words")
    assert engine_build.build_key(copies[1], "recipe", "Linux", "x86_64") == key
    assert engine_build.build_key(copies[1], "recipe", "Linux", "arm64") != key
    source = next((copies[1] / "tools" / "engine").rglob("*.go"))
    source.write_text(source.read_text() + "\n// changed\n")
    assert engine_build.build_key(copies[1], "recipe", "Linux", "x86_64") != key


@pytest.mark.parametrize(
    ("gibibytes", "processors", "each"),
    [(24, 2, 3 << 30), (8, 2, 1 << 30), (4, 2, None), (16, 8, None), (64, 8, 2 << 30)],
)
def test_the_compiler_collects_no_garbage_where_memory_allows(
    gibibytes: int, processors: int, each: int | None
) -> None:
    wanted = {} if each is None else {"GOGC": "off", "GOMEMLIMIT": str(each)}
    assert engine_build.frugal(gibibytes << 30, processors) == wanted


def test_a_containers_memory_is_what_it_may_use(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    machine = engine_build.memory(limit)
    limit.write_text("max\n")
    assert engine_build.memory(limit) == machine > 1 << 20
    limit.write_text(f"{1 << 20}\n")
    assert engine_build.memory(limit) == 1 << 20


def test_a_download_stops_with_the_others(tmp_path: Path, progress: Progress) -> None:
    progress.stop()
    archive = engine_download.archive_name("9.9.9", platform.system(), platform.machine())
    assert archive is not None
    folder = tmp_path / "source" / "v9.9.9"
    folder.mkdir(parents=True)
    (folder / archive).write_bytes(b"some bytes")
    (folder / "pulumi-9.9.9-checksums.txt").write_text(f"{'0' * 64}  {archive}\n")
    with pytest.raises(StoppedError):
        engine_download.Release("9.9.9", tmp_path / "local", source=(tmp_path / "source").as_uri()).install(progress)


def test_the_cache_is_the_users_unless_another_is_named(tmp_path: Path) -> None:
    assert engine_build.cache_folder({"ROOMZ_CACHE_FOLDER": str(tmp_path)}) == tmp_path
    assert engine_build.cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "roomz"
    assert engine_build.cache_folder({}) == Path.home() / ".cache" / "roomz"


def test_the_environment_is_filled_anew_when_the_lock_changes(tmp_path: Path) -> None:
    lock = tmp_path / set_up_environment.LOCK
    shutil.copy(ROOT / set_up_environment.LOCK, lock)
    before = set_up_environment.wanted_state(tmp_path, tmp_path / ".venv")
    assert set_up_environment.wanted_state(tmp_path, tmp_path / ".venv") == before
    lock.write_text(lock.read_text() + "# other\n")
    assert set_up_environment.wanted_state(tmp_path, tmp_path / ".venv") != before


def test_the_plugins_versions_are_those_of_the_python_packages() -> None:
    pinned = {pin.name: pin.version for pin in read_pins((ROOT / "requirements.txt").read_text())}
    plugins = engine_choice.Versions.read(ROOT).plugins
    assert {name: pinned[f"pulumi-{name}"] for name in plugins} == dict(plugins)


def test_set_up_with_nothing_to_do_says_one_line_and_keeps_standard_output_for_json() -> None:
    result = subprocess.run(
        [sys.executable, "tools/set_up.py", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["version"]
    assert len(result.stderr.splitlines()) == 1
