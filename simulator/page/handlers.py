"""Answers of the page: a tenant, or the list of tenants where there are several.

Owns how the page is reached.  It is read with GET alone, sets no cookie, and answers programs and browsers on this
machine only: a page of another site cannot read it, since no answer permits it.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from simulator.kernel import Simulator, simulator_of
from simulator.page import directory, render
from simulator.page.view import view
from simulator.tenant import Tenant

LONGEST_SEARCH = 100
"""Characters."""


async def root(request: Request) -> Response:
    """Answer the one tenant, or the list of them."""
    simulator = simulator_of(request)
    if _is_foreign(request):
        return _refusal()
    tenants = list(simulator.store.tenants.values())
    if len(tenants) == 1:
        return _tenant_page(simulator, request, tenants[0])
    rows = [
        {
            "id": tenant.id,
            "name": tenant.display_name,
            "domain": tenant.domains[0],
            "rooms": sum(mailbox.resource_type == "Room" for mailbox in tenant.mailboxes),
            "time": directory.moment(tenant.now()),
        }
        for tenant in tenants
    ]
    return _page(request, *render.listing(rows))


async def tenant_page(request: Request) -> Response:
    """Answer one tenant by its id or one of its domains."""
    simulator, name = simulator_of(request), request.path_params["tenant"]
    if _is_foreign(request):
        return _refusal()
    tenant = simulator.store.tenant(name)
    if tenant is None:
        known = ", ".join(simulator.store.tenants)
        return PlainTextResponse(f"There is no tenant '{name}'. Known: {known}.\n", 404)
    return _tenant_page(simulator, request, tenant)


async def to_the_page(request: Request) -> Response:
    """Lead a browser from the tenant's HTTPS address to the page, where no certificate is in its way."""
    return RedirectResponse(f"{simulator_of(request).control_url}/", 302)


def _tenant_page(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    wanted = request.query_params.get("find", "")[:LONGEST_SEARCH].strip()
    page = view(tenant, tenant.now(), wanted)
    return _page(request, *render.tenant(page, several=len(simulator.store.tenants) > 1))


def _page(request: Request, html: str, version: str) -> Response:
    headers = render.headers(version)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(html, headers=headers, media_type="text/html")


def _is_foreign(request: Request) -> bool:
    return "origin" in request.headers or request.url.hostname not in ("127.0.0.1", "localhost")


def _refusal() -> Response:
    return PlainTextResponse("The page answers at 127.0.0.1 and localhost only.\n", 403)
