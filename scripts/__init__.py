"""What people and the command resources run; each is started by scripts/run as `python -m scripts.NAME`.

Says in one line when the packages of requirements.txt are missing, since every script would end in a traceback.
"""

import importlib.util
import sys

_missing = [name for name in ("azure", "httpx", "pydantic", "tenacity", "typer") if not importlib.util.find_spec(name)]
if _missing:
    sys.stderr.write(
        f"error: {sys.executable} lacks {', '.join(_missing)}; run: make setup (or: pip install -r requirements.txt)\n"
    )
    raise SystemExit(2)
