"""Which application permissions a service principal holds, by name. Owns nothing that changes them (grants.py)."""

from dataclasses import dataclass

from microsoft365.errors import TenantRefused
from microsoft365.graph.applications import EXCHANGE_APP_ID, GRAPH_APP_ID, client_id_of, grants, service_principal
from microsoft365.graph.client import Graph, Item
from microsoft365.packets import threads

_READ = "Application.Read.All"
_CALENDARS = "Calendars."
# Exchange Web Services "with full access to all mailboxes".
_FULL_ACCESS = "full_access_as_app"


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that was consented to, and the service that it belongs to. A name that is not known is the role's id."""

    name: str
    service: str
    service_app_id: str = ""

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.name} of {self.service}" if self.service else self.name

    @property
    def opens_calendars(self) -> bool:
        """True where it lets an application at calendars."""
        if self.service_app_id not in ("", GRAPH_APP_ID, EXCHANGE_APP_ID):
            return False
        return self.name.startswith(_CALENDARS) or self.name == _FULL_ACCESS


def held_permissions(graph: Graph, client_id: str) -> tuple[str | None, tuple[Permission, ...]]:
    """Return the object id of an application's service principal, None without one, and what it holds.

    Raises NoAccess, TenantRefused and GaveUp.
    """
    principal = service_principal(graph, client_id)
    if principal is None:
        return None, ()
    object_id = str(principal.get("id") or "").lower()
    held = grants(graph, object_id)
    if held is None:
        raise TenantRefused(
            f"incomplete reading: Microsoft Graph lists the service principal {object_id} and does not find its grants; run the "
            "same command again in a minute"
        )
    services = sorted({str(grant.get("resourceId") or "") for grant in held} - {""})
    with threads(4) as pool:
        found = dict(zip(services, pool.map(lambda service: _service(graph, service), services), strict=True))
    return object_id, tuple(_permission(grant, found.get(str(grant.get("resourceId") or ""))) for grant in held)


def _service(graph: Graph, object_id: str) -> Item | None:
    return graph.get(f"/servicePrincipals/{object_id}?$select=id,appId,displayName,appRoles", right=_READ)


def _permission(grant: Item, service: Item | None) -> Permission:
    role_id = str(grant.get("appRoleId") or "").lower()
    roles = (service or {}).get("appRoles")
    names = {
        str(role.get("id") or "").lower(): str(role.get("value") or "")
        for role in (roles if isinstance(roles, list) else ())
    }
    name = str((service or {}).get("displayName") or grant.get("resourceDisplayName") or "")
    return Permission(names.get(role_id) or role_id, name, client_id_of(service) if service else "")
