"""The requests of a run, by what they ask for: what the campaign disturbs is named by these.

Owns the template of a path, which requests write, who makes them, and how a fault recognises them. Pure. Left out are the
envelopes of batches: the requests within them are disturbed one by one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_IDENTITIES = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "{id}"),
    (re.compile(r"(/appRoleAssignedTo/)[^/]+$"), r"\1{id}"),
)
_READING = ("Get-", "Test-")
_BY_SCRIPT = ("removePassword", "DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id}")
"""What of Microsoft Graph's writes a command of this project sends, and not the azuread provider."""
EACH = 3
"""A write that a run makes at most so often is disturbed each time: for the provider the second PATCH is another step. Of one that it
makes more often, for each room, the one in the middle."""


@dataclass(frozen=True, order=True)
class Request:
    """One kind of request: an interface and what is asked of it, such as `POST /applications` or a cmdlet."""

    api: str
    what: str

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.what.startswith(_READING if self.api == "exchange" else "GET ") or self.api == "login"

    @property
    def made_by_script(self) -> bool:
        """Whether one of scripts/ sends it, when it is a write; else it is the azuread plug-in."""
        return self.api == "exchange" or self.what.endswith(_BY_SCRIPT)

    @property
    def match(self) -> dict[str, str]:
        """What a fault of the simulated tenant matches."""
        if self.api == "exchange":
            return {"api": self.api, "cmdlet": self.what}
        method, _, template = self.what.partition(" ")
        version = "" if self.api == "login" or template.startswith("/beta/") else r"/v1\.0"
        path = re.escape(template).replace(re.escape("{id}"), "[^/']+")
        return {"api": self.api, "method": method, "path": f"^{version}{path}$"}


@dataclass(frozen=True)
class Made:
    """A request of an undisturbed run: how often, and whether all of them come before the run's first write."""

    request: Request
    number: int
    before_writes: bool

    def document(self) -> dict[str, Any]:
        """As the record holds it."""
        return {
            "api": self.request.api,
            "what": self.request.what,
            "number": self.number,
            "beforeWrites": self.before_writes,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Made":
        """From the record."""
        return cls(Request(document["api"], document["what"]), document["number"], document["beforeWrites"])


def request_of(entry: Mapping[str, Any]) -> Request | None:
    """What an entry of the tenant's log asked for; None for the envelope of a batch, and for what is no request of a run."""
    if entry["cmdlet"]:
        return Request("exchange", entry["cmdlet"])
    if entry["api"] == "exchange" or entry["path"].endswith("/$batch"):
        return None
    path = str(entry["path"]).removeprefix("/v1.0")
    for identity, name in _IDENTITIES:
        path = identity.sub(name, path)
    return Request(entry["api"], f"{entry['method']} {path}")


def made(entries: Iterable[Mapping[str, Any]]) -> list[Made]:
    """The requests of a run, each once, in the order in which they first came."""
    counted: dict[Request, int] = {}
    late: set[Request] = set()
    wrote = False
    for request in filter(None, map(request_of, entries)):
        counted[request] = counted.get(request, 0) + 1
        wrote = wrote or not request.reads
        if wrote:
            late.add(request)
    return [Made(request, number, request not in late) for request, number in counted.items()]
