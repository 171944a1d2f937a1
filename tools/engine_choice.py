"""Which Pulumi this checkout uses: one on PATH, the official download, or one built from Go modules.

Owns the decision, the versions that it rests on (tools/engine/versions.json), and the shape of `.local/engine.json`.
Refuses to download (engine_download.py) and to build (engine_build.py).

The oldest accepted version: the project's pages use `pulumi state taint` (3.192) and `up --refresh --run-program`
(3.169, with its last known repair in 3.231), and from 3.238 a hook that fails after a resource was made fails the run
instead of being a warning. Older releases may work; nothing here has been tried with them.
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools import engine_build, engine_download
from tools.progress import Progress, SetUpError

Origin = Literal["path", "download", "built"]
FORCING_VARIABLE = "ROOMZ_ENGINE"
FORCED_ORIGINS: dict[str, Origin] = {"path": "path", "download": "download", "build": "built"}
LANGUAGE_HOST = "pulumi-language-python"
ANSWER_SECONDS = 20  # for `pulumi version`, which needs 0.1 s; a cold disk may need some


@dataclass(frozen=True)
class Versions:
    """The pinned versions: three numbers each, as text."""

    pulumi: str
    oldest_pulumi: str
    plugins: Mapping[str, str]

    @classmethod
    def read(cls, root: Path) -> "Versions":
        """Read tools/engine/versions.json of the checkout `root`."""
        content = json.loads((root / "tools" / "engine" / "versions.json").read_text(encoding="utf-8"))
        return cls(content["pulumi"], content["oldestPulumi"], content["plugins"])


@dataclass(frozen=True)
class Engine:
    """A usable Pulumi. `bin_folder` is None for one on PATH, whose own home is used (`pulumi_home` None)."""

    origin: Origin
    version: str
    bin_folder: Path | None
    pulumi_home: Path | None
    plugins_folder: Path | None

    def as_json(self) -> dict[str, str | None]:
        """Return the content of `.local/engine.json`."""
        return {
            "origin": self.origin,
            "version": self.version,
            "binFolder": _text(self.bin_folder),
            "pulumiHome": _text(self.pulumi_home),
            "pluginsFolder": _text(self.plugins_folder),
        }

    def describe(self) -> str:
        """Return where it came from, for people."""
        if self.origin == "path":
            return "the one on your PATH"
        if self.origin == "download":
            return f"the official release, in {self.bin_folder}"
        return f"built from Go modules (tools/README.md says how it differs), in {self.bin_folder}"


@dataclass(frozen=True)
class OnPath:
    """What a look along PATH found. It can be used if `problem` is None; `program` is None if there is no pulumi."""

    program: Path | None
    version: str | None
    problem: str | None

    def __str__(self) -> str:
        """Return what is wrong with it, for people."""
        return f"{self.program}: {self.problem}" if self.program else str(self.problem)


def engine_file(root: Path) -> Path:
    """Return where the choice is written, for scripts and tests."""
    return root / ".local" / "engine.json"


def version_numbers(text: str) -> tuple[int, int, int]:
    """Return `v3.259.0`, `3.259.0-dev.1` and the like as (3, 259, 0).

    Raises:
        ValueError: the text is no version.

    """
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?", text.strip())
    if match is None:
        raise ValueError(f"{text.strip()!r} is not a version like v3.259.0")
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch


def judge(found: str, oldest: str) -> str | None:
    """Return why a Pulumi that says it is `found` cannot be used, or None."""
    try:
        numbers = version_numbers(found)
    except ValueError as error:
        return str(error)
    if numbers < version_numbers(oldest):
        return f"it is {found.strip()}, and {oldest} or newer is needed"
    if numbers[0] != version_numbers(oldest)[0]:
        return f"it is {found.strip()}, and only {oldest.split('.')[0]}.x has been tried"
    return None


def forced_origin(environment: Mapping[str, str]) -> Origin | None:
    """Return the origin that ROOMZ_ENGINE asks for, or None.

    Raises:
        SetUpError: it has another value than path, download or build.

    """
    value = environment.get(FORCING_VARIABLE, "")
    if not value:
        return None
    if value not in FORCED_ORIGINS:
        raise SetUpError(
            f"{FORCING_VARIABLE} is {value!r}; it can be {', '.join(FORCED_ORIGINS)}, or unset to take the first that "
            "works.",
            exit_code=2,
        )
    return FORCED_ORIGINS[value]


def look_along_path(search_path: str, oldest: str, own_folders: tuple[Path, ...]) -> OnPath:
    """Return the first `pulumi` of `search_path` if it can be used; those in `own_folders` are not the user's."""
    for entry in search_path.split(os.pathsep):
        program = Path(entry or ".") / "pulumi"
        if not os.access(program, os.X_OK) or program.is_dir():
            continue
        if any(program.resolve().is_relative_to(folder.resolve()) for folder in own_folders):
            continue
        version = _version_of(program)
        problem = judge(version, oldest) if version else "it does not answer to `pulumi version`"
        if problem is None and not _has_language_host(program, search_path):
            problem = f"its Python language host ({LANGUAGE_HOST}) is neither beside it nor on PATH"
        return OnPath(program, version, problem)
    return OnPath(None, None, "there is none")


