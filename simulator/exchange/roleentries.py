"""Which cmdlets a management role allows, with which of their parameters.

Sources: Microsoft Learn, "Understanding management roles" (a derived role never allows more than the role that it was
derived from) and the pages of the cmdlets for roles and role entries.  What Microsoft's own roles allow is in roles.py.
Refuses to own who holds a role (rights.py) and the cmdlets that change roles (managementroles.py).
"""

from collections.abc import Iterator, Mapping

from simulator.exchange import errors, replication
from simulator.exchange.roles import KNOWN_ROLES, OF_CMDLETS, role_of_parameter
from simulator.records import ManagementRole
from simulator.tenant import Tenant

COMMON = ("Debug", "ErrorAction", "ErrorVariable", "OutBuffer", "OutVariable", "Verbose", "WarningAction")
"""Parameters that every cmdlet has ("about_CommonParameters"), as far as role entries list them."""

Entries = Mapping[str, tuple[str, ...]]


def entries(tenant: Tenant, role: str) -> Entries:
    """Return the parameters of each cmdlet that a role allows, by the cmdlet's name."""
    own = derived(tenant, role)
    if own is not None:
        return {cmdlet: tuple(parameters) for cmdlet, parameters in own.entries.items()}
    return {cmdlet: _all_parameters(cmdlet, role) for cmdlet, roles in OF_CMDLETS.items() if role in roles}


def derived(tenant: Tenant, role: str) -> ManagementRole | None:
    """Return a role that was derived in the tenant; None for Microsoft's own."""
    wanted = role.casefold()
    return next((own for own in tenant.management_roles if wanted in (own.name.casefold(), own.guid)), None)


def every(tenant: Tenant) -> list[str]:
    """Return the names of all roles, Microsoft's own first."""
    return [*KNOWN_ROLES, *(own.name for own in replication.found(tenant, tenant.management_roles))]


def named(tenant: Tenant, identity: str) -> str:
    """Return the name of a role.  Raises ExchangeError."""
    own = derived(tenant, identity)
    if own is not None and own.name in every(tenant):
        return own.name
    for role in KNOWN_ROLES:
        if role.casefold() == identity.casefold():
            return role
    raise errors.not_found(identity)


def ancestry(tenant: Tenant, role: str) -> Iterator[str]:
    """Yield a role, and what it was derived from, up to Microsoft's own."""
    yield role
    own = derived(tenant, role)
    if own is not None:
        yield from ancestry(tenant, own.parent)


def _all_parameters(cmdlet: str, role: str) -> tuple[str, ...]:
    # The table of cmdlets holds those that show and change roles, which need this module.
    from simulator.exchange.table import CMDLETS

    known = CMDLETS[cmdlet.lower()]
    names = (*known.parameters, *known.documented, "WhatIf", *COMMON)
    return tuple(name for name in names if role_of_parameter(cmdlet, name) in (None, role))
