"""Exchange's refusals as the administrative API sends them.

Shapes are those of public captures: the cmdlet threw (three forms, one of which a tenant's conditions choose), the
binder refused (code Client), a value did not convert (no details), the service is busy or a directory behind it is (no
JSON at all, or a header).  HTTP statuses discriminate little in Microsoft's service, and neither do they here.
"""

import json
import secrets
from collections.abc import Sequence
from typing import Any, Literal

from simulator.exchange.texts import Text, plain_text

SERVICE_EXCEPTION = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
INVOCATION = "Microsoft.Exchange.AdminApi.CommandInvocation"
DIRECT = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"
TASKS = "Microsoft.Exchange.Configuration.Tasks"
WARNINGS: dict[str, Any] = {"adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": []}

Form = Literal["context", "json", "internal"]


class ExchangeError(Exception):
    """A refusal with its HTTP status, document and headers; no document is an empty body, a text is plain text."""

    def __init__(
        self, status: int, document: dict[str, Any] | str | None, text: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status, self.document, self.headers = status, document, headers or {}


class CmdletFailedError(ExchangeError):
    """The cmdlet threw `kind`, a .NET type; how it is written depends on the tenant's conditions."""

    def __init__(self, kind: str, text: Text, status: int, code: str) -> None:
        super().__init__(status, None, text.english)
        self.kind, self.texts, self.code = kind, text, code
        self.document = self.written("context", "en")

    def written(self, form: Form, language: Literal["en", "de"]) -> dict[str, Any]:
        """Return the document in a form and a language; the .NET type is the same in all of them."""
        text = self.texts.english if language == "en" else self.texts.german
        inner = {"message": f"Exception of type '{DIRECT}' was thrown.", "type": DIRECT, "stacktrace": ""}
        error: dict[str, Any] = {"code": self.code, "message": "Error executing cmdlet"}
        if form == "internal":
            inner = {"message": text, "type": self.kind, "stacktrace": ""}
        else:
            message = f"Ex{secrets.token_hex(3).upper()}|{self.kind}|{text}"
            if form == "json":
                message = json.dumps({"Message": text, "TypeName": self.kind, "InnerError": None})
            error["details"] = [{"code": "Context", "target": "", "message": message}]
        error["innererror"] = {
            "message": "Error executing cmdlet",
            "type": SERVICE_EXCEPTION,
            "stacktrace": f"   at {INVOCATION}.CommandInvocation.InvokeCommand(QueryContext queryContext)",
            "internalexception": inner,
        }
        return {"error": {**error, **WARNINGS}}


# -- what a cmdlet throws -----------------------------------------------------------------------------------------------


def cmdlet_failed(kind: str, text: Text, *, status: int = 400, code: str = "BadRequest") -> CmdletFailedError:
    """The cmdlet threw `kind`, a .NET type."""
    return CmdletFailedError(kind, text, status, code)


def not_found(identity: str) -> CmdletFailedError:
    """There is no such object; Microsoft names the domain controller that was asked."""
    number = secrets.randbelow(900) + 100
    controller = f"AM{number % 10}PR07A{number}DC0{number % 9 + 1}.EURPR07A{number}.PROD.OUTLOOK.COM"
    text = Text(
        f"The operation couldn't be performed because object '{identity}' couldn't be found on '{controller}'.",
        f'Der Vorgang konnte nicht durchgeführt werden, da das Objekt "{identity}" in "{controller}" nicht gefunden '
        "wurde.",
    )
    return cmdlet_failed(f"{TASKS}.ManagementObjectNotFoundException", text, status=404, code="NotFound")


def is_not_found(error: ExchangeError) -> bool:
    """Tell whether a refusal says that there is no such object."""
    return isinstance(error, CmdletFailedError) and error.code == "NotFound"


def ambiguous(identity: str) -> CmdletFailedError:
    """More than one object answers to the identity."""
    text = Text(
        f"The operation couldn't be performed because '{identity}' matches multiple entries.",
        f'Der Vorgang konnte nicht durchgeführt werden, da "{identity}" mit mehreren Einträgen übereinstimmt.',
    )
    return cmdlet_failed(f"{TASKS}.ManagementObjectAmbiguousException", text)


def already_exists(what: str, value: str, holder: str) -> CmdletFailedError:
    """A name or an id that must be unique is taken."""
    text = Text(
        f"The {what} '{value}' is already in use by '{holder}': the object already exists.",
        f'{what} "{value}" wird bereits von "{holder}" verwendet: Das Objekt ist bereits vorhanden.',
    )
    return cmdlet_failed("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException", text)


def already_member(member: str, group: str) -> CmdletFailedError:
    """The recipient or principal is in the group."""
    text = Text(
        f'The recipient "{member}" is already a member of the group "{group}".',
        f'Der Empfänger "{member}" ist bereits Mitglied der Gruppe "{group}".',
    )
    return cmdlet_failed("Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException", text)


def no_member(member: str, group: str) -> CmdletFailedError:
    """The recipient or principal is not in the group."""
    text = Text(
        f'The recipient "{member}" isn\'t a member of the group "{group}".',
        f'Der Empfänger "{member}" ist kein Mitglied der Gruppe "{group}".',
    )
    return cmdlet_failed("Microsoft.Exchange.Management.Tasks.MemberNotFoundException", text)


def not_manager() -> CmdletFailedError:
    """The caller is no owner of the group and did not say BypassSecurityGroupManagerCheck."""
    text = Text(
        "You don't have sufficient permissions. This operation can only be performed by a manager of the group.",
        "Sie verfügen nicht über ausreichende Berechtigungen. Dieser Vorgang kann nur von einem Manager der Gruppe "
        "ausgeführt werden.",
    )
    return cmdlet_failed(f"{TASKS}.OperationRequiresGroupManagerException", text)


def synchronized(cmdlet: str, name: str) -> CmdletFailedError:
    """The object is mastered on-premises."""
    text = Text(
        f"The operation on \"{name}\" failed because it's out of the current user's write scope. The action '{cmdlet}' "
        f"can't be performed on the object '{name}' because the object is being synchronized from your on-premises "
        "organization. This action should be performed on the object in your on-premises organization.",
        f'Der Vorgang für "{name}" ist fehlgeschlagen, da er außerhalb des Schreibbereichs des aktuellen Benutzers '
        f'liegt. Die Aktion "{cmdlet}" kann für das Objekt "{name}" nicht ausgeführt werden, da das Objekt aus Ihrer '
        "lokalen Organisation synchronisiert wird.",
    )
    return cmdlet_failed(f"{TASKS}.TaskInvalidOperationException", text)


def not_customized() -> CmdletFailedError:
    """The organization is dehydrated."""
    text = Text(
        "The command you tried to run isn't currently allowed in your organization. To run this command, you first "
        "need to run the command: Enable-OrganizationCustomization.",
        "Der Befehl, den Sie auszuführen versuchten, ist in Ihrer Organisation derzeit nicht zulässig. Um diesen "
        "Befehl auszuführen, müssen Sie zunächst den Befehl Enable-OrganizationCustomization ausführen.",
    )
    return cmdlet_failed(f"{TASKS}.InvalidOperationInDehydratedContextException", text)


def invalid(text: str, kind: str = f"{TASKS}.TaskArgumentException") -> CmdletFailedError:
    """A value that the cmdlet does not take, or an operation that it does not do."""
    return cmdlet_failed(kind, plain_text(text))


def would_prompt(cmdlet: str) -> CmdletFailedError:
    """The cmdlet pauses for a confirmation that nobody can give."""
    return invalid(
        f"{cmdlet} asks for a confirmation, which is not possible here. Pass Confirm with the value false.",
        f"{TASKS}.ShouldContinueException",
    )


# -- what the binder refuses --------------------------------------------------------------------------------------------


def _bound(kind: str, text: str, details: list[dict[str, str]] | None) -> ExchangeError:
    error: dict[str, Any] = {"code": "BadRequest", "message": "Invalid Operation"}
    if details is not None:
        error["details"] = details
    error["innererror"] = {
        "message": "Invalid Operation",
        "type": SERVICE_EXCEPTION,
        "stacktrace": "",
        "internalexception": {"message": text, "type": kind, "stacktrace": ""},
    }
    return ExchangeError(400, {"error": {**error, **WARNINGS}}, text)


def unknown_parameters(names: list[str]) -> ExchangeError:
    """The cmdlet has no such parameters, not together, or not for this caller."""
    kind = f"{INVOCATION}.AmbiguousParameterSetException"
    text = (
        "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. "
        + ", ".join(names)
    )
    return _bound(kind, text, [{"code": "Client", "target": "", "message": f"|{kind}|{text}"}])


def missing_parameters(names: list[str]) -> ExchangeError:
    """A mandatory parameter was not given."""
    kind = f"{INVOCATION}.ParameterBindingException"
    text = f"Cannot process command because of one or more missing mandatory parameters: {', '.join(names)}."
    return _bound(kind, text, [{"code": "Client", "target": "", "message": f"|{kind}|{text}"}])


def wrong_value(parameter: str, value: object, wanted: str, names: Sequence[str] = ()) -> ExchangeError:
    """A value does not convert to the parameter's type; of an enumeration, `names` are those that exist."""
    text = (
        f"Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{value}\" to type "
        f'"{wanted}".'
    )
    if names:
        text += (
            f' Error: "Unable to match the identifier name {value} to a valid enumerator name. Specify one of the '
            f'following enumerator names and try again: {", ".join(names)}"'
        )
    return _bound(f"{INVOCATION}.ParameterTransformationException", text, None)


# -- what the service itself refuses ------------------------------------------------------------------------------------


def plain(status: int, code: str, text: str) -> ExchangeError:
    """A refusal of the API itself."""
    return ExchangeError(status, {"error": {"code": code, "message": text}}, text)


def not_imitated(what: str) -> ExchangeError:
    """Exchange Online may have it, the simulator has not."""
    return plain(501, "NotImitated", f"The local tenant does not imitate {what}.")


def throttled(retry_after_seconds: int | None) -> ExchangeError:
    """Too many requests; some answers of Microsoft's name no time."""
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    error = plain(429, "TooManyRequests", "Too many requests. Please try again later.")
    return ExchangeError(429, error.document, str(error), headers)


def too_many_at_once() -> ExchangeError:
    """Too many requests at once, as users reported it: plain text, and a status that is not 429."""
    text = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    return ExchangeError(503, text, text)


def unable_to_write() -> ExchangeError:
    """Exchange could not write to Entra just now; the header names the exception, the text says that it may pass."""
    text = "Unable to write to the directory. The issue may be transient. Please try again later."
    error = plain(500, "InternalServerError", text)
    return ExchangeError(500, error.document, text, {"X-ExceptionType": "UnableToWriteToAadException"})
