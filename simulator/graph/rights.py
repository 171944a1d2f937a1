"""What a token may do in Graph: Microsoft's rules for application permissions and directory roles.

Sources: the permission tables of each Graph operation; the permissions reference; Microsoft Entra built-in roles.
Directory roles count as the token carries them (`wids`).  Where documents leave it open, the stricter reading holds:

- Application.ReadWrite.OwnedBy alone reads only what the caller owns;
- giving app roles takes the right to read them besides, also for a Privileged Role Administrator;
- policies on credentials take a permission, whatever directory role the caller has.
"""

from simulator import microsoft
from simulator.graph import errors
from simulator.kernel import Caller
from simulator.records import Application, ServicePrincipal

READ_ALL = ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All")
WRITE_ALL = "Application.ReadWrite.All"
OWNED_BY = "Application.ReadWrite.OwnedBy"
ASSIGN = "AppRoleAssignment.ReadWrite.All"
READ_DIRECTORY = "Directory.Read.All"
READ_USERS = ("User.Read.All", READ_DIRECTORY)
READ_POLICIES = ("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration")
WRITE_POLICIES = "Policy.ReadWrite.ApplicationConfiguration"

GLOBAL_ADMINISTRATOR = "Global Administrator"
MANAGING = ("Application Administrator", "Cloud Application Administrator", GLOBAL_ADMINISTRATOR)
"""Directory roles that manage every application, and give app roles of all services but Microsoft Graph."""
READING = (*MANAGING, "Global Reader")
ASSIGNING = (GLOBAL_ADMINISTRATOR, "Privileged Role Administrator")
"""Directory roles that give app roles of Microsoft Graph as well."""

Owned = Application | ServicePrincipal


def _holds(caller: Caller, *names: str) -> bool:
    return not caller.directory_roles.isdisjoint(microsoft.DIRECTORY_ROLES[name] for name in names)


def _owns(caller: Caller, item: Owned) -> bool:
    return caller.has(OWNED_BY) and caller.object_id in item.owner_ids


def reads_all(caller: Caller) -> bool:
    """Tell whether the token reads every application and service principal."""
    return caller.has(*READ_ALL) or _holds(caller, *READING)


def writes_all(caller: Caller) -> bool:
    """Tell whether the token writes every application and service principal."""
    return caller.has(WRITE_ALL) or _holds(caller, *MANAGING)


def require_read_all(caller: Caller) -> None:
    """Refuse a list or an object that the caller does not own."""
    if not reads_all(caller):
        raise errors.denied()


def require_read(caller: Caller, item: Owned) -> None:
    """Refuse reading unless the token reads all, or owned things and this one is owned."""
    if not reads_all(caller) and not _owns(caller, item):
        raise errors.denied()


def require_create(caller: Caller) -> None:
    """Refuse creating unless the token may write all, or its own."""
    if not writes_all(caller) and not caller.has(OWNED_BY):
        raise errors.denied()


def require_write(caller: Caller, item: Owned) -> None:
    """Refuse a change unless the token may write all, or its own and this one is."""
    if not writes_all(caller) and not _owns(caller, item):
        raise errors.denied()


def require_add_owner(caller: Caller, item: Owned) -> None:
    """Refuse a new owner unless the token may write the item and read the directory that the owner is from.

    Source: "Add owner", application permissions: Application.ReadWrite.OwnedBy and Directory.Read.All.
    """
    require_write(caller, item)
    if not caller.has(READ_DIRECTORY) and not _holds(caller, *READING):
        raise errors.denied()


def require_assign(caller: Caller, resource: ServicePrincipal | None) -> None:
    """Refuse giving and taking back app roles of a service; None is a service that does not exist."""
    manages = resource is not None and resource.app_id != microsoft.GRAPH.app_id and _holds(caller, *MANAGING)
    if not (caller.has(ASSIGN) or _holds(caller, *ASSIGNING) or manages) or not reads_all(caller):
        raise errors.denied()


def require_read_assignments(caller: Caller) -> None:
    """Refuse reading app role assignments without a right that names them."""
    if not caller.has(ASSIGN) and not reads_all(caller):
        raise errors.denied()


def require_read_users(caller: Caller) -> None:
    """Refuse reading a user."""
    if not caller.has(*READ_USERS) and not _holds(caller, *READING):
        raise errors.denied()


def require_read_policies(caller: Caller) -> None:
    """Refuse reading policies on credentials."""
    if not caller.has(*READ_POLICIES):
        raise errors.denied()


def require_write_policies(caller: Caller) -> None:
    """Refuse changing policies on credentials."""
    if not caller.has(WRITE_POLICIES):
        raise errors.denied()


def require_assign_policies(caller: Caller) -> None:
    """Refuse assigning them: "Assign appliesTo" takes Application.Read.All besides."""
    require_write_policies(caller)
    require_read_all(caller)
