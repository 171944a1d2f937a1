"""Get-ManagementRole: the management roles by name, or those that allow a cmdlet.

Source: Microsoft Learn, Get-ManagementRole; "Find the permissions required to run any Exchange cmdlet".
"""

from typing import Any

from simulator.applicationroles import APPLICATION_ROLES
from simulator.exchange import errors
from simulator.exchange.assignments import find_role
from simulator.exchange.cmdlet import TEXT, Cmdlet, Result, Row, Session
from simulator.exchange.roles import KNOWN_ROLES, OF_CMDLETS


def get_roles(_session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ManagementRole; `Application*` are all whose names begin so."""
    identity = bound.get("Identity", "*")
    roles = [find_role(identity)] if not identity.endswith("*") else list(KNOWN_ROLES)
    if identity.endswith("*"):
        roles = [role for role in roles if role.casefold().startswith(identity[:-1].casefold())]
    if "Cmdlet" in bound:
        allowing = {name.casefold(): allowed for name, allowed in OF_CMDLETS.items()}.get(bound["Cmdlet"].casefold())
        if allowing is None:
            raise errors.not_found(bound["Cmdlet"])
        roles = [role for role in roles if role in allowing]
    return Result(roles, _row)


def _row(role: str) -> Row:
    return {
        "Name": role,
        "RoleType": "".join(character for character in role if character.isalnum()),
        "Identity": role,
        "Id": role,
        "IsRootRole": True,
        "IsEndUserRole": False,
        "ImplicitRecipientReadScope": "Organization",
        "ImplicitRecipientWriteScope": "Organization",
        "Description": f"Permissions of applications: {', '.join(APPLICATION_ROLES[role])}"
        if role in APPLICATION_ROLES
        else "",
        "IsValid": True,
    }


CMDLETS = [
    Cmdlet(
        "Get-ManagementRole",
        get_roles,
        {"Identity": TEXT, "Cmdlet": TEXT},
        "the roles that matter here; which role allows which cmdlet is unverified",
        documented=("CmdletParameters", "GetChildren", "Recurse", "RoleType", "Script", "ScriptParameters"),
    )
]
