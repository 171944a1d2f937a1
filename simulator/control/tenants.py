"""Tenants that come, begin anew and go.

Owns what else is forgotten with a tenant.  The first tenant's deployer keeps its secret, which is in administrator.json;
another tenant's gets a new one, since only its hash is kept.
"""

from typing import Any

from starlette.requests import Request

from simulator.control.handlers import ControlError, find_tenant, read_body
from simulator.control.models import ResetBody
from simulator.kernel import Simulator
from simulator.seed import Administrator, Company, default_administrator, new_tenant
from simulator.tenant import Tenant


def reset(simulator: Simulator, _request: Request, _body: bytes) -> None:
    """Begin anew: one tenant with the default company, the clock right, no conditions, no faults, an empty log."""
    simulator.store.reset(Company())
    simulator.faults.clear()
    simulator.log.clear()
    simulator.pages.clear()
    simulator.meters.clear()


def seed(simulator: Simulator, _request: Request, body: bytes) -> dict[str, Any]:
    """Replace a tenant's company, with any number of rooms; other tenants and the faults stay."""
    company = read_body(Company, body)
    tenant = simulator.store.tenant(company.domain)
    if tenant is None:
        raise ControlError(404, f"There is no tenant with the domain {company.domain}; POST /tenants adds one.")
    return _begin_anew(simulator, tenant, company)


def reset_tenant(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Begin anew with one tenant; other tenants and the faults stay."""
    tenant, wanted = find_tenant(simulator, request), read_body(ResetBody, body)
    company = Company(name=tenant.display_name, domain=tenant.domains[0], rooms=wanted.rooms, people=wanted.people)
    return _begin_anew(simulator, tenant, company)


def add_tenant(simulator: Simulator, _request: Request, body: bytes) -> dict[str, Any]:
    """Add a tenant of another domain and answer its deployer's credentials, this once."""
    company = read_body(Company, body)
    if simulator.store.tenant(company.domain):
        raise ControlError(409, f"There is a tenant with the domain {company.domain} already.")
    administrator = default_administrator(company.domain)
    tenant = new_tenant(company, administrator)
    simulator.store.tenants[tenant.id] = tenant
    simulator.store.changed()
    return _introduction(tenant, administrator)


def remove_tenant(simulator: Simulator, request: Request, _body: bytes) -> None:
    """Let a tenant go, with its entries of the log and its meter."""
    tenant = find_tenant(simulator, request)
    if tenant is simulator.store.first:
        raise ControlError(409, "The first tenant stays: administrator.json is its deployer's. POST /reset empties it.")
    del simulator.store.tenants[tenant.id]
    _forget(simulator, tenant)
    simulator.store.changed()


def _begin_anew(simulator: Simulator, tenant: Tenant, company: Company) -> dict[str, Any]:
    """Put a fresh tenant in a tenant's place.  Its signing key stays, so that tokens do."""
    is_first = tenant is simulator.store.first
    administrator = simulator.store.administrator if is_first else default_administrator(company.domain)
    fresh = new_tenant(company, administrator, tenant.signing_key)
    simulator.store.tenants[tenant.id] = fresh
    _forget(simulator, tenant)
    simulator.store.changed()
    if is_first:
        return {"tenantId": fresh.id, "mailboxes": len(fresh.mailboxes)}
    return _introduction(fresh, administrator)


def _introduction(tenant: Tenant, administrator: Administrator) -> dict[str, Any]:
    return {**administrator.model_dump(by_alias=True), "mailboxes": len(tenant.mailboxes)}


def _forget(simulator: Simulator, tenant: Tenant) -> None:
    """Forget what is known of a tenant outside of it; links to further pages of others' results end as well."""
    simulator.log.forget_tenant(tenant.id)
    simulator.pages.clear()
    simulator.meters.pop(tenant.id, None)
