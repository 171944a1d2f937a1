"""Steps of a runbook that both access models take: the group of the rooms and its members.

Owns their PowerShell, done and undone. The way back never brings anybody into reach but a resource mailbox, and takes a group
away only while nothing uses it. Which actions there are is plan.py's; what a model has besides: runbook_policy.py,
runbook_rbac.py; the rooms themselves: runbook_rooms.py.
"""

from collections.abc import Mapping, Sequence

from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.members import FEW_CHANGES, FOREIGN, MEMBERS_IN_ONE_CALL
from microsoft365.exchange.observed import Group
from microsoft365.exchange.performing import NEW_GROUP
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.powershell import Code, Value, call, fold, folded, literal, table
from microsoft365.exchange.runbook_frame import Step

_NOTES_OF_GROUP = '"$($Group.Notes)"'
_GROUP = Code('"$($Group.Guid)"')
# Plan.actions of these kinds are one step, in this order.
MEMBER_KINDS = ("removeMember", "addMember")
_WITH_THE_GROUP = "Nothing: it goes with the group."


def functions(todo: Plan) -> list[str]:
    """Return the functions that find the group and its members."""
    known = (
        f'"$($_.Guid)" -eq {literal(todo.group.guid)}'
        if todo.group is not None
        else '(-split "$($_.Notes)") -ccontains $Mark'
    )
    how = "by its GUID" if todo.group is not None else "by the mark in its notes"
    listed = call("Get-Group", {"RecipientTypeDetails": "MailUniversalSecurityGroup", "ResultSize": Code("Unlimited")})
    members = call("Get-DistributionGroupMember", {"Identity": _GROUP, "ResultSize": Code("Unlimited")})
    return [
        "",
        f"# The group of the rooms, {how}; nothing where there is none.",
        "function Get-RoomsGroup {",
        f"    $Found = @({listed} |",
        f"        Where-Object {{ {known} }})",
        "    if ($Found.Count -gt 1) {",
        "        throw ('Several groups carry the mark {0}. Take it off the notes of all but one.' -f $Mark)",
        "    }",
        "    if ($Found.Count -eq 1) {",
        "        return $Found[0]",
        "    }",
        "}",
        "",
        "# The GUIDs of the group's direct members.",
        "function Get-MemberTable {",
        "    $Table = @{}",
        "    if ($null -ne $Group) {",
        f"        foreach ($Member in @({members})) {{",
        '            $Table["$($Member.Guid)"] = $true',
        "        }",
        "    }",
        "    return $Table",
        "}",
    ]


def looks(todo: Plan) -> list[str]:
    """Return the first look at the group."""
    if todo.group is None:
        return ["$Group = Get-RoomsGroup"]
    gone = (
        f"The group {todo.group.address} that this script is about does not exist any more. Nothing was changed; have a new "
        "script made: pulumi up"
    )
    return ["$Group = Get-RoomsGroup", "if ($null -eq $Group) {", f"    throw {literal(gone)}", "}"]


def values(todo: Plan) -> list[str]:
    """Return the arrays of members, which may be long."""
    if not any(action.kind in MEMBER_KINDS for action in todo.actions):
        return []
    lines: list[str] = []
    for kind, name, title in (
        ("removeMember", "Removals", "Members that are to be taken out of the group."),
        ("addMember", "Additions", "Rooms that are to be in the group."),
    ):
        rows = table(
            [{"Guid": action.target, "Name": action.subject} for action in todo.actions if action.kind == kind]
        )
        lines += ["", f"# {title}", f"${name} = {rows[0]}", *rows[1:]]
    return lines


def create(action: Action) -> Step:
    """Return the step that makes the group, with its first members."""
    parameters: dict[str, Value] = {**action.values, **NEW_GROUP, "Members": Code("$First"), "Confirm": False}
    seen = "{ $null -ne (Get-RoomsGroup) -and (Get-RoomsGroup).ExternalDirectoryObjectId }"
    return Step(
        f"Make the mail-enabled security group {action.subject}",
        [
            "if ($null -ne $Group) {",
            "    Write-Host 'The group is there already.'",
            "}",
            f"elseif (Confirm-Step 'Make the mail-enabled security group' {literal(action.subject)}) {{",
            "    $First = @($Additions | Where-Object { $RoomMailboxes.ContainsKey($_.Guid) } |",
            f"        Select-Object -First {MEMBERS_IN_ONE_CALL} | ForEach-Object {{ $_.Guid }})",
            "    if ($First.Count -eq 0) {",
            "        throw 'None of the rooms is a room mailbox any more. Nothing was changed; have a new script made: pulumi up'",
            "    }",
            f"    {call('New-DistributionGroup', parameters)} | Out-Null",
            f"    Wait-Until 'the group' {seen}",
            "    $Group = Get-RoomsGroup",
            "}",
        ],
        [action],
        remove_unused("$Group", literal(action.subject)),
    )


