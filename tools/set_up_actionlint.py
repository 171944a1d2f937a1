"""actionlint, which checks GitHub's workflow files, for the test of docs/pipelines: `python -m tools.set_up_actionlint`.

Owns where it is looked for, and its build from the Go module that tools/actionlint pins, once per machine and version. Nothing
but that test needs it, so a machine without Go is not refused: the test is skipped there, with the line that is printed here, and
fails where CI is set.

The exit code is 0, also where there is none.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.engine_build import FLAGS, KEY_LETTERS, cache_folder
from tools.progress import Progress, SetUpError

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "tools" / "actionlint"
PACKAGE = "github.com/rhysd/actionlint/cmd/actionlint"
SKIPPED = "the test of docs/pipelines/github.yml is skipped (under CI it fails)"


def built_program(environment: Mapping[str, str]) -> Path:
    """Return where the pinned version is or will be built: what go.mod and go.sum say is its key."""
    digest = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes())
    return cache_folder(environment) / "actionlint" / digest.hexdigest()[:KEY_LETTERS] / "actionlint"


def find_actionlint(environment: Mapping[str, str]) -> Path | None:
    """Return the pinned version if it has been built on this machine; another one might find something else."""
    program = built_program(environment)
    return program if program.exists() else None


def main() -> int:
    """Build it unless it is there, if that is possible."""
    if find_actionlint(os.environ):
        return 0
    progress = Progress(ROOT / ".local" / "set_up.log")
    go = shutil.which("go")
    if go is None:
        progress.say(f"There is no actionlint, and no Go to build it with: {SKIPPED}. Install Go: https://go.dev/dl/")
        return 0
    program = built_program(os.environ)
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_name(f"actionlint.building-{os.getpid()}")
    progress.say("Building actionlint from its Go module, for the test of docs/pipelines: once for this machine")
    try:
        progress.run(
            [go, "build", "-o", unfinished, PACKAGE],
            doing="building actionlint",
            folder=MODULE,
            environment=os.environ | FLAGS,
        )
    except SetUpError as error:
        progress.say(f"There is no actionlint, so {SKIPPED}. {error}")
        return 0
    unfinished.rename(program)
    progress.say(f"{program} is built")
    return 0


if __name__ == "__main__":
    sys.exit(main())
