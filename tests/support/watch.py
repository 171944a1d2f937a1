"""What whole runs leave where others can look: arguments and environment of each process below this one, and files.

Owns the looking, many times a second while it is entered, at /proc and at folders. Refuses to know what is a secret and where one
may be. A process that lives shorter than two looks may be missed; what must have been seen, a test asks for by name.
"""

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

_EVERY_SECONDS = 0.03
_FILES_EACH = 5
"""Looks at processes for one look at files."""
_GZIP = b"\x1f\x8b"


@dataclass
class Seen:
    """What was seen until now."""

    arguments: set[str] = field(default_factory=set)
    """One line a process."""
    variables: set[str] = field(default_factory=set)
    """NAME=value of every process's environment."""
    hits: set[tuple[str, str]] = field(default_factory=set)
    """File, from the folder's name on, and what was found in it, while it was there."""
    files: set[str] = field(default_factory=set)
    """Every file that was looked into."""


class Watch:
    """Looks while it is entered. `look_for` says what a text holds that it must not."""

    def __init__(self, *folders: Path, look_for: Callable[[str], list[str]]) -> None:
        self.seen = Seen()
        self._folders = folders
        self._look_for = look_for
        self._versions: dict[Path, tuple[int, int]] = {}
        self._parents: dict[int, int] = {}
        self._programs: dict[int, bytes] = {}
        self._end = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Look once more and end; a fault of the watch itself is one of the test's."""
        self._end.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        self._look_at_files()

    def waits_until(self, seen: Callable[[], bool], seconds: float = 30) -> bool:
        """Whether something was seen within a limit."""
        limit = time.monotonic() + seconds
        while not seen() and time.monotonic() < limit:
            self._end.wait(_EVERY_SECONDS)
        return seen()

    def _run(self) -> None:
        try:
            looks = 0
            while not self._end.wait(_EVERY_SECONDS):
                self._look_at_processes()
                if looks % _FILES_EACH == 0:
                    self._look_at_files()
                looks += 1
        except BaseException as failure:  # noqa: BLE001 -- raised again where the watch is left
            self._failure = failure

    def _look_at_processes(self) -> None:
        for process in self._below():
            # One that has just ended has nothing to read any more.
            with suppress(OSError):
                arguments = Path(f"/proc/{process}/cmdline").read_bytes()
                if self._programs.get(process) == arguments:
                    continue
                variables = Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace")
                self.seen.arguments.add(" ".join(arguments.decode(errors="replace").split("\0")).strip())
                self.seen.variables.update(variable for variable in variables.split("\0") if variable)
                self._programs[process] = arguments

    def _below(self) -> list[int]:
        """The processes below this one, by the kernel's own table; the parent of each is asked for once."""
        alive = {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}  # noqa: PTH208 -- many times a second
        for process in alive - self._parents.keys():
            with suppress(OSError):
                # The name, in brackets, may hold anything.
                status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
                self._parents[process] = int(status.split()[1])
        return [process for process in alive if self._is_below(process)]

    def _is_below(self, process: int) -> bool:
        me, parent = os.getpid(), self._parents.get(process, 0)
        while parent not in {0, 1, me}:
            parent = self._parents.get(parent, 0)
        return parent == me

    def _look_at_files(self) -> None:
        for folder in self._folders:
            for path in files_of(folder):
                # A file may go, or be replaced, between two looks at it.
                with suppress(FileNotFoundError):
                    status = path.stat()
                    if self._versions.get(path) == (status.st_mtime_ns, status.st_size):
                        continue
                    name = f"{folder.name}/{path.relative_to(folder)}"
                    self.seen.files.add(name)
                    self.seen.hits.update((name, hit) for hit in self._look_for(text_of(path)))
                    self._versions[path] = (status.st_mtime_ns, status.st_size)


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a folder that are its own: no link is followed."""
    for place, _, names in os.walk(folder, followlinks=False):
        yield from (path for name in names if not (path := Path(place) / name).is_symlink() and path.is_file())


def text_of(path: Path) -> str:
    """A file as text, also where it is compressed and not finished yet."""
    content = path.read_bytes()
    if content.startswith(_GZIP):
        with suppress(zlib.error):
            content = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content)
    return content.decode(errors="replace")
