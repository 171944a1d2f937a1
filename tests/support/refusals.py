"""Microsoft's refusals as the simulated tenant's faults take them, status, headers and body of an answer without effect; and its lags.

Owns their form, for Microsoft Graph and for cmdlets of Exchange. Sources: Microsoft Graph, "Microsoft Graph throttling guidance" and
"Microsoft Graph error responses and resource types"; for Exchange what `simulator/exchange/errors.py` names. Refuses to own which
request is refused.
"""

from typing import Any


def of_graph(status: int, code: str, message: str, **headers: str) -> dict[str, Any]:
    """A refusal of Microsoft Graph."""
    inner = {"date": "2026-01-01T00:00:00", "request-id": "0" * 8, "client-request-id": "0" * 8}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return {"status": status, "headers": headers, "body": body}


def of_cmdlet(kind: str, text: str) -> dict[str, Any]:
    """The document of a cmdlet that threw, with an empty target, in a tenant that does not speak English."""
    detail = {"code": "Context", "target": "", "message": f"Ex6F9304|{kind}|{text}"}
    return {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": [detail]}}


TOO_MANY = of_graph(429, "TooManyRequests", "Too many requests.", **{"Retry-After": "1"})
TOO_MANY_WITHOUT_A_TIME = of_graph(429, "TooManyRequests", "Too many requests.")
INTERNAL_ERROR = of_graph(500, "InternalServerError", "Unexpected error.")
UNAVAILABLE = of_graph(503, "ServiceUnavailable", "The service is temporarily unavailable.")
CONFLICT = of_graph(
    409,
    "Directory_ConcurrencyViolation",
    "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
)
NOT_FOUND = of_graph(
    404,
    "Request_ResourceNotFound",
    "Resource '' does not exist or one of its queried reference-property objects are not present.",
)
NOT_FOUND_BY_CMDLET = {
    "status": 404,
    "body": of_cmdlet("Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException", "Nicht gefunden."),
}
LAGS: dict[str, dict[str, float]] = {
    "new objects cannot be read once": {"graphCreateReads": 1},
    "new objects cannot be read for 2 s": {"graphCreateSeconds": 2},
    "new objects cannot be read for 8 s": {"graphCreateSeconds": 8},
    "changes cannot be read for 3 s": {"graphChangeSeconds": 3},
}
"""Replication lag, by its name: settings of the tenant's conditions."""
