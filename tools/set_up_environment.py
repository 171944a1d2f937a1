"""`.venv` with everything that requirements.txt and the group `dev` of pyproject.toml name.

Owns the folder `.venv`, the version of pip in it, and the file in it that says for which requirements it was filled.
Refuses to know the engine, and to remove packages that somebody added by hand.
"""

import hashlib
import importlib.util
import json
import sys
import tomllib
from pathlib import Path

from tools.progress import Progress, SetUpError

MARKER = "roomz-requirements.json"


def missing_base_tool() -> str | None:
    """Return the one line for a Python that cannot make virtual environments, or None."""
    if importlib.util.find_spec("venv") is not None and importlib.util.find_spec("ensurepip") is not None:
        return None
    short = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"This Python ({sys.executable}) cannot make virtual environments: its module venv or ensurepip is missing. "
        f"Install it, for example `apt install python{short}-venv`, and run the same command again."
    )


def wanted_state(root: Path, environment: Path, pip_version: str) -> dict[str, str]:
    """Return what the marker of an up-to-date `environment` holds; no file outside of `root` is read.

    Of pyproject.toml only the dependency groups count, so that a tool's setting installs nothing again. The folder
    counts because the scripts in it name their interpreter by its full path.
    """
    digest = hashlib.sha256()
    digest.update((root / "requirements.txt").read_bytes())
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("dependency-groups", {})
    digest.update(json.dumps(groups, sort_keys=True).encode())
    return {"requirements": digest.hexdigest(), "pip": pip_version, "folder": str(environment.resolve())}


def prepare_environment(root: Path, pip_version: str, progress: Progress) -> None:
    """Make `.venv` and fill it, unless its marker says that this has been done.

    Raises:
        SetUpError: Python lacks a module for it (exit code 2), or pip failed.

    """
    environment = root / ".venv"
    python = environment / "bin" / "python"
    wanted = wanted_state(root, environment, pip_version)
    found = _marker(environment)
    if python.exists() and found == wanted:
        return

    refusal = missing_base_tool()
    if refusal:
        raise SetUpError(refusal, exit_code=2)
    moved = found is not None and found.get("folder") != wanted["folder"]
    if moved or not python.exists():
        progress.say(
            f"Making .venv with Python {sys.version.split()[0]}" + (" anew: the folder was moved" if moved else "")
        )
        command: list[str | Path] = [sys.executable, "-m", "venv", *(["--clear"] if environment.exists() else [])]
        progress.run([*command, environment], doing="making .venv", folder=root)
    progress.say("Installing the Python packages of requirements.txt and pyproject.toml into .venv")
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    progress.run([*pip, f"pip=={pip_version}"], doing="installing pip", folder=root)
    progress.run(
        [*pip, "--requirement", "requirements.txt", "--group", "dev"], doing="installing Python packages", folder=root
    )
    (environment / MARKER).write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    progress.say("The Python packages are installed")


def _marker(environment: Path) -> dict[str, str] | None:
    try:
        content = json.loads((environment / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # a half-written marker is no marker
        return None
    return content if isinstance(content, dict) else None
