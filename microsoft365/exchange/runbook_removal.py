"""The runbook that ends a stack: what its restriction consisted of, as a PowerShell script that takes it away. Pure.

Owns its steps, in the order of the removal over REST (calendar processing, restriction, group), each with a look at whether
somebody else has begun to use the thing since. What may go: ending.py.
"""

from collections.abc import Sequence
from datetime import datetime

from microsoft365 import marks
from microsoft365.connection import Connection
from microsoft365.exchange import runbook_group, runbook_rbac, runbook_rooms
from microsoft365.exchange.desired import Access
from microsoft365.exchange.ending import Ending
from microsoft365.exchange.members import FOREIGN
from microsoft365.exchange.observed import MICROSOFTS_DEFAULTS, Group, Policy
from microsoft365.exchange.powershell import Code, Value, call, fold, folded, literal, table
from microsoft365.exchange.rbac_observed import Assignment, Principal, Scope
from microsoft365.exchange.runbook_frame import Script, Step, written

_AFTER = "Nothing else is to be done."
_NOTES = (
    "there is no way back by a script: pulumi up makes everything anew for a new application.",
    "Microsoft Graph was asked when this script was made: no application holds a permission that would be open without it.",
)


def file_name(mark: str) -> str:
    """Return the name of the script that ends a stack."""
    return f"remove-{mark.rpartition('/')[2]}.ps1"


def render_removal(
    found: Ending, connection: Connection, mark: str, access: Access, roles: str, made_at: datetime
) -> str:
    """Return the script that takes away what may go."""
    rooms: list[str] = []
    if found.rooms:
        rows = table([{"Guid": guid, "Name": guid} for guid in found.rooms])
        rooms = ["", "# Rooms that the restriction held.", f"$Calendars = {rows[0]}", *rows[1:]]
    return written(
        Script(
            name=file_name(mark),
            purpose=f"takes away what kept an application to the rooms that is gone (access model {access}).",
            connection=connection,
            mark=mark,
            client_id=None,
            made_at=made_at,
            roles=roles,
            values=rooms,
            functions=[*runbook_group.ACCESS_POLICIES, *runbook_group.GROUP_USERS],
            looks=runbook_rooms.ROOM_MAILBOXES if found.rooms else [],
            steps=_steps(found),
            check=_check(found),
            after=_AFTER,
            not_before=found.not_before,
            notes=_NOTES,
        )
    )


def _steps(found: Ending) -> list[Step]:
    steps = [runbook_rooms.reset_calendars(len(found.rooms), MICROSOFTS_DEFAULTS)] if found.rooms else []
    steps += [_policies(found.policies)] if found.policies else []
    steps += [_assignments(found.assignments)] if found.assignments else []
    steps += [_scopes(found.scopes)] if found.scopes else []
    steps += [_principal(one) for one in found.principals]
    return steps + [_group(group) for group in found.groups]


def _policies(policies: Sequence[Policy]) -> Step:
    parameters: dict[str, Value] = {"Identity": Code('"$($Policy.Identity)"'), "Confirm": False}
    applications = ", ".join(one.app_id for one in policies)
    return Step(
        f"Remove the application access policies of applications that are gone: {applications}",
        [
            f"$Gone = {literal([one.identity for one in policies])}",
            'foreach ($Policy in @(Get-AccessPolicy | Where-Object { $Gone -contains "$($_.Identity)" })) {',
            "    if (Confirm-Step 'Remove the application access policy' \"$($Policy.Identity)\") {",
            f"        {call('Remove-ApplicationAccessPolicy', parameters)}",
            "    }",
            "}",
        ],
    )


def _assignments(assignments: Sequence[Assignment]) -> Step:
    listed = call("Get-ManagementRoleAssignment", {})
    return Step(
        f"Remove the role assignments {', '.join(one.name for one in assignments)}",
        [
            f"$Gone = {literal([one.guid for one in assignments])}",
            *runbook_rbac.remove_assignments(f'@({listed} | Where-Object {{ $Gone -contains "$($_.Guid)" }})'),
        ],
    )


