"""The organization itself: Get-AcceptedDomain, Get-OrganizationConfig, Enable-OrganizationCustomization.

Source: Microsoft Learn, these pages; texts as users reported them.  Only the properties that identify things are shown.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import errors
from simulator.exchange.cmdlet import SIZE, SWITCH, TEXT, Cmdlet, Result, Session, wanted_size


def get_accepted_domains(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-AcceptedDomain."""
    tenant = session.tenant
    domains = [*tenant.domains, tenant.initial_domain]
    if "Identity" in bound:
        domains = [domain for domain in domains if domain.lower() == bound["Identity"].lower()]
        if not domains:
            raise errors.not_found(bound["Identity"])
    rows = [
        {
            "DomainName": domain,
            "DomainType": "Authoritative",
            "Default": domain == tenant.domains[0],
            "InitialDomain": domain == tenant.initial_domain,
            "MatchSubDomains": False,
            "Name": domain,
            "Identity": domain,
            "IsValid": True,
        }
        for domain in domains
    ]
    return Result(rows, size=wanted_size(bound))


def get_organization(session: Session, _bound: dict[str, Any]) -> Result:
    """Run Get-OrganizationConfig."""
    tenant = session.tenant
    row = {
        "Name": tenant.initial_domain,
        "Identity": tenant.initial_domain,
        "DisplayName": tenant.display_name,
        "Guid": UUID(tenant.id),
        "IsDehydrated": not tenant.is_customized,
        "IsValid": True,
    }
    return Result([row])


def enable_customization(session: Session, _bound: dict[str, Any]) -> Result:
    """Run Enable-OrganizationCustomization, which is done once."""
    if session.tenant.is_customized:
        raise errors.invalid(
            "This operation is not required. Organization is already enabled for customization.",
            "System.InvalidOperationException",
        )
    session.tenant.is_customized = True
    return Result()


def require_customization(session: Session) -> None:
    """Refuse what a dehydrated organization may not do.  Raises ExchangeError."""
    if not session.tenant.is_customized:
        raise errors.not_customized()


CMDLETS = [
    Cmdlet("Get-AcceptedDomain", get_accepted_domains, {"Identity": TEXT, "ResultSize": SIZE}, "names and types"),
    Cmdlet("Get-OrganizationConfig", get_organization, {}, "names and IsDehydrated"),
    Cmdlet(
        "Enable-OrganizationCustomization",
        enable_customization,
        {"Confirm": SWITCH},
        "counts at once; a second one is refused",
    ),
]
