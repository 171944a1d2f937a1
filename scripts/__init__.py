"""What people and the command resources run; each is started by scripts/run as `python -m scripts.NAME`.

Says in one line what to do when Python is too old, or the packages of requirements.txt are missing, since every script would end
in a traceback. What stands here is read by old versions of Python too.
"""

import atexit
import gc
import importlib.util
import sys
from pathlib import Path

_NEWEST_TOO_OLD = (3, 10)
_NEEDED = ("azure", "httpx", "pydantic", "tenacity", "typer")


def _wrong() -> "str | None":
    """Return what is wrong with this Python, in one line; None when it will do."""
    # Not resolved: a scripts/ that is a symbolic link belongs to the project that it is linked into.
    project = Path(__file__).absolute().parent.parent
    mend = "run: make setup (or: pulumi install; both make .venv)"
    # Without .venv the python3 on PATH was taken, which nobody has prepared.
    why = "" if (project / ".venv").is_dir() else f"there is no .venv in {project}, and "
    if tuple(sys.version_info[:2]) <= _NEWEST_TOO_OLD:
        return f"{why}{sys.executable} is Python {sys.version_info[0]}.{sys.version_info[1]}, older than 3.11; {mend}"
    missing = [name for name in _NEEDED if not importlib.util.find_spec(name)]
    return f"{why}{sys.executable} lacks {', '.join(missing)}; {mend}" if missing else None


_found = _wrong()
if _found:
    sys.stderr.write(f"error: {_found}\n")
    raise SystemExit(2)

# Else Python looks, at its very end, through everything that was ever loaded, and whoever started the script waits for it.
atexit.register(gc.freeze)