def choose_engine(root: Path, versions: Versions, environment: Mapping[str, str], progress: Progress) -> Engine:
    """Return a usable engine: PATH, else the official download, else a build; make it if it is not there yet.

    Raises:
        SetUpError: none can be had; the text says why for each way that was tried.

    """
    forced = forced_origin(environment)
    cache = engine_build.cache_folder(environment)
    if forced in (None, "path"):
        found = look_along_path(environment.get("PATH", ""), versions.oldest_pulumi, (cache, root / ".local"))
        if found.program and found.version and found.problem is None:
            return _path_engine(found.program, found.version, versions, environment, root, progress)
        if forced == "path":
            raise SetUpError(f"{FORCING_VARIABLE}=path, but the pulumi on PATH cannot be used: {found}", exit_code=2)
        if found.program:
            progress.say(f"The pulumi on PATH is not used: {found}")

    release = engine_download.Release(versions.pulumi, root / ".local")
    built = engine_build.built_folder(root, cache, versions.pulumi, versions.plugins)
    if forced == "download" or (forced is None and not built.exists()):
        problem = release.install(progress)
        if problem is not None and forced == "download":
            raise SetUpError(f"{FORCING_VARIABLE}=download, but {problem}")
        if problem is not None:
            progress.say(f"No official release ({problem}): Pulumi comes from Go modules")
    if forced != "built" and release.is_installed():
        return _download_engine(release, versions, root, progress)
    return _built_engine(root, versions, cache, progress)


def _path_engine(
    program: Path, version: str, versions: Versions, environment: Mapping[str, str], root: Path, progress: Progress
) -> Engine:
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    engine_download.install_plugins(program, home, versions.plugins, root, progress)
    return Engine("path", version.removeprefix("v"), None, None, home / "plugins")


def _download_engine(release: engine_download.Release, versions: Versions, root: Path, progress: Progress) -> Engine:
    plugins = root / ".local" / "pulumi-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    home = _home_with(plugins, root)
    engine_download.install_plugins(release.program, home, versions.plugins, root, progress)
    return Engine("download", versions.pulumi, release.program.parent, home, plugins)


def _built_engine(root: Path, versions: Versions, cache: Path, progress: Progress) -> Engine:
    built = engine_build.build(root, cache, versions.pulumi, versions.plugins, progress)
    plugins = built / "plugins"
    return Engine("built", versions.pulumi, built / "bin", _home_with(plugins, root), plugins)


def _home_with(plugins: Path, root: Path) -> Path:
    """Return `.local/pulumi`, the engine's home of this checkout, in which `plugins` is a link to that folder."""
    home = root / ".local" / "pulumi"
    home.mkdir(parents=True, exist_ok=True)
    link = home / "plugins"
    if link.is_symlink() and link.readlink() == plugins:
        return home
    if link.exists() and not link.is_symlink():
        raise SetUpError(f"{link} should be a link to {plugins} and is a folder. Move it away and run this again.")
    new = home / f"plugins.{os.getpid()}.new"
    new.symlink_to(plugins)
    new.replace(link)
    return home


def _has_language_host(program: Path, search_path: str) -> bool:
    folders = [program.parent, program.resolve().parent, *map(Path, filter(None, search_path.split(os.pathsep)))]
    return any(os.access(folder / LANGUAGE_HOST, os.X_OK) for folder in folders)


def _version_of(program: Path) -> str | None:
    try:
        answer = subprocess.run(
            [program, "version"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
            env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.SubprocessError):  # whatever is wrong with it, it is not used, and that is said
        return None
    return answer.stdout.strip().splitlines()[-1] if answer.stdout.strip() else None


def _text(folder: Path | None) -> str | None:
    return None if folder is None else str(folder)
