"""Management roles and their entries: New-, Get-, Remove-ManagementRole; Get-, Add-, Set-, Remove-ManagementRoleEntry.

Source: Microsoft Learn, these pages; "Understanding management roles"; "Find the permissions required to run any Exchange
cmdlet".  A role is derived from another one, with the cmdlets that are wanted, and its entries are narrowed; Microsoft's
own roles can't be changed.  What a role allows is in roleentries.py.
"""

from fnmatch import fnmatchcase
from typing import Any

from simulator.applicationroles import APPLICATION_ROLES
from simulator.exchange import assignmentrows, errors, roleentries
from simulator.exchange.cmdlet import IDENTITY, SIZE, SWITCH, TEXT, TEXTS, Cmdlet, Parameter, Result, Row, Session
from simulator.exchange.organization import require_customization
from simulator.records import ManagementRole
from simulator.tenant import Tenant, new_id

Entry = tuple[str, str, tuple[str, ...]]
"""Role, cmdlet, parameters."""


def new_role(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-ManagementRole; the caller needs a delegating assignment of the parent (unverified)."""
    require_customization(session)
    tenant, name = session.tenant, bound["Name"]
    parent = roleentries.named(tenant, bound["Parent"])
    session.require_delegation(parent)
    if name.casefold() in (role.casefold() for role in roleentries.every(tenant)):
        raise errors.already_exists("Name", name, tenant.distinguished_name(name))
    offered = roleentries.entries(tenant, parent)
    wanted = [_cmdlet(offered, parent, each) for each in bound.get("EnabledCmdlets", offered)]
    role = ManagementRole(
        guid=new_id(),
        name=name,
        parent=parent,
        description=bound.get("Description", ""),
        entries={cmdlet: list(offered[cmdlet]) for cmdlet in wanted},
        created=tenant.now(),
    )
    tenant.management_roles.append(role)
    return Result([role.name], lambda made: _row(tenant, made))


def get_roles(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ManagementRole; `Application*` are all whose names begin so."""
    tenant, identity = session.tenant, bound.get("Identity", "*")
    roles = [roleentries.named(tenant, identity)] if "*" not in identity else roleentries.every(tenant)
    if "*" in identity:
        roles = [role for role in roles if _like(role, identity)]
    if "Cmdlet" in bound:
        wanted = {name.casefold() for name in bound.get("CmdletParameters", [])}
        allowing = {role for role, _, names in _entries(tenant, "*", bound["Cmdlet"]) if wanted <= _folded(names)}
        roles = [role for role in roles if role in allowing]
    return Result(roles, lambda role: _row(tenant, role))


def remove_role(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ManagementRole; refused while it is assigned, or another one was derived from it."""
    role = _own(session.tenant, bound["Identity"])
    given = [one.name for one in assignmentrows.every(session.tenant) if one.role == role.name]
    children = [one.name for one in session.tenant.management_roles if one.parent == role.name]
    if given or children:
        used = ", ".join([*given, *children])
        raise errors.invalid(f"The management role '{role.name}' can't be removed: it is used by {used}.")
    session.tenant.management_roles.remove(role)
    return Result()


def get_entries(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ManagementRoleEntry: role and cmdlet with a backslash between, * instead of either or in them."""
    tenant, identity = session.tenant, bound["Identity"]
    role, cmdlet = _split(identity)
    wanted = bound.get("Parameters", [])
    found = [
        entry
        for entry in _entries(tenant, role, cmdlet)
        if all(any(_like(name, pattern) for name in entry[2]) for pattern in wanted)
    ]
    if not found and "*" not in identity:
        raise errors.not_found(identity)
    return Result(found, _entry_row)


def add_entry(session: Session, bound: dict[str, Any]) -> Result:
    """Run Add-ManagementRoleEntry: what the parent has, whole or with fewer parameters."""
    role, cmdlet = _narrowed(session.tenant, bound["Identity"])
    offered = roleentries.entries(session.tenant, role.parent)
    cmdlet = _cmdlet(offered, role.parent, cmdlet)
    if cmdlet in role.entries and not bound.get("Overwrite"):
        raise errors.already_exists("role entry", f"{role.name}\\{cmdlet}", role.name)
    role.entries[cmdlet] = _parameters(offered[cmdlet], cmdlet, bound.get("Parameters", offered[cmdlet]))
    return Result()


def set_entry(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-ManagementRoleEntry: adds, removes or replaces the parameters of an entry."""
    role, name = _narrowed(session.tenant, bound["Identity"])
    cmdlet = _cmdlet(role.entries, role.name, name)
    if bound.get("AddParameter") and bound.get("RemoveParameter"):
        raise errors.unknown_parameters(["AddParameter", "RemoveParameter"])
    offered = roleentries.entries(session.tenant, role.parent)[cmdlet]
    given, now = _parameters(offered, cmdlet, bound.get("Parameters", [])), role.entries[cmdlet]
    if bound.get("AddParameter"):
        given = [*now, *(each for each in given if each not in now)]
    elif bound.get("RemoveParameter"):
        given = [each for each in now if each not in given]
    role.entries[cmdlet] = given
    return Result()


def remove_entry(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ManagementRoleEntry."""
    role, name = _narrowed(session.tenant, bound["Identity"])
    del role.entries[_cmdlet(role.entries, role.name, name)]
    return Result()


def _split(identity: str) -> tuple[str, str]:
    role, separator, cmdlet = identity.partition("\\")
    if not separator or not role or not cmdlet:
        raise errors.invalid(f"'{identity}' isn't the identity of a role entry: <management role>\\<role entry name>.")
    return role, cmdlet


def _entries(tenant: Tenant, role: str, cmdlet: str) -> list[Entry]:
    return [
        (name, entry, tuple(parameters))
        for name in roleentries.every(tenant)
        if _like(name, role)
        for entry, parameters in roleentries.entries(tenant, name).items()
        if _like(entry, cmdlet)
    ]


def _narrowed(tenant: Tenant, identity: str) -> tuple[ManagementRole, str]:
    """Return the derived role and the cmdlet that an entry's identity names.  Raises ExchangeError."""
    role, cmdlet = _split(identity)
    return _own(tenant, role), cmdlet


def _own(tenant: Tenant, identity: str) -> ManagementRole:
    name = roleentries.named(tenant, identity)
    own = roleentries.derived(tenant, name)
    if own is None:
        raise errors.invalid(f"The built-in management role '{name}' can't be changed.")
    return own


def _cmdlet(entries: Any, role: str, wanted: str) -> str:
    for cmdlet in entries:
        if cmdlet.casefold() == wanted.casefold():
            return str(cmdlet)
    raise errors.not_found(f"{role}\\{wanted}")


def _parameters(offered: tuple[str, ...], cmdlet: str, wanted: Any) -> list[str]:
    """Return the parameters as the parent spells them.  Raises ExchangeError for one that it does not have."""
    spelled = {name.casefold(): name for name in offered}
    missing = [name for name in wanted if name.casefold() not in spelled]
    if missing:
        raise errors.invalid(f"The parameter '{missing[0]}' of {cmdlet} isn't in the role entry of the parent role.")
    return [spelled[name.casefold()] for name in wanted]


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text.casefold(), pattern.casefold())


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}


def _row(tenant: Tenant, role: str) -> Row:
    own = roleentries.derived(tenant, role)
    permissions = (
        f"Permissions of applications: {', '.join(APPLICATION_ROLES[role])}" if role in APPLICATION_ROLES else ""
    )
    root = list(roleentries.ancestry(tenant, role))[-1]
    return {
        "Name": role,
        "RoleType": "".join(character for character in root if character.isalnum()),
        "Parent": own.parent if own else None,
        "Identity": role,
        "Id": role,
        "IsRootRole": own is None,
        "IsEndUserRole": False,
        "ImplicitRecipientReadScope": "Organization",
        "ImplicitRecipientWriteScope": "Organization",
        "Description": own.description if own else permissions,
        "IsValid": True,
    }


def _entry_row(entry: Entry) -> Row:
    role, cmdlet, parameters = entry
    return {
        "Name": cmdlet,
        "Role": role,
        "Identity": f"{role}\\{cmdlet}",
        "Id": f"{role}\\{cmdlet}",
        "Type": "Cmdlet",
        "PSSnapinName": "Microsoft.Exchange.Management.PowerShell.E2010",
        "Parameters": list(parameters),
        "IsValid": True,
    }


_ENTRY = {"Identity": IDENTITY, "Confirm": SWITCH, "Force": SWITCH, "Parameters": TEXTS}
_ON_PREMISES = ("PSSnapinName", "Type", "UnScopedTopLevel")

CMDLETS = [
    Cmdlet(
        "New-ManagementRole",
        new_role,
        {
            "Name": Parameter(required=True, longest=64),
            "Parent": IDENTITY,
            "Confirm": SWITCH,
            "Description": TEXT,
            "EnabledCmdlets": TEXTS,
            "Force": SWITCH,
        },
        "derived from another role, whole or with the cmdlets that are named; needs a delegating assignment of the parent "
        "(unverified); refused in a dehydrated organization",
    ),
    Cmdlet(
        "Get-ManagementRole",
        get_roles,
        {"Identity": TEXT, "Cmdlet": TEXT, "CmdletParameters": TEXTS},
        "the roles that matter here, and derived ones; which of Microsoft's roles allows which cmdlet is unverified",
        documented=("GetChildren", "Recurse", "RoleType", "Script", "ScriptParameters"),
    ),
    Cmdlet(
        "Remove-ManagementRole",
        remove_role,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Force": SWITCH},
        "derived ones; refused while it is assigned, or another one is derived from it",
        documented=("Recurse",),
        asks_first=True,
    ),
    Cmdlet(
        "Get-ManagementRoleEntry",
        get_entries,
        {"Identity": IDENTITY, "Parameters": TEXTS, "ResultSize": SIZE},
        "role\\cmdlet, with * in either; Parameters also with *",
        documented=("PSSnapinName", "Type"),
    ),
    Cmdlet(
        "Add-ManagementRoleEntry",
        add_entry,
        {**_ENTRY, "Overwrite": SWITCH},
        "to derived roles, of what the parent has",
        documented=("ParentRoleEntry", "Role", *_ON_PREMISES),
    ),
    Cmdlet(
        "Set-ManagementRoleEntry",
        set_entry,
        {**_ENTRY, "AddParameter": SWITCH, "RemoveParameter": SWITCH},
        "of derived roles; roles that were derived from it in turn keep what they have",
        documented=("UnScopedTopLevel",),
    ),
    Cmdlet(
        "Remove-ManagementRoleEntry",
        remove_entry,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Force": SWITCH},
        "of derived roles; roles that were derived from it in turn keep what they have",
        asks_first=True,
    ),
]
