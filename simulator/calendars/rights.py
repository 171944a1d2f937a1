"""Who may touch which calendar: the token's roles first, then the application access policies.

Source: Microsoft Graph permissions reference; "Limiting application permissions to specific Exchange Online mailboxes";
texts as captured publicly.
"""

from simulator import access
from simulator.graph import errors
from simulator.graph.call import Call
from simulator.records import Mailbox

READ = ("Calendars.Read", "Calendars.ReadWrite")
WRITE = ("Calendars.ReadWrite",)
BLOCKED = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."


def mailbox_for(call: Call, roles: tuple[str, ...]) -> Mailbox:
    """Return the mailbox of the path.  Raises GraphError: 401, 403 or 404."""
    caller = call.caller
    if not caller.roles:
        raise errors.GraphError(
            401,
            "NoPermissionsInAccessToken",
            "The token contains no permissions, or permissions can not be understood.",
        )
    if not caller.has(*roles):
        raise errors.GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    mailbox = _find(call)
    if not access.may(
        call.tenant,
        access.restrictions_in_force(call.tenant, caller.app_id),
        caller.app_id,
        caller.roles,
        frozenset(roles),
        mailbox,
    ):
        raise errors.GraphError(403, "ErrorAccessDenied", BLOCKED)
    return mailbox


def _find(call: Call) -> Mailbox:
    """Return the mailbox by object id or user principal name; Graph knows no alias and no name."""
    name = call.path("user")
    for found in call.tenant.find_recipients(name):
        if isinstance(found, Mailbox) and name.lower() in (found.object_id, found.address.lower()):
            return found
    raise errors.GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
