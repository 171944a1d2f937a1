"""The routes of Exchange's administrative API."""

from starlette.routing import Route

from simulator.exchange import handlers
from simulator.operation import Operation, routes

CAPTURES = "undocumented by Microsoft; public captures"

OPERATIONS = [
    Operation(
        "POST",
        ("/adminapi/beta/{tenant}/InvokeCommand",),
        handlers.invoke,
        "the cmdlets below; `$select`; pages by `Prefer: odata.maxpagesize`, next pages by POST, links of 30 minutes",
        CAPTURES,
    ),
    Operation(
        "POST",
        ("/adminapi/beta/{tenant}/$batch",),
        handlers.batch,
        "10 requests at most, answers in any order; after a failure the rest is answered 424 unless Prefer says "
        "odata.continue-on-error (unverified; OData 4.01)",
        CAPTURES,
    ),
]


def starlette_routes() -> list[Route]:
    """Return the routes, and last the one that refuses everything else by name."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        *routes(OPERATIONS),
        Route("/adminapi/beta/{tenant}/InvokeCommand", handlers.get_next_page, methods=["GET"]),
        Route("/{rest:path}", handlers.not_imitated, methods=everything),
    ]
