"""Steps of a runbook in the access model `rbac`: service principal in Exchange, management scope, role assignment.

Owns their PowerShell, done and undone, and the check at the end. No assignment is made or left without a scope, and the way
back never widens one beyond resource mailboxes.
"""

from collections.abc import Mapping, Sequence

from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Room
from microsoft365.exchange.powershell import Code, Value, call, literal
from microsoft365.exchange.rbac_names import assignment_name, base_name
from microsoft365.exchange.rbac_observed import Rbac, Scope
from microsoft365.exchange.runbook_frame import Step

# Exchange may take a while to make an organization one that takes scopes; Microsoft names no time.
_CUSTOMIZATION_ATTEMPTS = 120


def values(desired: DesiredState) -> list[str]:
    """Return the names and ids that the steps use."""
    principal = desired.application.service_principal_id or ""
    return [
        "# The enterprise application's object id, by which Exchange knows who gets a role.",
        f"$ServicePrincipalId = {literal(principal)}",
        f"$ScopeName = {literal(base_name(desired.mark))}",
        f"$AssignmentName = {literal(assignment_name(desired.mark, principal or None))}",
    ]


FUNCTIONS = [
    "",
    "# Exchange's copy of the application's service principal; nothing where there is none.",
    "function Get-OwnPrincipal {",
    f'    {call("Get-ServicePrincipal", {})} | Where-Object {{ "$($_.ObjectId)" -eq $ServicePrincipalId }}',
    "}",
    "",
    "# The management scope of the rooms.",
    "function Get-RoomsScope {",
    f"    {call('Get-ManagementScope', {})} | Where-Object {{ $_.Name -eq $ScopeName }}",
    "}",
    "",
    "# Every role that the application has in Exchange.",
    "function Get-OwnAssignment {",
    "    if (@(Get-OwnPrincipal).Count -gt 0) {",
    f"        {call('Get-ManagementRoleAssignment', {'RoleAssignee': Code('$ServicePrincipalId')})}",
    "    }",
    "}",
    "",
    "# Whether a scope or a group narrows a role assignment; whatever is not known to narrow it does not.",
    "function Test-Narrowed {",
    "    param($Assignment)",
    "    return $Assignment.CustomResourceScope -and (",
    "        $Assignment.RecipientWriteScope -eq 'Group' -or \"$($Assignment.RecipientWriteScope)\" -like 'Custom*')",
    "}",
]


def customize(action: Action) -> Step:
    """Return the step that lets the organization take scopes and assignments of its own."""
    look = f"({call('Get-OrganizationConfig', {})}).IsDehydrated"
    return Step(
        "Run Enable-OrganizationCustomization: the organization was never customized, and takes no scopes before it is",
        [
            f"if (-not {look}) {{",
            "    Write-Host 'The organization is customized already.'",
            "}",
            "elseif (Confirm-Step 'Run Enable-OrganizationCustomization, which cannot be undone' $TenantId) {",
            f"    {call('Enable-OrganizationCustomization', {'Confirm': False})}",
            f"    Wait-Until 'the organization as customized' {{ -not {look} }} {_CUSTOMIZATION_ATTEMPTS}",
            "}",
        ],
        [action],
        undo_note="Nothing: it cannot be undone, and need not be.",
    )


def create_principal(action: Action) -> Step:
    """Return the step that makes the service principal known to Exchange."""
    parameters: dict[str, Value] = {
        "AppId": Code("$ClientId"),
        "ObjectId": Code("$ServicePrincipalId"),
        "DisplayName": action.values["DisplayName"],
        "Confirm": False,
    }
    return Step(
        f"Make the service principal of {action.subject} known to Exchange",
        [
            "if (@(Get-OwnPrincipal).Count -gt 0) {",
            "    Write-Host 'Exchange knows the service principal already.'",
            "}",
            "elseif (Confirm-Step 'Make the service principal known to Exchange' $ServicePrincipalId) {",
            f"    {call('New-ServicePrincipal', parameters)} | Out-Null",
            "    Wait-Until 'the service principal' { @(Get-OwnPrincipal).Count -gt 0 }",
            "}",
        ],
        [action],
        [
            "$Roles = @(Get-OwnAssignment | Where-Object { $_.Name -ne $AssignmentName })",
            "if ($Roles.Count -gt 0) {",
            "    Write-Warning ('The service principal stays: it has the role assignment {0}.' -f $Roles[0].Name)",
            "}",
            "elseif (@(Get-OwnPrincipal).Count -gt 0) {",
            "    if (Confirm-Step 'Remove the service principal from Exchange; Entra keeps it' $ServicePrincipalId) {",
            f"        {call('Remove-ServicePrincipal', {'Identity': Code('$ServicePrincipalId'), 'Confirm': False})}",
            "    }",
            "}",
        ],
    )


