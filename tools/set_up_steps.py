"""The steps of set-up: `.venv` and the engine side by side, then `.local/engine.json`.

Owns the command's arguments and what it prints at the end. Refuses to own how a step is done.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.engine_choice import Engine, Versions, choose_engine, engine_file
from tools.progress import Progress, SetUpError
from tools.set_up_environment import prepare_environment
from tools.side_by_side import end_when_told, side_by_side

ROOT = Path(__file__).resolve().parent.parent


def run(arguments: Sequence[str]) -> int:
    """Do what is not done yet; return the exit code (0 ready, 1 a step failed, 2 a base tool is missing)."""
    options = _parser().parse_args(arguments)
    end_when_told()
    progress = Progress(ROOT / ".local" / "set_up.log")
    try:
        versions = Versions.read(ROOT)
        if options.only_environment:
            prepare_environment(ROOT, progress)
            progress.say("Ready: .venv (the engine was not asked for)")
            return 0
        chosen: list[Engine] = []
        # What waits for a package registry most of the time, beside what computes most of the time.
        side_by_side(
            progress,
            [
                lambda: prepare_environment(ROOT, progress),
                lambda: chosen.append(choose_engine(ROOT, versions, os.environ, progress)),
            ],
            lanes=2,
        )
        (engine,) = chosen
        write_engine_file(ROOT, engine)
    except SetUpError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing half-done is used; the same command goes on from here.\n")
        return 130
    progress.say(f"Ready: .venv and Pulumi {engine.version}, {engine.describe()}")
    if options.json:
        sys.stdout.write(json.dumps(engine.as_json(), indent=2) + "\n")
    return 0


def write_engine_file(root: Path, engine: Engine) -> None:
    """Write `.local/engine.json` in one step, so that no reader sees half of it."""
    file = engine_file(root)
    text = json.dumps(engine.as_json(), indent=2) + "\n"
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="set_up.py", description="Make this checkout ready: .venv and Pulumi.")
    parser.add_argument("--only-environment", action="store_true", help="make .venv, leave the engine alone")
    parser.add_argument("--json", action="store_true", help="print .local/engine.json on standard output at the end")
    return parser
