"""What a token may do in Graph: Microsoft's rules for application permissions.

Source: the permission tables of each Graph operation and the permissions reference.  Where they leave it open whether
Application.ReadWrite.OwnedBy alone may read what it does not own, it may not: the stricter reading.
"""

from simulator.graph import errors
from simulator.kernel import Caller
from simulator.records import Application, ServicePrincipal

READ_ALL = ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All")
WRITE_ALL = "Application.ReadWrite.All"
OWNED_BY = "Application.ReadWrite.OwnedBy"
ASSIGN = "AppRoleAssignment.ReadWrite.All"

Owned = Application | ServicePrincipal


def require_read_all(caller: Caller) -> None:
    """Refuse a list or an object that the caller does not own."""
    if not caller.has(*READ_ALL):
        raise errors.denied()


def require_read(caller: Caller, item: Owned) -> None:
    """Refuse reading unless the token reads all, or owned things and this one is owned."""
    if not caller.has(*READ_ALL) and not (caller.has(OWNED_BY) and caller.object_id in item.owner_ids):
        raise errors.denied()


def require_create(caller: Caller) -> None:
    """Refuse creating unless the token may write all, or its own."""
    if not caller.has(WRITE_ALL, OWNED_BY):
        raise errors.denied()


def require_write(caller: Caller, item: Owned) -> None:
    """Refuse a change unless the token may write all, or its own and this one is."""
    if not caller.has(WRITE_ALL) and not (caller.has(OWNED_BY) and caller.object_id in item.owner_ids):
        raise errors.denied()


def require_assign(caller: Caller) -> None:
    """Refuse app role assignments: they need AppRoleAssignment.ReadWrite.All and the right to read."""
    if not caller.has(ASSIGN) or not caller.has(*READ_ALL):
        raise errors.denied()


def require_read_assignments(caller: Caller) -> None:
    """Refuse reading app role assignments without a right that names them."""
    if not caller.has(ASSIGN, *READ_ALL):
        raise errors.denied()
