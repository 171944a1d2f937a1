"""The command that makes a fresh clone ready: `python3 tools/set_up.py [--only-environment] [--json]`.

Owns the check of the machine and of the interpreter that runs it, and the exit codes: 0 ready, 1 a step failed,
2 a base tool is missing. Refuses to own the steps (set_up_steps.py).

It runs before `.venv` exists, so it needs the standard library only; and an old Python must be able to read it, to be
told that it is too old. Hence no module of ours is imported before that.
"""

import os
import sys

OLDEST_PYTHON = (3, 11)


def refusal(version: "tuple[int, ...]", system: str) -> "str | None":
    """Return the one line for an interpreter like (3, 9, 2) or an `os.name` that will not do, or None."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        return (
            "Python 3.11 or newer is needed, and this is {} ({}). Install one, for example `apt install python3.11 "
            "python3.11-venv` or `brew install python@3.11`, and run: python3.11 tools/set_up.py"
        ).format(".".join(str(part) for part in version[:3]), sys.executable)
    if system != "posix":
        return "Set-up knows Linux and macOS only. On Windows run the same command in WSL: https://aka.ms/wsl"
    return None


def main() -> int:
    """Run the steps; return the exit code."""
    line = refusal(sys.version_info[:3], os.name)
    if line:
        sys.stderr.write(line + "\n")
        return 2
    # Only here, since the other modules are written for Python 3.11.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    from tools.set_up_steps import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
