"""What a caller may run: the management roles that its directory roles and its role groups bring.

Owns the decision and its refusals.  Refuses to own the tables (roles.py, roleentries.py) and the token (kernel.py).
"""

from dataclasses import dataclass
from typing import Any

from simulator import microsoft
from simulator.exchange import errors, roleentries, roles
from simulator.exchange.cmdlet import Cmdlet
from simulator.kernel import Caller
from simulator.tenant import Tenant


@dataclass(frozen=True)
class Rights:
    """The management roles that a caller holds in a tenant, and those that it may give to others."""

    tenant: Tenant
    roles: frozenset[str]
    delegating: frozenset[str]

    def require(self, cmdlet: Cmdlet, given: dict[str, Any]) -> None:
        """Refuse a cmdlet that no role allows, as one that does not exist: 403 with an empty body.

        Each role that allows it brings its parameters; one that no role brings is refused as one that the cmdlet does not
        have.  Raises ExchangeError.
        """
        held = [roleentries.entries(self.tenant, role) for role in self.roles]
        allowing = [entries[cmdlet.name] for entries in held if cmdlet.name in entries]
        if not allowing:
            raise errors.ExchangeError(403, None, f"no role of the caller allows {cmdlet.name}")
        allowed = {name.casefold() for names in allowing for name in names}
        known = {name.casefold() for name in (*cmdlet.parameters, *cmdlet.documented)}
        missing = [name for name in given if name.casefold() in known and name.casefold() not in allowed]
        if missing:
            raise errors.unknown_parameters(missing)

    def require_delegation(self, role: str) -> None:
        """Refuse to give or take a role without a delegating assignment of it, or of what it was derived from.

        Raises ExchangeError.
        """
        if self.delegating.isdisjoint(roleentries.ancestry(self.tenant, role)):
            raise errors.invalid(
                f'You don\'t have access to create, change, or remove the "{role}" management role assignment. You must '
                "be assigned a delegating role assignment to the management role or its parent in the hierarchy without "
                "a scope restriction.",
                f"{errors.TASKS}.TaskInvalidOperationException",
            )


def rights(tenant: Tenant, caller: Caller) -> Rights:
    """Return a caller's: by the directory roles of its token, and by the role groups that it is in now."""
    held = [name for name, role in microsoft.DIRECTORY_ROLES.items() if role in caller.directory_roles]
    built_in = [roles.OF_DIRECTORY_ROLES[name] for name in held if name in roles.OF_DIRECTORY_ROLES]
    groups = [group for group in tenant.role_groups if caller.object_id in group.member_ids]
    return Rights(
        tenant,
        frozenset(
            [*(role for name in built_in for role in roles.BUILT_IN[name]), *(r for g in groups for r in g.roles)]
        ),
        frozenset(
            [
                *(role for name in built_in for role in roles.DELEGATING.get(name, ())),
                *(r for g in groups for r in g.delegating_roles),
            ]
        ),
    )
