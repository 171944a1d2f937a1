"""Steps of a runbook in the access model `policy`: the application access policy that keeps the application to the group.

Owns their PowerShell, done and undone, and the check at the end. A policy is never removed before another stands, and the way
back takes ours away only where a person has said that nothing is open without it: from Exchange nobody can see what an
application was granted in Entra.
"""

from collections.abc import Sequence

from microsoft365.exchange.actions import Action
from microsoft365.exchange.observed import Observed, Room
from microsoft365.exchange.powershell import Code, Value, call, literal
from microsoft365.exchange.runbook_frame import Step

FUNCTIONS = [
    "",
    "# The policies that keep the application to the group of the rooms.",
    "function Get-GoodPolicy {",
    "    if ($null -ne $Group) {",
    "        Get-AccessPolicy | Where-Object {",
    "            $_.AppId -eq $ClientId -and $_.AccessRight -eq 'RestrictAccess' -and",
    '            "$($_.Identity)" -like "*;$($Group.ExternalDirectoryObjectId)"',
    "        }",
    "    }",
    "}",
]
"""Needs Get-AccessPolicy and $Group."""


def create(action: Action) -> Step:
    """Return the step that makes the policy."""
    parameters: dict[str, Value] = {
        "AppId": Code("$ClientId"),
        "PolicyScopeGroupId": Code('"$($Group.Guid)"'),
        "AccessRight": "RestrictAccess",
        "Description": action.values["Description"],
        "Confirm": False,
    }
    return Step(
        f"Restrict the application {action.subject} to the group (application access policy)",
        [
            "if (@(Get-GoodPolicy).Count -gt 0) {",
            "    Write-Host 'The application access policy is there already.'",
            "}",
            "elseif (Confirm-Step 'Restrict the application to the group' $ClientId) {",
            f"    {call('New-ApplicationAccessPolicy', parameters)} | Out-Null",
            "    Wait-Until 'the application access policy' { @(Get-GoodPolicy).Count -gt 0 }",
            "}",
        ],
        [action],
        [
            '$Own = @(Get-GoodPolicy | Where-Object { (-split "$($_.Description)") -ccontains $Mark })',
            "if ($Own.Count -gt 0 -and -not $GrantRevoked) {",
            "    Write-Warning ('The application access policy stays: without it, an application that holds a permission for ' +",
            "        'calendars reads every calendar. Delete the application first (pulumi destroy), or see that it holds none, ' +",
            "        'and run this again with -Undo -Apply -GrantRevoked.')",
            "}",
            "else {",
            "    foreach ($Policy in $Own) {",
            "        if (Confirm-Step 'Remove the application access policy' \"$($Policy.Identity)\") {",
            f"            {_removal('$Policy')}",
            "        }",
            "    }",
            "}",
        ],
    )


def _removal(variable: str) -> str:
    return call("Remove-ApplicationAccessPolicy", {"Identity": Code(f'"$({variable}.Identity)"'), "Confirm": False})


def mark(action: Action, observed: Observed) -> Step:
    """Return the step that writes the mark into a policy's description."""
    former = next((one.description for one in observed.policies if one.identity == action.target), "")
    wanted = str(action.values["Description"])
    return Step(
        f"Write the mark into the description of the policy of {action.subject}",
        _description("Mark the application access policy", action.target, former, wanted),
        [action],
        _description("Put the former description of the policy back", action.target, wanted, former) if former else [],
    )


def _description(what: str, identity: str, former: str, wanted: str) -> list[str]:
    parameters: dict[str, Value] = {"Identity": identity, "Description": wanted, "Confirm": False}
    return [
        f'foreach ($Policy in @(Get-AccessPolicy | Where-Object {{ "$($_.Identity)" -eq {literal(identity)} }})) {{',
        f'    if ("$($Policy.Description)" -ceq {literal(former)}) {{',
        f"        if (Confirm-Step {literal(what)} {literal(identity)}) {{",
        f"            {call('Set-ApplicationAccessPolicy', parameters)}",
        "        }",
        "    }",
        "}",
    ]


def remove(actions: Sequence[Action]) -> Step:
    """Return the step that removes policies of ours whose group is gone: never while no other one stands."""
    return Step(
        f"Remove {'the policy' if len(actions) == 1 else f'{len(actions)} policies'} of this application whose group is not the "
        "rooms' group (any more)",
        [
            f"$LeftOver = {literal([action.target for action in actions])}",
            'foreach ($Policy in @(Get-AccessPolicy | Where-Object { $LeftOver -contains "$($_.Identity)" })) {',
            "    if (Confirm-Step 'Remove the application access policy' \"$($Policy.Identity)\") {",
            "        if (@(Get-GoodPolicy).Count -eq 0) {",
            "            throw 'No other policy restricts the application, so this one stays. Run this script again in some minutes.'",
            "        }",
            f"        {_removal('$Policy')}",
            "    }",
            "}",
        ],
        actions,
        undo_note="Nothing: their group is gone, so they cannot be made again, nor need be.",
    )


def check(room: Room | None) -> list[str]:
    """Return what ends the script: the group, the policies of the application, and what Exchange says of one room."""
    return [
        "$Group = Get-RoomsGroup",
        "if ($null -eq $Group) {",
        "    Write-Host 'Group: there is none.'",
        "}",
        "else {",
        "    Write-Host ('Group: {0}, {1} members' -f $Group.Name, (Get-MemberTable).Count)",
        "}",
        "$Policies = @(Get-AccessPolicy | Where-Object { $_.AppId -eq $ClientId })",
        "foreach ($Policy in $Policies) {",
        "    Write-Host ('Policy: {0}, group {1}, {2}' -f $Policy.AccessRight, $Policy.ScopeName, $Policy.Description)",
        "}",
        "$Stands = @(Get-GoodPolicy).Count -gt 0",
        "if (-not $Stands) {",
        "    Write-Warning 'No application access policy keeps this application to the group of the rooms.'",
        "}",
        *_test(room),
    ]


def _test(room: Room | None) -> list[str]:
    if room is None:
        return []
    test = call("Test-ApplicationAccessPolicy", {"Identity": room.guid, "AppId": Code("$ClientId")})
    return [
        "if ($Stands) {",
        f"    $Test = {test}",
        f"    Write-Host ('Exchange says of the room {{0}}: {{1}}' -f {literal(room.address)}, $Test.AccessCheckResult)",
        "}",
    ]
