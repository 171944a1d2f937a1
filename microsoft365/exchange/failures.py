"""What Exchange's admin API says when a cmdlet fails, made into one value.

The HTTP status hardly tells failures apart and texts come in the tenant's language, so that a failure is known by its
.NET type. Owns the precedence in which the four shapes of error documents are read; decides nothing about them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365.errors import NoAccess, Problem, TenantRefused

# The wrapper around whatever a cmdlet threw; it says nothing of its own.
_WRAPPER = "DirectInvokeCmdletExecutionException"
_GENERIC = frozenset({"Error executing cmdlet", "Invalid Operation"})

_NOT_FOUND = frozenset({"ManagementObjectNotFoundException", "RecipientNotFoundException"})
_ALREADY_MEMBER = frozenset({"MemberAlreadyExistsException"})
_NOT_A_MEMBER = frozenset({"MemberNotFoundException"})
_ALREADY_EXISTS = frozenset({"ADObjectAlreadyExistsException", "ProxyAddressExistsException"})
_DEHYDRATED = frozenset({"InvalidOperationInDehydratedContextException"})
_TRANSIENT = frozenset({"UnableToWriteToAadException", "ADTransientException", "TransientException"})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_CONCURRENCY_REFUSAL = "maximum number of concurrent requests"

_ROLES = (
    "the application that deploys needs the application permission Exchange.ManageAsApp (Office 365 Exchange Online) "
    "with admin consent, and the Entra role Exchange Administrator; a role that was just assigned counts once a new "
    "token is issued, so run again after some minutes"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed cmdlet: HTTP status, short .NET type ('' if unknown), text as Exchange said it, id for support."""

    status: int
    type: str
    text: str
    request_id: str = ""

    @property
    def not_found(self) -> bool:
        """True when the named object does not exist (which a directory that lags says of new ones too)."""
        return self.type in _NOT_FOUND

    @property
    def dehydrated(self) -> bool:
        """True when the organization was never customized, so that it takes nothing of its own yet."""
        return self.type in _DEHYDRATED

    @property
    def already_there(self) -> bool:
        """True when what was to be added or made exists already."""
        return self.type in _ALREADY_MEMBER or self.type in _ALREADY_EXISTS

    @property
    def already_gone(self) -> bool:
        """True when what was to be taken out or removed is not there."""
        return self.type in _NOT_A_MEMBER or self.not_found

    @property
    def busy(self) -> bool:
        """True when the same call may well succeed a little later."""
        if self.type in _TRANSIENT or _CONCURRENCY_REFUSAL in self.text:
            return True
        # A cmdlet that threw is not busy, whatever status its document came with.
        return self.status in _BUSY and not self.type

    def problem(self, what: str) -> Problem:
        """Make it an error for a person; `what` names cmdlet and subject."""
        support = f" (request {self.request_id})" if self.request_id else ""
        if self.status == 401:
            return NoAccess(f"{what}: Exchange does not accept the sign-in{support}; {_ROLES}")
        if self.status == 403 and not self.type:
            return NoAccess(f"{what}: Exchange does not allow it{support}; {_ROLES}")
        kind = f" [{self.type}]" if self.type else ""
        return TenantRefused(f"{what}: {self.text or f'HTTP {self.status} without a reason'}{kind}{support}")


def parse_failure(status: int, headers: Mapping[str, str], body: bytes | str | Mapping[str, Any] | None) -> Failure:
    """Read a failed answer: `body` is the whole body, or the already parsed one of a batch's part."""
    folded = {name.casefold(): value for name, value in headers.items()}
    request_id = folded.get("request-id", "")
    document, text = _document_of(body)
    kind, said = ("", text) if document is None else _read(document)
    if not kind:
        kind = _short(folded.get("x-exceptiontype", ""))
    if not said:
        said = folded.get("x-ms-diagnostics", "")
    return Failure(status, kind, " ".join(said.split())[:1000], request_id)


def _document_of(body: bytes | str | Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, str]:
    if isinstance(body, Mapping):
        return body, ""
    # Refusals for lack of a right come as NUL bytes, declared as gzip.
    text = (body.decode("utf-8", "replace") if isinstance(body, bytes) else body or "").replace("\x00", "").strip()
    try:
        parsed = json.loads(text)
    except ValueError:
        return None, "".join(character for character in text if character.isprintable() or character.isspace())
    return (parsed, "") if isinstance(parsed, dict) else (None, text)


def _read(document: Mapping[str, Any]) -> tuple[str, str]:
    error = _mapping(document.get("error"))
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        found = _read_detail(str(_mapping(detail).get("message") or ""))
        if found[1]:
            return found
    inner = _mapping(error.get("innererror"))
    internal = _mapping(inner.get("internalexception"))
    kind = _short(str(internal.get("type") or ""))
    if kind and kind != _WRAPPER:
        return kind, str(internal.get("message") or "")
    return "", str(error.get("message") or "")


def _read_detail(message: str) -> tuple[str, str]:
    """Read `<error id>|<.NET type>|<text>`, or the variant in which it is a JSON document of its own."""
    if message.lstrip().startswith("{"):
        try:
            document = _mapping(json.loads(message))
        except ValueError:
            return "", message
        return _short(str(document.get("TypeName") or "")), str(document.get("Message") or "")
    parts = message.split("|", 2)
    if len(parts) == 3:
        return _short(parts[1]), parts[2]
    return "", message if message not in _GENERIC else ""


def _short(kind: str) -> str:
    return kind.strip().rsplit(".", 1)[-1]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
