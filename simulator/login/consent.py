"""The page of tenant-wide admin consent: it shows what a registration requests and grants exactly that once accepted.

Owns the page and the grants that accepting makes.  Refuses to own who may consent: nobody signs in on this machine, so
whoever opens the page counts as Privileged Role Administrator, the least role for app roles of Microsoft Graph.
Sources: Microsoft Learn, "Grant tenant-wide admin consent to an application" (address, roles, and that the admin center
opens this very page) and "Troubleshoot consent issues in Microsoft Entra ID" (650052); that a registration without a
redirect URI ends with 500113 when the administrator has accepted: microsoftgraph/msgraph-sdk-python-core, issue 50.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from simulator.graph import replication
from simulator.graph.models import application_document, service_principal_document
from simulator.kernel import NotImitatedError, entry_of, simulator_of
from simulator.login import errors
from simulator.records import Application, Grant, ServicePrincipal
from simulator.tenant import Tenant, new_opaque_id

TEMPLATE = Path(__file__).with_name("consent.html")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class _Requested:
    """An app role that the registration requests, of a service that the tenant has."""

    resource: ServicePrincipal
    role_id: str
    name: str


async def show(request: Request) -> HTMLResponse:
    """Answer what the application requests, with the button that grants it."""
    return _answer(request, accepted=False)


async def accept(request: Request) -> HTMLResponse:
    """Grant what the application requests."""
    form = parse_qs((await request.body()).decode(errors="replace"))
    if form.get("accept") != ["yes"] or request.headers.get("origin", _own(request)) != _own(request):
        return _page(403, title="Nothing was granted", refusal="Only this page's own button grants anything.")
    return _answer(request, accepted=True)


def _own(request: Request) -> str:
    return simulator_of(request).identity_url


def _answer(request: Request, *, accepted: bool) -> HTMLResponse:
    simulator, name = simulator_of(request), request.path_params["tenant"]
    try:
        tenant = simulator.store.tenant(name)
        if tenant is None:
            raise errors.tenant_not_found(name)
        client_id = request.query_params.get("client_id", "")
        application, principal = _find(tenant, client_id, request)
        requested = _requested(tenant, application)
        if accepted:
            names = _grant(tenant, principal, requested)
            entry_of(request.scope).notes.append(f"consented to: {', '.join(names) or 'nothing new'}")
    except errors.LoginError as error:
        entry_of(request.scope).notes.append(f"AADSTS{error.number}")
        return _page(error.status, title="Sign-in", refusal=f"AADSTS{error.number}: {error.text}")
    except NotImitatedError as error:
        return _page(501, title="Not imitated", refusal=f"The local tenant does not imitate {error}.")
    document = application_document(tenant, application)
    return _page(
        200,
        title="Permissions accepted" if accepted else "Permissions requested: review for your organization",
        accepted=accepted,
        application=document["displayName"],
        client_id=application.app_id,
        organization=tenant.display_name,
        permissions=[f"{each.name} of {each.resource.properties['displayName']}" for each in requested],
        has_reply_address=any(document[kind].get("redirectUris") for kind in ("web", "spa", "publicClient")),
    )


def _find(tenant: Tenant, client_id: str, request: Request) -> tuple[Application, ServicePrincipal]:
    if set(request.query_params) - {"client_id"}:
        raise NotImitatedError("admin consent with other parameters than client_id")
    application = tenant.application_by_app_id(client_id)
    if application is None:
        raise errors.application_not_found(client_id, tenant.display_name)
    principal = tenant.service_principal_by_app_id(application.app_id)
    if principal is None:
        raise NotImitatedError("consent to an application without a service principal")
    return application, principal


def _requested(tenant: Tenant, application: Application) -> list[_Requested]:
    """Return what the registration requests.  Raises NotImitatedError for delegated permissions."""
    found = []
    resources: list[dict[str, Any]] = application.properties.get("requiredResourceAccess") or []
    for resource in resources:
        principal = tenant.service_principal_by_app_id(str(resource["resourceAppId"]))
        if principal is None:
            raise errors.service_without_principal(str(resource["resourceAppId"]), tenant.display_name)
        offered = {role["id"]: role["value"] for role in service_principal_document(tenant, principal)["appRoles"]}
        for access in resource.get("resourceAccess") or []:
            if access["type"] != "Role":
                raise NotImitatedError("consent to delegated permissions")
            role_id = str(access["id"]).lower()
            found.append(_Requested(principal, role_id, offered.get(role_id, role_id)))
    return found


def _grant(tenant: Tenant, principal: ServicePrincipal, requested: list[_Requested]) -> list[str]:
    """Grant what is not granted yet; returns its names."""
    held = {
        (grant.resource_id, grant.app_role_id) for grant in tenant.living_grants() if grant.principal_id == principal.id
    }
    new = [each for each in requested if (each.resource.id, each.role_id) not in held]
    for each in new:
        grant = Grant(
            id=new_opaque_id(),
            app_role_id=each.role_id,
            principal_id=principal.id,
            resource_id=each.resource.id,
            created_date_time=tenant.now(),
        )
        tenant.grants.append(grant)
        replication.appears(tenant, grant)
    return [each.name for each in new]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _page(status: int, **values: Any) -> HTMLResponse:
    return HTMLResponse(_template().render(values), status, HEADERS)
