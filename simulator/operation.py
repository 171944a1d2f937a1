"""One row of a route table: how an operation is reached, who answers it, and what of it is imitated from which source.

The tables are the routes and the coverage table alike, so that neither can be stale.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """An operation; `paths` are Starlette's, `imitated` and `source` go into the coverage table."""

    method: str
    paths: tuple[str, ...]
    endpoint: Endpoint
    imitated: str
    source: str


def routes(operations: list[Operation]) -> list[Route]:
    """Return Starlette's routes for a table."""
    return [
        Route(path, operation.endpoint, methods=[operation.method])
        for operation in operations
        for path in operation.paths
    ]
