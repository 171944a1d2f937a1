"""What Exchange's admin API says when a cmdlet fails, made into one value.

The HTTP status hardly tells failures apart and texts come in the tenant's language, so that a failure is known by its
.NET type. Owns the precedence in which the four shapes of error documents are read, and which of them mean that a right
is missing; which one that is says rights.py.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365.errors import NoAccess, Problem, TenantRefused
from microsoft365.exchange import rights

# The wrapper around whatever a cmdlet threw; it says nothing of its own.
_WRAPPER = "DirectInvokeCmdletExecutionException"
_GENERIC = frozenset({"Error executing cmdlet", "Invalid Operation"})

_NOT_FOUND = frozenset({"ManagementObjectNotFoundException", "RecipientNotFoundException"})
_ALREADY_MEMBER = frozenset({"MemberAlreadyExistsException"})
_NO_DOMAIN = frozenset({"NotAcceptedDomainException"})
_NO_DOMAIN_MEND = "set roomz:group.primarySmtpAddress to an address of a domain that Exchange admin center > Mail flow > Accepted domains lists"
_NOT_A_MEMBER = frozenset({"MemberNotFoundException"})
_ALREADY_EXISTS = frozenset({"ADObjectAlreadyExistsException", "ProxyAddressExistsException"})
_DEHYDRATED = frozenset({"InvalidOperationInDehydratedContextException"})
_TRANSIENT = frozenset({"UnableToWriteToAadException", "ADTransientException", "TransientException"})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
# No page of Microsoft's names what a cmdlet throws that runs into the server's limit of 15 minutes; .NET's own types are these.
_TIME_IS_UP = frozenset({"TimeoutException", "OperationCanceledException", "TaskCanceledException"})
_CONCURRENCY_REFUSAL = "maximum number of concurrent requests"

# What the binder says of a parameter that the cmdlet does not have, or has not for this caller.
_NO_PARAMETER = frozenset({"AmbiguousParameterSetException"})
# "You must be assigned a delegating role assignment to the management role".
_NO_DELEGATION = frozenset({"TaskInvalidOperationException"})
# A change of a group by somebody who neither owns it nor may pass over that.
_NO_MANAGER = frozenset({"OperationRequiresGroupManagerException"})


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

    @property
    def timed_out(self) -> bool:
        """True when the cmdlet took longer than the server lets it, so that only reading tells what it did."""
        return self.status in (408, 504) or self.type in _TIME_IS_UP or self.type.endswith("TimeoutException")

    def problem(self, what: str, cmdlet: str = "", parameters: Mapping[str, Any] | None = None) -> Problem:
        """Make it an error for a person; `what` names cmdlet and subject, the others say which right it takes."""
        support = f" (request {self.request_id})" if self.request_id else ""
        if self.status == 401:
            return NoAccess(f"{what}: Exchange does not accept the sign-in{support}: {rights.NO_SIGN_IN}")
        missing = self._missing_right(cmdlet, parameters or {})
        if missing is not None:
            said = f", and says: {self.text}" if self.type else ""
            problem = NoAccess(f"{what}: Exchange does not allow it{support}{said}: {missing}")
            problem.cmdlet = cmdlet
            return problem
        kind = f" [{self.type}]" if self.type else ""
        mend = f"; {_NO_DOMAIN_MEND}" if self.type in _NO_DOMAIN else ""
        return TenantRefused(f"{what}: {self.text or f'HTTP {self.status} without a reason'}{kind}{support}{mend}")

    def _missing_right(self, cmdlet: str, parameters: Mapping[str, Any]) -> str | None:
        """Return which right is missing, in words, where the failure is of a kind that says so."""
        if self.status == 403 and not self.type:
            return rights.missing_cmdlet(cmdlet)
        if self.type in _NO_PARAMETER:
            hidden = rights.refused_parameters(parameters, self.text)
            return rights.missing_parameters(cmdlet, hidden) if hidden else None
        if self.type in _NO_DELEGATION and cmdlet in rights.NEEDS_DELEGATION:
            return rights.missing_delegation()
        if self.type in _NO_MANAGER:
            return rights.missing_parameters(cmdlet, [rights.BYPASS])
        return None


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