def mark_principal(action: Action, rbac: Rbac) -> Step:
    """Return the step that names Exchange's service principal by the mark."""
    wanted = str(action.values["DisplayName"])
    former = rbac.principal.display_name if rbac.principal is not None else ""
    return Step(
        f"Name the service principal in Exchange {wanted}",
        _named("Name the service principal in Exchange", wanted),
        [action],
        _named("Put the former name of the service principal back", former) if former else [],
    )


def _named(what: str, wanted: str) -> list[str]:
    parameters: dict[str, Value] = {"Identity": Code("$ServicePrincipalId"), "DisplayName": wanted, "Confirm": False}
    return [
        f"foreach ($Principal in @(Get-OwnPrincipal | Where-Object {{ $_.DisplayName -cne {literal(wanted)} }})) {{",
        f"    if (Confirm-Step {literal(what)} {literal(wanted)}) {{",
        f"        {call('Set-ServicePrincipal', parameters)}",
        "    }",
        "}",
    ]


def remove_principal(action: Action) -> Step:
    """Return the step that takes another application's former service principal out of Exchange."""
    parameters: dict[str, Value] = {"Identity": action.target, "Confirm": False}
    return Step(
        f"Remove the former service principal {action.target} from Exchange",
        [
            f"foreach ($Principal in @({call('Get-ServicePrincipal', {})} |",
            f'    Where-Object {{ "$($_.ObjectId)" -eq {literal(action.target)} }})) {{',
            f"    if (Confirm-Step 'Remove the former service principal from Exchange' {literal(action.target)}) {{",
            f"        {call('Remove-ServicePrincipal', parameters)}",
            "    }",
            "}",
        ],
        [action],
        undo_note="Nothing: it stood for an enterprise application that is not this one's any more.",
    )


def create_scope(action: Action) -> Step:
    """Return the step that makes the management scope."""
    parameters: dict[str, Value] = {**action.values, "Confirm": False}
    return Step(
        f"Make the management scope {action.subject}",
        [
            "if (@(Get-RoomsScope).Count -gt 0) {",
            "    Write-Host 'The management scope is there already.'",
            "}",
            "elseif (Confirm-Step 'Make the management scope' $ScopeName) {",
            f"    {call('New-ManagementScope', parameters)} | Out-Null",
            "    Wait-Until 'the management scope' { @(Get-RoomsScope).Count -gt 0 }",
            "}",
        ],
        [action],
        remove_scope("@(Get-RoomsScope)"),
    )


def remove_scope(scopes: str) -> list[str]:
    """Return what removes scopes, but for those that an assignment uses."""
    parameters: dict[str, Value] = {"Identity": Code('"$($Scope.Guid)"'), "Confirm": False}
    return [
        f"foreach ($Scope in {scopes}) {{",
        f"    $Users = @({call('Get-ManagementRoleAssignment', {})} | Where-Object {{",
        "        $_.RecipientWriteScope -ne 'Group' -and $_.CustomResourceScope -and $_.CustomResourceScope -eq $Scope.Name",
        "    })",
        "    if ($Apply -and $Users.Count -gt 0) {",
        "        Write-Warning ('The management scope {0} stays: the role assignment {1} uses it.' -f $Scope.Name, $Users[0].Name)",
        "    }",
        "    elseif (Confirm-Step 'Remove the management scope' $Scope.Name) {",
        f"        {call('Remove-ManagementScope', parameters)}",
        "    }",
        "}",
    ]