def _scopes(scopes: Sequence[Scope]) -> Step:
    listed = call("Get-ManagementScope", {})
    return Step(
        f"Remove the management scopes {', '.join(one.name for one in scopes)}, unless somebody else uses them",
        [
            f"$Gone = {literal([one.guid for one in scopes])}",
            *runbook_rbac.remove_scope(f'@({listed} | Where-Object {{ $Gone -contains "$($_.Guid)" }})'),
        ],
    )


def _principal(principal: Principal) -> Step:
    of = literal(principal.object_id)
    removal = call("Remove-ServicePrincipal", {"Identity": principal.object_id, "Confirm": False})
    # Where Exchange has forgotten it by itself, its assignments cannot be asked for, and are gone as well.
    return Step(
        f"Remove the service principal {principal.object_id} from Exchange, unless it has a role",
        [
            f'foreach ($Principal in @({call("Get-ServicePrincipal", {})} | Where-Object {{ "$($_.ObjectId)" -eq {of} }})) {{',
            f"    $Roles = @({call('Get-ManagementRoleAssignment', {'RoleAssignee': principal.object_id})})",
            "    if ($Apply -and $Roles.Count -gt 0) {",
            "        Write-Warning ('The service principal stays: it has the role assignment {0}.' -f $Roles[0].Name)",
            "    }",
            f"    elseif (Confirm-Step 'Remove the service principal from Exchange' {of}) {{",
            f"        {removal}",
            "    }",
            "}",
        ],
    )


def _group(group: Group) -> Step:
    listed = call("Get-Group", {"RecipientTypeDetails": "MailUniversalSecurityGroup", "ResultSize": Code("Unlimited")})
    look = [
        "$OldGroup = $null",
        f'foreach ($Found in @({listed} | Where-Object {{ "$($_.Guid)" -eq {literal(group.guid)} }})) {{',
        "    $OldGroup = $Found",
        "}",
    ]
    if group.mark is None or not group.mark.adopted:
        title = f"Remove the group {group.address}, unless something uses it"
        return Step(title, [*look, *runbook_group.remove_unused("$OldGroup", literal(group.address))])
    notes = folded('"$($OldGroup.Notes)"')
    parameters: dict[str, Value] = {"Identity": group.guid, "Notes": marks.take_off(group.notes), **FOREIGN}
    return Step(
        f"Take the mark off the notes of the group {group.address}, which was adopted and stays",
        [
            *look,
            f"if ($null -ne $OldGroup -and {notes} -ceq {literal(fold(group.notes))}) {{",
            f"    if (Confirm-Step 'Take the mark off the notes of the group' {literal(group.address)}) {{",
            f"        {call('Set-Group', parameters)}",
            "    }",
            "}",
        ],
    )


def _check(found: Ending) -> list[str]:
    """Return what ends the script. What restricted an application must be gone; what others use may stay, and is named above."""
    lines = ["$Left = @()"]
    if found.policies:
        lines += [
            f"$Gone = {literal([one.identity for one in found.policies])}",
            '$Left = $Left + @(Get-AccessPolicy | Where-Object { $Gone -contains "$($_.Identity)" } |',
            '    ForEach-Object { "the policy $($_.Identity)" })',
        ]
    if found.assignments:
        listed = call("Get-ManagementRoleAssignment", {})
        lines += [
            f"$Gone = {literal([one.guid for one in found.assignments])}",
            f'$Left = $Left + @({listed} | Where-Object {{ $Gone -contains "$($_.Guid)" }} |',
            '    ForEach-Object { "the role assignment $($_.Name)" })',
        ]
    return [
        *lines,
        "foreach ($One in $Left) {",
        "    Write-Host ('Still there: {0}' -f $One)",
        "}",
        "$Stands = $Left.Count -eq 0",
    ]
