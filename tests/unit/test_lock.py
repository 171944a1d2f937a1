"""The locks: everything is pinned, with hashes, and they are the locks of what people wrote down."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tools.lock_file import LockError, Pin, read_pins
from tools.progress import Progress, SetUpError
from tools.set_up_environment import LOCK, part_of, prepare_environment

ROOT = Path(__file__).resolve().parents[2]
SHIPPED, DEVELOPERS = "requirements.txt", "requirements-dev.txt"
LOCKS = {
    SHIPPED: "requirements.in",
    DEVELOPERS: "requirements.in",
    "examples/key_vault/requirements.txt": "examples/key_vault/requirements.in",
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins_of(name: str) -> dict[str, Pin]:
    pins = read_pins(text_of(name))
    found = {pin.name: pin for pin in pins}
    assert len(found) == len(pins), f"{name} pins a package twice"
    return found


def written_down(name: str) -> Iterator[Requirement]:
    """What people ask for: in a file, and for developers in the groups of pyproject.toml too."""
    yield from (Requirement(line) for line in text_of(LOCKS[name]).splitlines() if line and not line.startswith("#"))
    if name == DEVELOPERS:
        groups = tomllib.loads(text_of("pyproject.toml"))["dependency-groups"]
        yield from (Requirement(entry) for group in groups.values() for entry in group if isinstance(entry, str))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes_and_nothing_else_stands_in_a_lock(name: str) -> None:
    """An address of an index, or a requirement without a version, is a LockError."""
    pins = pins_of(name)
    assert len(pins) > 10
    assert [pin.name for pin in pins.values() if not pin.hashes] == []
    assert "://" not in text_of(name)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_was_written_down_in_exactly_that_version(name: str) -> None:
    """Fails where a pin was edited and `make lock` was not run."""
    pins = pins_of(name)
    wanted = {canonical(requirement.name): str(requirement.specifier) for requirement in written_down(name)}
    assert wanted
    found = {name: f"=={pins[name].version}" if name in pins else "missing" for name in wanted}
    assert found == wanted, "`make lock` writes the locks anew"


def needed(roots: Iterator[Requirement], environment: Mapping[str, str]) -> dict[str, str]:
    """Whatever the installed packages ask for in turn, by name, with who asks."""
    found: dict[str, str] = {}
    waiting = [(requirement, "people") for requirement in roots]
    while waiting:
        requirement, asked_by = waiting.pop()
        name = canonical(requirement.name)
        if name in found:
            continue
        found[name] = asked_by
        for text in metadata.requires(requirement.name) or ():
            inner = Requirement(text)
            extras = [*requirement.extras, ""]
            if inner.marker is None or any(inner.marker.evaluate({**environment, "extra": extra}) for extra in extras):
                waiting.append((inner, name))
    return found


@pytest.mark.parametrize("name", [SHIPPED, DEVELOPERS])
def test_a_lock_pins_what_its_packages_need_in_turn(name: str) -> None:
    environment = {key: str(value) for key, value in default_environment().items()}
    missing = {
        package: asked_by
        for package, asked_by in needed(written_down(name), environment).items()
        if package not in pins_of(name)
    }
    assert missing == {}


def test_developers_run_what_is_shipped() -> None:
    shipped, developers = pins_of(SHIPPED), pins_of(DEVELOPERS)
    differing = {
        name: (pin.version, developers[name].version if name in developers else None)
        for name, pin in shipped.items()
        if name not in developers
        or (pin.version, set(pin.hashes)) != (developers[name].version, set(developers[name].hashes))
    }
    assert differing == {}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.com/simple",
        "httpx",
        "httpx>=0.28",
        "httpx @ https://example.com/httpx-0.28.1-py3-none-any.whl",
        "-e .",
        "    --hash=md5:d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_what_is_no_pin_is_found(line: str) -> None:
    with pytest.raises(LockError, match="line 2 is neither"):
        read_pins(f"rich==15.0.0 \\\n{line}\n")


def test_set_up_installs_nothing_without_its_hash(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(text_of(LOCK), encoding="utf-8")
    calls = tmp_path / "calls"
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n', encoding="utf-8")
    python.chmod(0o755)
    prepare_environment(tmp_path, Progress(tmp_path / "log", write=lambda _text: None))
    installs = [line.split(" install ")[1] for line in calls.read_text(encoding="utf-8").splitlines()]
    only_pip = tmp_path / ".venv" / "roomz-pip.txt"
    assert installs == [f"--require-hashes --requirement {only_pip}", f"--require-hashes --requirement {LOCK}"]
    (pip,) = read_pins(only_pip.read_text(encoding="utf-8"))
    assert pip.name == "pip"
    assert pip.hashes == pins_of(LOCK)["pip"].hashes


def test_a_lock_without_pip_names_the_target_that_writes_it() -> None:
    with pytest.raises(SetUpError, match="make lock"):
        part_of("pip", f"rich==15.0.0 \\\n    --hash=sha256:{'0' * 64}\n")
