"""The routes of the page: two on the control port, and the way to them from the HTTPS port."""

from starlette.routing import Route

from simulator.operation import Operation, routes
from simulator.page import handlers

OPERATIONS = [
    Operation(
        "GET",
        ("/",),
        handlers.root,
        "the page of the tenant, or the list of tenants; the HTTPS port's `/` leads there",
        "",
    ),
    Operation(
        "GET",
        ("/tenants/{tenant}/page",),
        handlers.tenant_page,
        "the page of a tenant; `?find=TEXT` keeps to some mailboxes",
        "",
    ),
]


def starlette_routes() -> list[Route]:
    """Return the routes on the control port."""
    return routes(OPERATIONS)


def ways_to_the_page() -> list[Route]:
    """Return the route on the HTTPS port."""
    return [Route("/", handlers.to_the_page, methods=["GET"])]
