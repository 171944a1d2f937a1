"""Takes one client secret away from an application, by its key id; one that is gone already is as good.

Owns what a person is told when it cannot be taken away: which secret still lives, and where to delete it by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from microsoft365.errors import Problem, TenantRefused
from microsoft365.graph.client import Graph, describe, error_of
from microsoft365.graph.rights import OWN, READ

_RIGHT = f"{OWN}, or is no owner of the application"


@contextmanager
def naming_what_lives(application_object_id: str, key_id: str) -> Iterator[None]:
    """Add to whatever Problem ends the removal of a secret that it still works, and where it is deleted by hand."""
    try:
        yield
    except Problem as problem:
        raise problem.saying(
            f"the secret with key id {key_id} is not known to be removed and still works until it is: {problem}. To delete "
            "it now: Entra ID > App registrations > the application (object id "
            f"{application_object_id}) > Certificates & secrets"
        ) from None


def remove_password(graph: Graph, application_object_id: str, key_id: str) -> bool:
    """Remove it; returns whether it was there. Raises NoAccess, TenantRefused and GaveUp, saying which secret lives on.

    Graph answers 400 for a key id that it does not know, and for others than that too, so that the application is read
    to be sure that the secret is gone.
    """
    with naming_what_lives(application_object_id, key_id):
        return _remove(graph, application_object_id, key_id)


def _remove(graph: Graph, application_object_id: str, key_id: str) -> bool:
    path = f"/applications/{application_object_id}"
    response = graph.post(f"{path}/removePassword", {"keyId": key_id}, right=_RIGHT)
    if response.is_success:
        return True
    application = graph.get(f"{path}?$select=id,passwordCredentials", right=READ)
    if application is None:
        return False
    left = {str(item.get("keyId") or "").lower() for item in application.get("passwordCredentials") or []}
    if response.status_code == 400 and key_id.lower() not in left and error_of(response)[0]:
        return False
    raise TenantRefused(describe(response))
