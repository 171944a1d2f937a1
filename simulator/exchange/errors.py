"""Exchange's refusals as the administrative API sends them.

Shapes are those of public captures: the cmdlet threw (details of three parts), the binder refused (code Client), a value
did not convert (no details).  HTTP statuses discriminate little in Microsoft's service, and neither do they here.
"""

import secrets
from typing import Any

SERVICE_EXCEPTION = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
INVOCATION = "Microsoft.Exchange.AdminApi.CommandInvocation"
DIRECT = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"
WARNINGS: dict[str, Any] = {"adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": []}


class ExchangeError(Exception):
    """A refusal with its HTTP status and document; no document is an empty body."""

    def __init__(self, status: int, document: dict[str, Any] | None, text: str) -> None:
        super().__init__(text)
        self.status, self.document = status, document


def cmdlet_failed(kind: str, text: str, *, status: int = 400, code: str = "BadRequest") -> ExchangeError:
    """The cmdlet threw `kind`, a .NET type."""
    document = {
        "error": {
            "code": code,
            "message": "Error executing cmdlet",
            "details": [
                {"code": "Context", "target": "", "message": f"Ex{secrets.token_hex(3).upper()}|{kind}|{text}"}
            ],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": SERVICE_EXCEPTION,
                "stacktrace": f"   at {INVOCATION}.CommandInvocation.InvokeCommand(QueryContext queryContext)",
                "internalexception": {
                    "message": f"Exception of type '{DIRECT}' was thrown.",
                    "type": DIRECT,
                    "stacktrace": "",
                },
            },
        },
        **WARNINGS,
    }
    return ExchangeError(status, document, text)


def not_found(identity: str) -> ExchangeError:
    """There is no such object; Microsoft names the domain controller that was asked."""
    number = secrets.randbelow(900) + 100
    controller = f"AM{number % 10}PR07A{number}DC0{number % 9 + 1}.EURPR07A{number}.PROD.OUTLOOK.COM"
    return cmdlet_failed(
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
        f"The operation couldn't be performed because object '{identity}' couldn't be found on '{controller}'.",
        status=404,
        code="NotFound",
    )


def ambiguous(identity: str) -> ExchangeError:
    """More than one object answers to the identity."""
    return cmdlet_failed(
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
        f"The operation couldn't be performed because '{identity}' matches multiple entries.",
    )


def not_manager() -> ExchangeError:
    """The caller is no owner of the group and did not say BypassSecurityGroupManagerCheck."""
    return cmdlet_failed(
        "Microsoft.Exchange.Configuration.Tasks.OperationRequiresGroupManagerException",
        "You don't have sufficient permissions. This operation can only be performed by a manager of the group.",
    )


def synchronized(cmdlet: str, name: str) -> ExchangeError:
    """The object is mastered on-premises."""
    return cmdlet_failed(
        "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
        f"The operation on \"{name}\" failed because it's out of the current user's write scope. The action '{cmdlet}' "
        f"can't be performed on the object '{name}' because the object is being synchronized from your on-premises "
        "organization. This action should be performed on the object in your on-premises organization.",
    )


def invalid(text: str, kind: str = "Microsoft.Exchange.Configuration.Tasks.TaskArgumentException") -> ExchangeError:
    """A value that the cmdlet does not take."""
    return cmdlet_failed(kind, text)


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
    return ExchangeError(400, {"error": error, **WARNINGS}, text)


def unknown_parameters(names: list[str]) -> ExchangeError:
    """The cmdlet has no such parameters."""
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


def wrong_value(parameter: str, value: object, wanted: str) -> ExchangeError:
    """A value does not convert to the parameter's type."""
    text = (
        f"Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{value}\" to type "
        f'"{wanted}".'
    )
    return _bound(f"{INVOCATION}.ParameterTransformationException", text, None)


def would_prompt(cmdlet: str) -> ExchangeError:
    """The cmdlet pauses for a confirmation that nobody can give."""
    return cmdlet_failed(
        "Microsoft.Exchange.Configuration.Tasks.ShouldContinueException",
        f"{cmdlet} asks for a confirmation, which is not possible here. Pass Confirm with the value false.",
    )


def plain(status: int, code: str, text: str) -> ExchangeError:
    """A refusal of the API itself."""
    return ExchangeError(status, {"error": {"code": code, "message": text}}, text)


def not_imitated(what: str) -> ExchangeError:
    """Exchange Online may have it, the simulator has not."""
    return plain(501, "NotImitated", f"The local tenant does not imitate {what}.")
