"""Who may touch which calendar, and how a refusal reads.

Owns the order of refusals: nothing that could permit the call (401 or 403), no such mailbox (404), a mailbox that Graph
does not reach (404), out of reach of this application (403).  What reaches what is decided in access.py.
Source: Microsoft Graph permissions reference; "Limiting application permissions to specific Exchange Online mailboxes";
"Role Based Access Control for Applications in Exchange Online"; texts as captured publicly.
"""

from simulator import access
from simulator.graph import errors
from simulator.graph.call import Call
from simulator.records import Mailbox

READ = access.READ
WRITE = access.WRITE
BLOCKED = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."


def mailbox_for(call: Call, wanted: frozenset[str]) -> Mailbox:
    """Return the mailbox of the path, on which the caller may do what one of `wanted` allows.

    This counts as the application's use of its rights (see access.py).  Raises GraphError: 401, 403 or 404.
    """
    restrictions = access.restrictions_for_call(call.tenant, call.caller.app_id)
    _refuse_without_any_right(call, restrictions, wanted)
    name = call.path("user")
    mailbox = find(call, name)
    if mailbox is None:
        raise errors.GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    if mailbox.lives_on_premises:
        raise errors.GraphError(
            404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        )
    if not may(call, restrictions, wanted, mailbox):
        raise errors.GraphError(403, "ErrorAccessDenied", BLOCKED)
    return mailbox


def may(call: Call, restrictions: access.Restrictions, wanted: frozenset[str], mailbox: Mailbox) -> bool:
    """Tell whether the caller, with the roles of its token, may do to a mailbox what one of `wanted` allows."""
    return access.may(call.tenant, restrictions, call.caller.app_id, call.caller.roles, wanted, mailbox)


def find(call: Call, name: str) -> Mailbox | None:
    """Return a mailbox by object id or user principal name; Graph knows no alias and no name."""
    for found in call.tenant.find_recipients(name):
        if isinstance(found, Mailbox) and name.lower() in (found.object_id, found.address.lower()):
            return found
    return None


def _refuse_without_any_right(call: Call, restrictions: access.Restrictions, wanted: frozenset[str]) -> None:
    """Refuse a caller whom neither Entra nor RBAC for Applications gave what the call needs, for whatever mailbox."""
    assignments = access.assignments_of(restrictions, call.caller.app_id)
    if not call.caller.roles and not assignments:
        raise errors.GraphError(
            401,
            "NoPermissionsInAccessToken",
            "The token contains no permissions, or permissions can not be understood.",
        )
    if not call.caller.has(*wanted) and not any(access.gives(assignment, wanted) for assignment in assignments):
        raise errors.GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
