"""The role group that docs/permissions/roomz-role-group.ps1 makes, by the cmdlets that it runs.

Owns no choice of rights: they are handed in. `run` runs a cmdlet as an administrator with its parameters.
"""

from collections.abc import Callable, Iterable
from typing import Any

from microsoft365.exchange.rights import APPLICATION_ROLE, Right

Run = Callable[..., list[dict[str, Any]]]
NAME = "ROOMZ deployers"


def make(run: Run, principal_id: str, rights: Iterable[Right], *, delegating: bool) -> None:
    """Make derived roles with these cmdlets and parameters alone, and the group with one service principal in it."""
    by_role: dict[str, list[Right]] = {}
    for right in rights:
        by_role.setdefault(right.role, []).append(right)
    for role, own in by_role.items():
        run("New-ManagementRole", Name=f"{NAME} {role}", Parent=role, EnabledCmdlets=[one.cmdlet for one in own])
        for one in own:
            run("Set-ManagementRoleEntry", Identity=entry(one), Parameters=[*one.parameters])
    run("New-RoleGroup", Name=NAME, Roles=[f"{NAME} {role}" for role in by_role], Members=[principal_id])
    if delegating:
        delegate(run)


def delegate(run: Run) -> None:
    """Let it assign the role that the application gets."""
    run("New-ManagementRoleAssignment", SecurityGroup=NAME, Role=APPLICATION_ROLE, Delegating=True)


def give(run: Run, right: Right) -> None:
    """Give it one cmdlet more."""
    role = f"{NAME} {right.role}"
    if run("Get-ManagementRole", Identity=f"{role}*"):
        run("Add-ManagementRoleEntry", Identity=entry(right), Parameters=[*right.parameters])
        return
    run("New-ManagementRole", Name=role, Parent=right.role, EnabledCmdlets=[right.cmdlet])
    run("Set-ManagementRoleEntry", Identity=entry(right), Parameters=[*right.parameters])
    run("New-ManagementRoleAssignment", SecurityGroup=NAME, Role=role)


def entry(right: Right) -> str:
    """The identity of the role entry of a cmdlet."""
    return f"{NAME} {right.role}\\{right.cmdlet}"
