"""What a lock (requirements.txt, requirements-dev.txt) says: each package with its version, its marker and its hashes.

Owns the form in which `make lock` lets uv write it. Refuses to know what is asked for (requirements.in, pyproject.toml), and any
index. Set-up reads it before `.venv` exists, so the standard library is all that it needs.
"""

import re
from dataclasses import dataclass

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?"
)
_HASH = re.compile(r"\s+--hash=sha256:(?P<digest>[0-9a-f]{64})\s*\\?")


@dataclass(frozen=True)
class Pin:
    """One package. `lines` is its part of the lock, which pip reads by itself as well."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]
    lines: tuple[str, ...]


class LockError(Exception):
    """A line that does not belong into a lock: an option, an address, a requirement without a version."""


def read_pins(text: str) -> tuple[Pin, ...]:
    """Return the packages of a lock in its order.

    Raises:
        LockError: there is a line that is neither a pin, nor a hash of the pin above it, nor a comment.

    """
    pins: list[Pin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if hashed := _HASH.fullmatch(line):
            if not pins:
                raise LockError(f"line {number} is a hash of nothing: {line}")
            last = pins.pop()
            pins.append(
                Pin(last.name, last.version, last.marker, (*last.hashes, hashed["digest"]), (*last.lines, line))
            )
        elif pinned := _PIN.fullmatch(line):
            name = re.sub(r"[-_.]+", "-", pinned["name"]).lower()  # the name as every index compares it
            pins.append(Pin(name, pinned["version"], pinned["marker"], (), (line,)))
        else:
            raise LockError(f"line {number} is neither a pin nor a hash: {line}")
    return tuple(pins)
