"""Takes one client secret away from an application, by its key id; one that is gone already is as good."""

from microsoft365.errors import TenantRefused
from microsoft365.graph.client import Graph, describe, error_of

_RIGHT = "Application.ReadWrite.OwnedBy and to be an owner of the application (or Application.ReadWrite.All)"


def remove_password(graph: Graph, application_object_id: str, key_id: str) -> bool:
    """Remove it; returns whether it was there. Raises NoAccess, TenantRefused and GaveUp.

    Graph answers 400 for a key id that it does not know, and for others than that too, so that the application is read
    to be sure that the secret is gone.
    """
    path = f"/applications/{application_object_id}"
    response = graph.post(f"{path}/removePassword", {"keyId": key_id}, right=_RIGHT)
    if response.is_success:
        return True
    application = graph.get(f"{path}?$select=id,passwordCredentials", right="Application.Read.All")
    if application is None:
        return False
    left = {str(item.get("keyId") or "").lower() for item in application.get("passwordCredentials") or []}
    if response.status_code == 400 and key_id.lower() not in left and error_of(response)[0]:
        return False
    raise TenantRefused(
        f"the secret with key id {key_id} was not removed and still works: {describe(response)}; delete it under "
        "Certificates & secrets of the application (Microsoft Entra, App registrations)"
    )
