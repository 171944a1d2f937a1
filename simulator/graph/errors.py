"""Graph's refusals: status, code and message as Microsoft sends them.

Source: Microsoft Graph, "Microsoft Graph error responses and resource types"; texts as captured publicly.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """A refusal in Graph's shape; `headers` are those that it has besides every answer's."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def document(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the document as Graph sends it."""
        inner = {
            "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def not_found(object_id: str) -> GraphError:
    """There is no such object."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def denied() -> GraphError:
    """The token does not allow it."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def bad_request(message: str) -> GraphError:
    """The request makes no sense to the directory."""
    return GraphError(400, "Request_BadRequest", message)


def malformed(message: str) -> GraphError:
    """The request makes no sense to the protocol."""
    return GraphError(400, "BadRequest", message)


def invalid_token(message: str) -> GraphError:
    """The bearer token is missing or not valid here."""
    return GraphError(401, "InvalidAuthenticationToken", message)


def unsupported_query(message: str) -> GraphError:
    """The directory has no index for this query."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def concurrency_violation() -> GraphError:
    """Another change of the same object is not finished yet."""
    return GraphError(
        409,
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
    )


class ThrottledError(GraphError):
    """Too many requests; its inner error says so once more, as in "Microsoft Graph throttling guidance"."""

    def document(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the document as Graph sends it."""
        document = super().document(now, request_id, client_request_id)
        document["error"]["innerError"].update({"code": "429", "message": "Please retry after", "status": "429"})
        return document


def throttled(app_id: str, tenant_id: str, retry_after_seconds: int | None, *, limit: str = "ReadWrite") -> GraphError:
    """Too many requests of one application in one tenant; `limit` is `Read`, `Write` or `ReadWrite`.

    Some of Microsoft's services send no Retry-After: None.  Source: Microsoft Graph, "Microsoft Graph throttling
    guidance" (body) and "Microsoft Graph service-specific throttling limits" (headers).
    """
    headers = {
        "x-ms-throttle-scope": f"Tenant_Application/{limit}/{app_id}/{tenant_id}",
        "x-ms-throttle-information": "WriteLimitExceeded" if limit == "Write" else "ResourceUnitLimitExceeded",
    }
    if retry_after_seconds is not None:
        headers["retry-after"] = str(retry_after_seconds)
    return ThrottledError(429, "TooManyRequests", "Please retry again later.", headers)


def not_imitated(what: str) -> GraphError:
    """Graph has it, the simulator has not."""
    return GraphError(501, "NotImitated", f"The local tenant does not imitate {what}.")


def too_many_requests() -> GraphError:
    """The tenant is busy with more requests than it takes."""
    return GraphError(429, "TooManyRequests", "Too many requests")


def mailboxes_too_busy() -> GraphError:
    """The same, where Outlook answers for Graph (Microsoft Graph service-specific throttling limits)."""
    return GraphError(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
