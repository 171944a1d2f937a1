"""States of a tenant that a removal starts from, in each access model: what an earlier `apply` made, and the application gone.

Owns the setting up. Knows nothing of faults, and of nobody who deletes by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from microsoft365.exchange.removal_steps import Outcome
from tests.desired_state.scenes import ROLE, address, wish_for
from tests.desired_state.tenant import MARK
from tests.desired_state.without_sockets import InProcess

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
# An application that Entra does not know any more, as Exchange's copy of it.
CLIENT, PRINCIPAL = "11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-aaaaaaaaaaaa"


@dataclass(frozen=True)
class Removal:
    """What is removed, and how: `run` does it once."""

    wish: dict[str, Any]
    run: Callable[[], Outcome]


def _gone(tenant: InProcess, application: dict[str, str]) -> None:
    tenant.graph("DELETE", f"/applications/{application['objectId']}")
    tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")


def made_by_policy(tenant: InProcess, **changes: Any) -> dict[str, Any]:
    tenant.seed(rooms=3, people=2)
    application = tenant.application()
    wish = wish_for(tenant, application, "policy", calendarOnRemoval="defaults", **changes)
    tenant.apply(wish)
    _gone(tenant, application)
    return {**wish, "application": {}}


def made_by_rbac(tenant: InProcess, **changes: Any) -> dict[str, Any]:
    """With an assignment that is still there, as when Entra has forgotten the application and Exchange has not yet."""
    tenant.seed(rooms=3, people=2)
    application = tenant.application()
    group = changes.pop("with_group", False)
    rooms = {"exclude": [address(tenant, 0)]} if group else {}
    wish = wish_for(tenant, application, "rbac", calendarOnRemoval="defaults", rooms=rooms, **changes)
    tenant.apply(wish)
    _gone(tenant, application)
    over = {"RecipientGroupScope": wish["group"]["primarySmtpAddress"]} if group else {"CustomResourceScope": MARK}
    tenant.cmdlet("New-ServicePrincipal", AppId=CLIENT, ObjectId=PRINCIPAL, DisplayName=MARK)
    name = f"{MARK} {PRINCIPAL[:8]}"
    tenant.cmdlet("New-ManagementRoleAssignment", Name=name, Role=ROLE, App=PRINCIPAL, **over)
    return {**wish, "application": {}, "group": wish["group"] if group else None}


def _removal(tenant: InProcess, wish: dict[str, Any]) -> Removal:
    return Removal(wish, lambda: tenant.remove(wish, NOW))


def _end(tenant: InProcess, wish: dict[str, Any]) -> Removal:
    tenant.remove({**wish, "removal": "later"}, NOW)
    return Removal(wish, lambda: tenant.end(wish, NOW + timedelta(hours=3)))


REMOVALS: dict[str, Callable[[InProcess], Removal]] = {
    "policy now": lambda tenant: _removal(tenant, made_by_policy(tenant)),
    "policy later": lambda tenant: _removal(tenant, made_by_policy(tenant, removal="later")),
    "policy retired": lambda tenant: _end(tenant, made_by_policy(tenant)),
    "rbac now": lambda tenant: _removal(tenant, made_by_rbac(tenant)),
    "rbac later": lambda tenant: _removal(tenant, made_by_rbac(tenant, removal="later")),
    "rbac retired": lambda tenant: _end(tenant, made_by_rbac(tenant)),
    "rbac with a group now": lambda tenant: _removal(tenant, made_by_rbac(tenant, with_group=True)),
    "rbac with a group retired": lambda tenant: _end(tenant, made_by_rbac(tenant, with_group=True)),
}