def change_scope(action: Action, rbac: Rbac) -> Step:
    """Return the step that changes the scope's name or filter. The former filter comes back only if it held resources alone."""
    scope = next(one for one in rbac.scopes if one.guid == action.target)
    former: dict[str, Value] = {}
    if "Name" in action.values:
        former["Name"] = scope.name
    if "RecipientRestrictionFilter" in action.values and scope.holds_resources_alone:
        former["RecipientRestrictionFilter"] = scope.text
    note = ""
    if len(former) < len(action.values):
        note = (
            "The former filter is not put back, since it is not known to hold resource mailboxes alone; by hand, if it is "
            f"meant: {scope.text}"
        )
    return Step(
        f"Change the management scope {action.subject}",
        _changed_scope("Change the management scope", action.target, scope, action.values),
        [action],
        _changed_scope("Put the former management scope back", action.target, None, former) if former else [],
        note,
    )


def _changed_scope(what: str, guid: str, former: Scope | None, values: Mapping[str, Value]) -> list[str]:
    """Return what changes a scope; where its former state is given, only while it is in it."""
    parameters: dict[str, Value] = {"Identity": guid, **values, "Confirm": False}
    still = ""
    if former is not None:
        # Exchange writes a filter in its own way: what tells is whether it is still what was to be changed.
        still = f' -and $_.Name -ceq {literal(former.name)} -and "$($_.RecipientFilter)" -ceq {literal(former.text)}'
    return [
        f"foreach ($Scope in @({call('Get-ManagementScope', {})} |",
        f'    Where-Object {{ "$($_.Guid)" -eq {literal(guid)}{still} }})) {{',
        f"    if (Confirm-Step {literal(what)} $Scope.Name) {{",
        f"        {call('Set-ManagementScope', parameters)}",
        "    }",
        "}",
    ]


def create_assignment(action: Action, desired: DesiredState) -> Step:
    """Return the step that gives the application its role, over the rooms and nothing else."""
    narrowed = _narrowed(desired)
    title = f"Give the application the role {action.values['Role']} over the rooms"
    parameters: dict[str, Value] = {
        "Name": Code("$AssignmentName"),
        "Role": action.values["Role"],
        "App": Code("$ServicePrincipalId"),
        **narrowed,
        "Confirm": False,
    }
    return Step(
        title,
        [
            "if (@(Get-OwnAssignment | Where-Object { $_.Name -eq $AssignmentName }).Count -gt 0) {",
            "    Write-Host 'The role assignment is there already.'",
            "}",
            f"elseif (Confirm-Step {literal(title)} $AssignmentName) {{",
            *_scope_there(desired),
            f"    {call('New-ManagementRoleAssignment', parameters)} | Out-Null",
            "    Wait-Until 'the role assignment' { @(Get-OwnAssignment | Where-Object { $_.Name -eq $AssignmentName }).Count -gt 0 }",
            "}",
        ],
        [action],
        remove_assignments("@(Get-OwnAssignment | Where-Object { $_.Name -eq $AssignmentName })"),
    )


def _narrowed(desired: DesiredState) -> dict[str, Value]:
    if desired.uses_group:
        return {"RecipientGroupScope": Code('"$($Group.Guid)"')}
    return {"CustomResourceScope": Code('"$($Scope.Guid)"')}


def _scope_there(desired: DesiredState) -> list[str]:
    """Return what sees that there is something that narrows the assignment, before it is made or pointed at it."""
    variable = "$Group" if desired.uses_group else "$Scope"
    look = [] if desired.uses_group else ["    $Scope = Get-RoomsScope"]
    return [
        *look,
        f'    if ($null -eq {variable} -or -not "$({variable}.Guid)") {{',
        "        throw 'There is no scope, and an assignment without one reaches every mailbox. Nothing was assigned.'",
        "    }",
    ]


