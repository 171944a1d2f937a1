"""Which applications are connectors of rooms, and what each of them reaches: as declared, and as Graph enforces it.

Owns the judgement on the page: rooms are to be in reach, people are not.  Refuses to own the decision whether a
mailbox is in reach, which is access.py's and the same for every API.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from simulator import access, microsoft
from simulator.page.checks import Check
from simulator.records import Application, Mailbox
from simulator.tenant import Tenant

_MARK = re.compile(r"roomz:[^\s/]+/[^\s,;]+")


def mark_in(text: str | None) -> str | None:
    """Return the mark `roomz:PROJECT/STACK` that stands in notes or in a description."""
    found = _MARK.search(text or "")
    return found.group() if found else None


def mark_of(application: Application) -> str | None:
    """Return the mark that stands in an application's notes."""
    return mark_in(application.properties.get("notes"))


def name_of(application: Application) -> str:
    """Return the name that people see."""
    return str(application.properties.get("displayName") or application.app_id)


def calendar_roles(tenant: Tenant, app_id: str) -> frozenset[str]:
    """Return the app roles of Microsoft Graph that a token of this client id would hold now."""
    principal, graph = (tenant.service_principal_by_app_id(each) for each in (app_id, microsoft.GRAPH.app_id))
    if principal is None or graph is None:
        return frozenset()
    values = {role.id: role.value for role in graph.app_roles}
    return frozenset(
        values[grant.app_role_id]
        for grant in tenant.living_grants()
        if grant.principal_id == principal.id and grant.app_role_id in values
    )


class Reach(NamedTuple):
    """Whether an application reaches a mailbox's calendar."""

    declared: bool
    """As the Test- cmdlets see it, at once."""
    enforced: bool
    """As Graph enforces it at this moment."""


@dataclass(frozen=True)
class Connector:
    """An application that is to read and write the rooms' calendars: it carries our mark, or may write calendars."""

    name: str
    app_id: str
    roles: frozenset[str]
    signs_in: bool
    """False: it has no service principal, so nobody gets a token for it."""
    declared: access.Restrictions
    enforced: access.Restrictions

    def reach(self, tenant: Tenant, mailbox: Mailbox, wanted: frozenset[str]) -> Reach:
        """Return whether it may do to the mailbox's calendar what one of the `wanted` roles allows."""
        if not self.signs_in:
            return Reach(declared=False, enforced=False)
        return Reach(
            access.may(tenant, self.declared, self.app_id, self.roles, wanted, mailbox),
            access.may(tenant, self.enforced, self.app_id, self.roles, wanted, mailbox),
        )


ROOM = {
    Reach(declared=True, enforced=True): Check("good", "in reach"),
    Reach(declared=True, enforced=False): Check("wait", "in reach soon: Graph still refuses"),
    Reach(declared=False, enforced=True): Check("bad", "out of reach soon: Graph still allows"),
    Reach(declared=False, enforced=False): Check("bad", "out of reach"),
}
"""How a room is judged: ROOMZ reads its calendar and writes bookings into it."""

PERSON = {
    Reach(declared=False, enforced=False): Check("good", "refused"),
    Reach(declared=False, enforced=True): Check("bad", "in reach: Graph has not taken up the restriction yet"),
    Reach(declared=True, enforced=False): Check("bad", "in reach soon: Graph still refuses"),
    Reach(declared=True, enforced=True): Check("bad", "in reach"),
}
"""How a mailbox is judged that is neither a room nor another resource: nobody but its people has business with it."""

RESOURCE = {reach: Check("off", check.text) for reach, check in PERSON.items()}
"""Equipment and workspaces may be in reach and need not."""


def connector(tenant: Tenant, application: Application) -> Connector:
    """Return an application as the page asks for its reach."""
    return Connector(
        name=name_of(application),
        app_id=application.app_id,
        roles=calendar_roles(tenant, application.app_id),
        signs_in=tenant.service_principal_by_app_id(application.app_id) is not None,
        declared=access.restrictions_now(tenant),
        enforced=access.restrictions_in_force(tenant, application.app_id),
    )


def connectors(tenant: Tenant) -> list[Connector]:
    """Return the connectors, in the order in which they were registered."""
    living = [application for application in tenant.applications if not application.deleted_date_time]
    found = [(application, connector(tenant, application)) for application in living]
    return [each for application, each in found if mark_of(application) or _may_write(each)]


def _may_write(each: Connector) -> bool:
    assignments = access.assignments_of(each.declared, each.app_id)
    return bool(each.roles & access.WRITE) or any(access.gives(assignment, access.WRITE) for assignment in assignments)
