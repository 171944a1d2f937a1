"""Takes one grant (app role assignment) away; one that is gone already is as good."""

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.graph.client import Graph, describe
from microsoft365.graph.rights import ASSIGN

_BY_HAND = "revoke it at Entra ID > Enterprise applications > the application > Permissions"


def remove_grant(graph: Graph, resource_object_id: str, grant_id: str) -> bool:
    """Remove it; returns whether it was there.

    `resource_object_id` is the service principal that the permission belongs to. Raises NoAccess, TenantRefused and GaveUp,
    saying that the grant still holds.
    """
    path = f"/servicePrincipals/{resource_object_id}/appRoleAssignedTo/{grant_id}"
    try:
        response = graph.delete(path, right=ASSIGN)
    except NoAccess as error:
        raise NoAccess(f"the grant {grant_id} still holds: {error}; {_BY_HAND}") from None
    if response.is_success:
        return True
    if response.status_code == 404:
        return False
    raise TenantRefused(f"the grant {grant_id} still holds: {describe(response)}; {_BY_HAND}")
