"""The organization itself: Get-AcceptedDomain and Get-OrganizationConfig.

Source: Microsoft Learn, both pages; only the properties that identify things are shown.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import errors
from simulator.exchange.cmdlet import SIZE, TEXT, Cmdlet, Result, Session, wanted_size


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
        "IsDehydrated": False,
        "IsValid": True,
    }
    return Result([row])


CMDLETS = [
    Cmdlet("Get-AcceptedDomain", get_accepted_domains, {"Identity": TEXT, "ResultSize": SIZE}, "names and types"),
    Cmdlet("Get-OrganizationConfig", get_organization, {}, "names only; the organization is not dehydrated"),
]
