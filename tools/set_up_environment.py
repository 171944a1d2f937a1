"""`.venv` with everything that requirements-dev.txt pins: what `pulumi up` needs, and what developers need.

Owns the folder `.venv`, and the file in it that says for which lock it was filled. Refuses to know the engine, to install
what has no hash in the lock, and to remove packages that somebody added by hand.
"""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path

from tools.lock_file import read_pins
from tools.progress import Progress, SetUpError

LOCK = "requirements-dev.txt"
MARKER = "roomz-lock.json"


def missing_base_tool() -> str | None:
    """Return the one line for a Python that cannot make virtual environments, or None."""
    if importlib.util.find_spec("venv") is not None and importlib.util.find_spec("ensurepip") is not None:
        return None
    short = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"This Python ({sys.executable}) cannot make virtual environments: its module venv or ensurepip is missing. "
        f"Install it, for example `apt install python{short}-venv`, and run the same command again."
    )


def wanted_state(root: Path, environment: Path) -> dict[str, str]:
    """Return what the marker of an up-to-date `environment` holds; no file outside of `root` is read.

    The folder counts because the scripts in it name their interpreter by its full path.
    """
    lock = hashlib.sha256((root / LOCK).read_bytes()).hexdigest()
    return {"lock": lock, "folder": str(environment.resolve())}


def prepare_environment(root: Path, progress: Progress) -> None:
    """Make `.venv` and fill it, unless its marker says that this has been done.

    Raises:
        SetUpError: Python lacks a module for it (exit code 2), or pip failed.

    """
    environment = root / ".venv"
    python = environment / "bin" / "python"
    wanted = wanted_state(root, environment)
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
    progress.say(f"Installing the Python packages of {LOCK} into .venv")
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    pip += ["--require-hashes", "--requirement"]
    # The pip that comes with Python takes twice as long over a lock as a new one does.
    only_pip = environment / "roomz-pip.txt"
    only_pip.write_text(part_of("pip", (root / LOCK).read_text(encoding="utf-8")), encoding="utf-8")
    progress.run([*pip, only_pip], doing="installing pip", folder=root)
    progress.run([*pip, LOCK], doing="installing Python packages", folder=root)
    (environment / MARKER).write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    progress.say("The Python packages are installed")


def part_of(package: str, lock: str) -> str:
    """Return the lines of one package, with its hashes, as a lock of its own.

    Raises:
        SetUpError: the lock does not have it.

    """
    found = next((pin for pin in read_pins(lock) if pin.name == package), None)
    if found is None:
        raise SetUpError(f"{LOCK} does not pin {package}: `make lock` writes it anew.")
    return "\n".join(found.lines).rstrip("\\ ") + "\n"


def _marker(environment: Path) -> dict[str, str] | None:
    try:
        content = json.loads((environment / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # a half-written marker is no marker
        return None
    return content if isinstance(content, dict) else None