def change_assignment(action: Action, desired: DesiredState) -> Step:
    """Return the step that points our assignment at the rooms again, or enables it."""
    parameters: dict[str, Value] = {"Identity": action.target}
    wrong: list[str] = []
    there: list[str] = []
    if "scope" in action.values:
        parameters |= _narrowed(desired)
        there = _scope_there(desired)
        wrong.append("$_.CustomResourceScope -ne " + ("$Group.Name" if desired.uses_group else "$ScopeName"))
    if "Enabled" in action.values:
        parameters["Enabled"] = True
        wrong.append("-not $_.Enabled")
    parameters["Confirm"] = False
    return Step(
        f"Change the role assignment {action.subject}",
        [
            "foreach ($Assignment in @(Get-OwnAssignment | Where-Object {",
            f'    "$($_.Guid)" -eq {literal(action.target)} -and ({" -or ".join(wrong)}) }})) {{',
            "    if (Confirm-Step 'Change the role assignment' $Assignment.Name) {",
            *(f"    {line}" for line in there),
            f"        {call('Set-ManagementRoleAssignment', parameters)}",
            "    }",
            "}",
        ],
        [action],
        undo_note="Nothing: a script does not point it at anything else than the rooms. What it was stands above, as the reason.",
    )


def remove_stale(actions: Sequence[Action]) -> Step:
    """Return the step that removes assignments that carry a mark of ours and are replaced."""
    targets = literal([action.target for action in actions])
    return Step(
        f"Remove {'a role assignment that was' if len(actions) == 1 else f'{len(actions)} role assignments that were'} replaced",
        [
            f"$LeftOver = {targets}",
            *remove_assignments(
                f'@({call("Get-ManagementRoleAssignment", {})} | Where-Object {{ $LeftOver -contains "$($_.Guid)" }})'
            ),
        ],
        actions,
        undo_note="Nothing: they were replaced.",
    )


def remove_assignments(assignments: str) -> list[str]:
    """Return what removes role assignments."""
    parameters: dict[str, Value] = {"Identity": Code('"$($Assignment.Guid)"'), "Confirm": False}
    return [
        f"foreach ($Assignment in {assignments}) {{",
        "    if (Confirm-Step 'Remove the role assignment' $Assignment.Name) {",
        f"        {call('Remove-ManagementRoleAssignment', parameters)}",
        "    }",
        "}",
    ]


def check(desired: DesiredState, room: Room | None) -> list[str]:
    """Return what ends the script: what the application has in Exchange, and what Exchange says of one room."""
    group = [
        "$Group = Get-RoomsGroup",
        "if ($null -ne $Group) {",
        "    Write-Host ('Group: {0}, {1} members' -f $Group.Name, (Get-MemberTable).Count)",
        "}",
    ]
    scope = [
        "foreach ($Scope in @(Get-RoomsScope)) {",
        "    Write-Host ('Management scope: {0}: {1}' -f $Scope.Name, $Scope.RecipientFilter)",
        "}",
    ]
    return [
        *(group if desired.uses_group else scope),
        "$Assignments = @(Get-OwnAssignment)",
        "foreach ($Assignment in $Assignments) {",
        "    Write-Host ('Role assignment: {0}: {1} over {2} {3}' -f",
        "        $Assignment.Name, $Assignment.Role, $Assignment.RecipientWriteScope, $Assignment.CustomResourceScope)",
        "    if (-not (Test-Narrowed $Assignment)) {",
        "        Write-Warning ('The role assignment {0} is not narrowed: it reaches every mailbox.' -f $Assignment.Name)",
        "    }",
        "}",
        "$Stands = $Assignments.Count -eq 1 -and (Test-Narrowed $Assignments[0]) -and $Assignments[0].Name -eq $AssignmentName",
        "if (-not $Stands) {",
        "    Write-Warning 'The application does not have exactly the one role assignment over the rooms.'",
        "}",
        *_test(room),
    ]


def _test(room: Room | None) -> list[str]:
    if room is None:
        return []
    test = call("Test-ServicePrincipalAuthorization", {"Identity": Code("$ServicePrincipalId"), "Resource": room.guid})
    return [
        "if ($Stands) {",
        f"    foreach ($Test in @({test})) {{",
        f"        Write-Host ('Exchange says of the room {{0}}: {{1}}, in scope: {{2}}' -f {literal(room.address)}, $Test.RoleName, $Test.InScope)",
        "    }",
        "}",
    ]
