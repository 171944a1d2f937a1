"""Graph's refusals: status, code and message as Microsoft sends them.

Source: Microsoft Graph, "Microsoft Graph error responses and resource types"; texts as captured publicly.
"""

from datetime import datetime
from typing import Any


class GraphError(Exception):
    """A refusal in Graph's shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

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


def not_imitated(what: str) -> GraphError:
    """Graph has it, the simulator has not."""
    return GraphError(501, "NotImitated", f"The local tenant does not imitate {what}.")