def remove_unused(group: str, name: str) -> list[str]:
    """Return what removes a group (a variable that holds it, or nothing) unless a policy or an assignment uses it."""
    parameters: dict[str, Value] = {"Identity": Code(f'"$({group}.Guid)"'), **FOREIGN}
    return [
        f"if ($null -eq {group}) {{",
        "    Write-Host 'The group is gone already.'",
        "}",
        "else {",
        f"    $Users = @(Get-GroupUser {group})",
        "    if ($Apply -and $Users.Count -gt 0) {",
        f"        Write-Warning ('The group {{0}} stays, since it is used by: {{1}}' -f {name}, ($Users -join ', '))",
        "    }",
        f"    elseif (Confirm-Step 'Remove the group, unless something uses it' {name}) {{",
        f"        {call('Remove-DistributionGroup', parameters)}",
        "    }",
        "}",
    ]


GROUP_USERS = [
    "",
    "# What uses a group: application access policies and role assignments, by name.",
    "function Get-GroupUser {",
    "    param($OfGroup)",
    '    Get-AccessPolicy | Where-Object { "$($_.Identity)" -like "*;$($OfGroup.ExternalDirectoryObjectId)" } |',
    '        ForEach-Object { "the policy of $($_.AppId)" }',
    f"    {call('Get-ManagementRoleAssignment', {})} | Where-Object {{",
    "        $_.RecipientWriteScope -eq 'Group' -and $_.CustomResourceScope -and $_.CustomResourceScope -eq $OfGroup.Name",
    '    } | ForEach-Object { "the role assignment $($_.Name)" }',
    "}",
]
"""Needs Get-AccessPolicy."""

ACCESS_POLICIES = [
    "",
    "# All application access policies. An organization that never had one answers that it finds none.",
    "function Get-AccessPolicy {",
    "    try {",
    f"        {call('Get-ApplicationAccessPolicy', {})}",
    "    }",
    "    catch {",
    "        if (-not (Test-NotFound $_)) {",
    "            throw",
    "        }",
    "    }",
    "}",
]


def mark(action: Action, group: Group) -> Step:
    """Return the step that writes the mark into the group's notes, which keep their other words."""
    wanted = str(action.values["Notes"])
    return Step(
        f"Write the mark into the notes of the group {group.name}",
        _notes("Mark the group", group.name, group.notes, wanted),
        [action],
        _notes("Put the former notes of the group back", group.name, wanted, group.notes),
    )


def _notes(what: str, name: str, former: str, wanted: str) -> list[str]:
    parameters: dict[str, Value] = {"Identity": _GROUP, "Notes": wanted, **FOREIGN}
    changed = f"The notes of the group {name} were changed since this script was made, and stay. Have a new script made: pulumi up"
    return [
        f"$Notes = {folded(_NOTES_OF_GROUP)}",
        f"if ($Notes -ceq {literal(fold(wanted))}) {{",
        "    Write-Host 'The notes of the group say so already.'",
        "}",
        f"elseif ($Notes -cne {literal(fold(former))}) {{",
        f"    Write-Warning {literal(changed)}",
        "}",
        f"elseif (Confirm-Step {literal(what)} {literal(name)}) {{",
        f"    {call('Set-Group', parameters)}",
        "}",
    ]


def update(action: Action, group: Group | None) -> Step:
    """Return the step that changes the group's settings; those of a group that is made here go with it."""
    title = f"Set {', '.join(action.values)} of the group {action.subject}"
    if group is None:
        return Step(title, _settings(title, action.values), [action], undo_note=_WITH_THE_GROUP)
    former: dict[str, Value] = {
        "Name": group.name,
        "DisplayName": group.name,
        "Alias": group.alias,
        "PrimarySmtpAddress": group.address,
        "HiddenFromAddressListsEnabled": group.hidden,
    }
    return Step(
        title,
        _settings(title, action.values),
        [action],
        _settings(
            f"Set the former values of the group {action.subject}", {name: former[name] for name in action.values}
        ),
    )


def _settings(what: str, wanted: Mapping[str, Value]) -> list[str]:
    parameters: dict[str, Value] = {"Identity": _GROUP, **wanted, **FOREIGN}
    differs = " -or ".join(_differs(name, value) for name, value in wanted.items())
    return [
        "if ($null -eq $Group) {",
        f"    Write-Host {literal('What if: ' + what)}",
        "}",
        "else {",
        f"    $Now = {call('Get-DistributionGroup', {'Identity': _GROUP})}",
        f"    if (-not ({differs})) {{",
        "        Write-Host 'The settings of the group are so already.'",
        "    }",
        f'    elseif (Confirm-Step {literal(what)} "$($Group.Name)") {{',
        f"        {call('Set-DistributionGroup', parameters)}",
        "    }",
        "}",
    ]


