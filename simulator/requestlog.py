"""The request log: what was asked of the tenant, in the order in which it took effect.

Owns the entries that the control API shows.  It never holds credentials: neither headers nor bodies are kept, and of
a cmdlet's parameters only those that are no secret.
"""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = 50_000
"""Entries kept; older ones are forgotten."""


@dataclass
class Entry:
    """One request, or one cmdlet of a batch (`batch` is then the number of the batch's own entry).

    `at` is the time of the tenant that the request is for, `tenant_id` that tenant; None when it names none that exists.
    """

    number: int
    at: str
    api: str
    method: str
    path: str
    query: str
    tenant_id: str | None = None
    cmdlet: str | None = None
    parameters: dict[str, Any] | None = None
    batch: int | None = None
    status: int | str | None = None
    caller_app_id: str | None = None
    notes: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the entry as the control API shows it."""
        names = {"tenant_id": "tenantId", "caller_app_id": "callerAppId"}
        return {names.get(key, key): value for key, value in asdict(self).items() if key != "notes" or value}


class RequestLog:
    """Entries with growing numbers, which deletion does not turn back."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._last = 0

    def begin(self, at: str, api: str, method: str, path: str, query: str) -> Entry:
        """Add an entry; what is not known yet is filled in by whoever answers the request."""
        self._last += 1
        entry = Entry(self._last, at, api, method, path, query)
        self._entries.append(entry)
        return entry

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 when there was none."""
        return self._last

    def since(self, number: int) -> list[Entry]:
        """Return the entries with a greater number."""
        return [entry for entry in self._entries if entry.number > number]

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()

    def forget_tenant(self, tenant_id: str) -> None:
        """Forget the entries of one tenant."""
        kept = [entry for entry in self._entries if entry.tenant_id != tenant_id]
        self._entries.clear()
        self._entries.extend(kept)


def without_secrets(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a cmdlet's parameters fit for the log."""
    return {
        name: "(not logged)" if "password" in name.lower() or "secret" in name.lower() else value
        for name, value in parameters.items()
    }
