"""Where a runbook lies: one file for each stack in the folder `runbooks/` of the project.

Owns its place and how it gets there: whole or not at all, and away again once nothing is left to do. Owns no word in it
(runbook.py), and nothing of it that is kept elsewhere but path and digest.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from microsoft365.errors import BadInput
from microsoft365.exchange.desired import RUNBOOKS


@dataclass(frozen=True, slots=True)
class Written:
    """A script that was written: its path from the project's folder, and the SHA-256 of its bytes (as Get-FileHash shows it)."""

    path: str
    sha256: str

    def document(self) -> dict[str, str]:
        """Return it as JSON shows it."""
        return {"path": self.path, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class RunbookFolder:
    """The folder of scripts in a project."""

    project: Path

    def path_of(self, name: str) -> str:
        """Return the path of a script from the project's folder."""
        return f"{RUNBOOKS}/{name}"

    def write(self, name: str, text: str) -> Written:
        """Write a script in place of a former one. Raises BadInput where it cannot be written."""
        folder = self.project / RUNBOOKS
        content = text.encode("ascii")
        try:
            folder.mkdir(exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            # As readable as any file of the project: it goes to somebody else, and holds no secret.
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(folder / name)
        except OSError as error:
            raise BadInput(
                f"the script could not be written to {self.path_of(name)} ({error.strerror}); nothing was changed in the tenant. Make "
                "the folder writable, or print the script instead: scripts/run exchange_policy runbook"
            ) from None
        return Written(self.path_of(name), hashlib.sha256(content).hexdigest().upper())

    def remove(self, name: str) -> bool:
        """Take a script away that nothing is left to be done by; tells whether there was one."""
        try:
            (self.project / RUNBOOKS / name).unlink()
        except FileNotFoundError:
            return False
        except OSError:
            # Nothing depends on it: it does nothing when it is run again.
            return False
        return True