def _differs(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return f"$Now.{name} -ne {literal(value)}"
    # Letter case is all that may differ between two names of the same group; addresses have none.
    operator = "-cne" if name in ("Name", "DisplayName") else "-ne"
    return f'"$($Now.{name})" {operator} {literal(value)}'


def members(actions: Sequence[Action], desired: DesiredState, todo: Plan) -> Step:
    """Return the step that takes members out and puts rooms in."""
    outs = [action for action in actions if action.kind == "removeMember"]
    ins = [action for action in actions if action.kind == "addMember"]
    parts = [f"take {_counted(len(outs), 'member')} out of the group"] if outs else []
    parts += [f"have {_counted(len(ins), 'room')} in the group"] if ins else []
    title = " and ".join(parts)
    whole = (
        desired.rooms_group.members == "exact"
        and len(actions) > FEW_CHANGES
        and len(todo.group.members if todo.group else ()) + len(ins) <= MEMBERS_IN_ONE_CALL
    )
    do = [
        "$Members = Get-MemberTable",
        "foreach ($Room in @($Additions | Where-Object { -not $RoomMailboxes.ContainsKey($_.Guid) })) {",
        "    Write-Warning ('{0} is no room mailbox any more, and is left out.' -f $Room.Name)",
        "}",
        "$Out = @($Removals | Where-Object { $Members.ContainsKey($_.Guid) })",
        "$In = @($Additions | Where-Object { $RoomMailboxes.ContainsKey($_.Guid) -and -not $Members.ContainsKey($_.Guid) })",
        "if ($Out.Count + $In.Count -eq 0) {",
        "    Write-Host 'The members of the group are so already.'",
        "}",
        *(_whole() if whole else _one_by_one("$Out", "$In")),
    ]
    title = title[0].upper() + title[1:]
    if todo.group is None:
        return Step(title, do, actions, undo_note=_WITH_THE_GROUP)
    return Step(title, do, actions, _members_back())


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _members_back() -> list[str]:
    """Return what takes the rooms out again, and puts back those who were taken out, as far as they are resources."""
    return [
        "$Members = Get-MemberTable",
        "foreach ($Member in @($Removals | Where-Object { -not $RoomMailboxes.ContainsKey($_.Guid) })) {",
        "    Write-Warning ('{0} is no room, and is not put back into reach. If it is meant, do it by hand.' -f $Member.Name)",
        "}",
        "$Out = @($Additions | Where-Object { $Members.ContainsKey($_.Guid) })",
        "$In = @($Removals | Where-Object { $RoomMailboxes.ContainsKey($_.Guid) -and -not $Members.ContainsKey($_.Guid) })",
        "if ($Out.Count + $In.Count -eq 0) {",
        "    Write-Host 'The members of the group are as they were already.'",
        "}",
        *_one_by_one("$Out", "$In"),
    ]


def _whole() -> list[str]:
    parameters: dict[str, Value] = {"Identity": _GROUP, "Members": Code("@($Members.Keys)"), **FOREIGN}
    return [
        "elseif (Confirm-Step ('Take {0} out of the group and put {1} in' -f $Out.Count, $In.Count) 'Update-DistributionGroupMember') {",
        "    # One call for the whole list: whoever is a member now stays, but for those that are to go.",
        "    foreach ($Member in $Out) {",
        "        $Members.Remove($Member.Guid)",
        "    }",
        "    foreach ($Room in $In) {",
        "        $Members[$Room.Guid] = $true",
        "    }",
        "    if ($Members.Count -eq 0) {",
        "        throw 'The group would be empty. Nothing was changed.'",
        "    }",
        f"    {call('Update-DistributionGroupMember', parameters)}",
        "}",
    ]


def _one_by_one(outs: str, ins: str) -> list[str]:
    lines: list[str] = []
    for variable, what, cmdlet in (
        (outs, "Take out of the group", "Remove-DistributionGroupMember"),
        (ins, "Put into the group", "Add-DistributionGroupMember"),
    ):
        parameters: dict[str, Value] = {"Identity": _GROUP, "Member": Code("$Member.Guid"), **FOREIGN}
        lines += [
            f"foreach ($Member in {variable}) {{",
            "    Write-Progress -Activity 'Members of the group' -Status $Member.Name",
            f"    if (Confirm-Step {literal(what)} $Member.Name) {{",
            f"        {call(cmdlet, parameters)}",
            "    }",
            "}",
        ]
    return lines
