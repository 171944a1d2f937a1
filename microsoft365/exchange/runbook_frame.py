"""What every runbook has around its steps: header, parameters, the tenant that is meant, how a step is asked for, the end.

Owns what makes a script safe to be handed to somebody: run as it is it shows what it would do and changes nothing; it goes on
in one tenant only; it stops at the first error. Owns no step. Why it is so: docs/decisions/0011.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from microsoft365.connection import Connection, Environment
from microsoft365.exchange.actions import Action
from microsoft365.exchange.powershell import indented, literal, remark, remarks
from microsoft365.marks import TIME_FORMAT

MODULE = "ExchangeOnlineManagement"
# The first with Get-ConnectionInformation, which tells the tenant.
MODULE_VERSION = "3.0.0"
# Connect-ExchangeOnline, -ExchangeEnvironmentName.
_ENVIRONMENTS: Mapping[Environment, str] = {
    "public": "O365Default",
    "global": "O365Default",
    "usgovernment": "O365USGovGCCHigh",
    "usgovernmentl4": "O365USGovGCCHigh",
    "usgovernmentl5": "O365USGovDoD",
    "dod": "O365USGovDoD",
    "china": "O365China",
}
# Actions of a kind that are named one by one at the top of a script; the rest stand in its arrays.
_MOST_LISTED = 5
# Windows PowerShell and its editors are at home with these.
LINE_END = "\r\n"


@dataclass(frozen=True)
class Step:
    """One step of a script: what it is called, the actions behind it, how it is done, and how it is undone.

    `undo` is empty where there is nothing to undo, or nothing that a script may undo; `undo_note` then says why.
    """

    title: str
    do: Sequence[str]
    actions: Sequence[Action] = ()
    undo: Sequence[str] = ()
    undo_note: str = ""


@dataclass(frozen=True, kw_only=True)
class Script:
    """Everything of a script but its frame.

    `values` are set before anything else, `functions` and `looks` are PowerShell of our own, `check` ends it and sets
    $Stands to whether what it is about stands.
    """

    name: str
    purpose: str
    connection: Connection
    mark: str
    client_id: str | None
    made_at: datetime
    roles: str
    values: Sequence[str] = ()
    functions: Sequence[str] = ()
    looks: Sequence[str] = ()
    steps: Sequence[Step] = ()
    check: Sequence[str] = ()
    after: str
    """What is to be done once it has run."""
    grant_revoked: bool = False
    """Whether the way back takes a restriction away, and so needs to be told that nothing is open without it."""
    not_before: datetime | None = None
    notes: Sequence[str] = field(default=())

    @property
    def has_way_back(self) -> bool:
        """True where something can be undone."""
        return any(step.undo or step.undo_note for step in self.steps)


def written(script: Script) -> str:
    """Return the whole script: ASCII, with the line ends of Windows."""
    lines = [
        *_header(script),
        "",
        *_parameters(script),
        "",
        *_settings(script),
        "",
        *_FUNCTIONS,
        *script.functions,
        "",
        *_connect(script),
        "",
        *_time(script),
        *script.looks,
        "",
        *_steps(script),
        "",
        "# ---- The check: what stands now " + "-" * 87,
        "$Stands = $false",
        *script.check,
        *_end(script),
    ]
    return LINE_END.join(lines) + LINE_END


def moment(at: datetime) -> str:
    """Return a moment as scripts name it."""
    return at.astimezone(UTC).strftime(TIME_FORMAT)


def _header(script: Script) -> list[str]:
    lines = [
        "#Requires -Version 5.1",
        f"#Requires -Modules @{{ ModuleName = '{MODULE}'; ModuleVersion = '{MODULE_VERSION}' }}",
        "#",
        remark(f"ROOMZ for Microsoft 365: {script.purpose}"),
        "#",
        remark("Tenant:      ", script.connection.tenant_id),
        remark("Mark:        ", script.mark),
        remark("Application: ", script.client_id or "-"),
        remark("Made:        ", f"{moment(script.made_at)}, from what Exchange showed then"),
        remark("Made by:     ", "scripts/run exchange_policy (ROOMZ for Microsoft 365, as code), for pulumi"),
        remark("Needs:       ", f"the PowerShell module {MODULE}, {MODULE_VERSION} or newer"),
        remark("Right:       ", script.roles),
        "#",
        remark("Run it in Windows PowerShell 5.1 or PowerShell 7, as an Exchange administrator:"),
        remark(f"  .\\{script.name}                shows what it would do, and what stands; changes nothing"),
        remark(f"  .\\{script.name} -Apply         does it; -Apply -Confirm asks before each step"),
    ]
    if script.has_way_back:
        lines += [
            remark(f"  .\\{script.name} -Undo          shows the way back; changes nothing"),
            remark(f"  .\\{script.name} -Undo -Apply   goes it"),
        ]
    lines += [
        "#",
        remark(
            "It can be run again at any time: each step looks first, and does nothing where nothing is left to do. It stops"
        ),
        remark(
            "at the first error, and the next run goes on from there. It deletes and changes nothing that it does not name."
        ),
        remark(
            "Letters beyond ASCII are written by their number ([char]0x00FC; in comments {U+00FC}), so that no editor, mail"
        ),
        remark("program or code page can change what it does."),
        "#",
        remark("What it does:"),
    ]
    for number, step in enumerate(script.steps, 1):
        lines += remarks(f"  {number}.", step.title)
        for action in step.actions[:_MOST_LISTED]:
            lines += remarks("      -", f"{action.subject}: {action.reason}")
        if len(step.actions) > _MOST_LISTED:
            lines.append(remark(f"      - and {len(step.actions) - _MOST_LISTED} more, which are listed below"))
    if not script.steps:
        lines.append(remark("  nothing: everything stood as it is wanted when it was made. It only shows what stands."))
    for note in script.notes:
        lines += remarks("Note:", note)
    return [*lines, *remarks("Afterwards:", script.after)]


def _parameters(script: Script) -> list[str]:
    parameters = [["# Without it nothing is changed.", "[switch]$Apply"]]
    if script.has_way_back:
        parameters.append(["# The way back instead.", "[switch]$Undo"])
    if script.grant_revoked:
        parameters.append(
            [
                "# With -Undo: you have seen in Microsoft Entra (Enterprise applications, the application, Permissions) that it",
                "# holds no permission for calendars. Without the policy such a permission opens every calendar.",
                "[switch]$GrantRevoked",
            ]
        )
    lines = ["[CmdletBinding(SupportsShouldProcess = $true)]", "param("]
    for number, parameter in enumerate(parameters, 1):
        comma = "," if number < len(parameters) else ""
        lines += indented([*parameter[:-1], parameter[-1] + comma])
    return [*lines, ")"]


def _settings(script: Script) -> list[str]:
    return [
        "Set-StrictMode -Version 2.0",
        "$ErrorActionPreference = 'Stop'",
        "$Cmdlet = $PSCmdlet",
        f"$TenantId = {literal(script.connection.tenant_id)}",
        f"$Mark = {literal(script.mark)}",
        f"$ClientId = {literal(script.client_id or '')}",
        *script.values,
    ]


_FUNCTIONS = [
    "# Whether a step is to be done: never without -Apply. With -Confirm a person is asked, with -WhatIf it is only shown.",
    "function Confirm-Step {",
    "    param([string]$Action, [string]$Target)",
    "    if (-not $Apply) {",
    "        Write-Host ('What if: {0}: {1}' -f $Action, $Target)",
    "        return $false",
    "    }",
    "    return $Cmdlet.ShouldProcess($Target, $Action)",
    "}",
    "",
    "# Waits until Exchange shows what was just done: its directory lags behind its own changes.",
    "function Wait-Until {",
    "    param([string]$What, [scriptblock]$Test, [int]$Attempts = 18)",
    "    $Attempt = 0",
    "    while (-not (& $Test)) {",
    "        $Attempt = $Attempt + 1",
    "        if ($Attempt -ge $Attempts) {",
    "            throw ('Exchange does not show {0} yet. Run this script again in some minutes: it goes on from here.' -f $What)",
    "        }",
    "        Start-Sleep -Seconds 5",
    "    }",
    "}",
    "",
    "# Whether an error says that something does not exist, by its type: its words come in the tenant's language.",
    "function Test-NotFound {",
    "    param($ErrorRecord)",
    "    return \"$($ErrorRecord.CategoryInfo.Reason) $($ErrorRecord.Exception.Message)\" -like '*ManagementObjectNotFoundException*'",
    "}",
]


def _connect(script: Script) -> list[str]:
    environment = _ENVIRONMENTS[script.connection.environment]
    named = "" if environment == "O365Default" else f" -ExchangeEnvironmentName {environment}"
    return [
        "# ---- The tenant " + "-" * 103,
        "function Get-Session {",
        "    # A session with a prefix has other names for its cmdlets; one of Security & Compliance has other cmdlets.",
        "    Get-ConnectionInformation | Where-Object {",
        "        $_.State -eq 'Connected' -and -not $_.ModulePrefix -and \"$($_.ConnectionUri)\" -notlike '*compliance*'",
        "    }",
        "}",
        "",
        "$Sessions = @(Get-Session)",
        "if ($Sessions.Count -eq 0) {",
        f"    Connect-ExchangeOnline -ShowBanner:$false{named}",
        "    $Sessions = @(Get-Session)",
        "}",
        "if ($Sessions.Count -eq 0) {",
        "    throw 'You are not connected to Exchange Online. Nothing was changed. Run Connect-ExchangeOnline, then this script again.'",
        "}",
        'foreach ($Session in @($Sessions | Where-Object { "$($_.TenantID)" -ne $TenantId })) {',
        "    throw ('This script is for the tenant {0}, and you are connected to {1}. Nothing was changed. Run ' +",
        "        'Disconnect-ExchangeOnline, then this script again.') -f $TenantId, $Session.TenantID",
        "}",
    ]


def _time(script: Script) -> list[str]:
    if script.not_before is None:
        return []
    at = moment(script.not_before)
    return [
        remark("Tokens that were issued before the application was deleted may live until", at),
        f"$NotBefore = [datetime]{literal(at)}",
        "if ($Apply -and (Get-Date) -lt $NotBefore) {",
        f"    throw 'Nothing was changed: tokens of the application may live until {at}. Run this script again after that.'",
        "}",
        "",
    ]


def _steps(script: Script) -> list[str]:
    do: list[str] = []
    for number, step in enumerate(script.steps, 1):
        do += [*_told(number, step), *step.do, ""]
    if not script.has_way_back:
        return do[:-1]
    undo: list[str] = []
    for number, step in reversed(list(enumerate(script.steps, 1))):
        if not (step.undo or step.undo_note):
            continue
        undo += remarks(f"---- The way back of step {number}:", step.title)
        undo += remarks("    ", step.undo_note) if step.undo_note else []
        undo += [*step.undo, ""]
    return ["if (-not $Undo) {", *indented(do[:-1]), "}", "else {", *indented(undo[:-1]), "}"]


def _told(number: int, step: Step) -> list[str]:
    lines = remarks(f"---- Step {number}:", step.title)
    for reason in list(dict.fromkeys(action.reason for action in step.actions))[:_MOST_LISTED]:
        lines += remarks("     why:    ", reason)
    if step.actions:
        lines += remarks("     touches:", step.actions[0].touches)
        lines += remarks("     to undo:", "-Undo; see there" if step.undo else step.undo_note or step.actions[0].undo)
    return lines


def _end(script: Script) -> list[str]:
    undone = [
        "elseif ($Undo) {",
        "    Write-Host 'Done: what the way back took away, and what it left, stands above.'",
        "}",
    ]
    return [
        "if (-not $Apply) {",
        "    Write-Host 'Nothing was changed. To do it, run this script with -Apply.'",
        "}",
        "elseif ($WhatIfPreference) {",
        "    Write-Host 'Nothing was changed.'",
        "}",
        *(undone if script.has_way_back else []),
        "elseif (-not $Stands) {",
        "    throw 'Not everything is as it should be yet: see above. Run this script again in some minutes.'",
        "}",
        "else {",
        f"    Write-Host {literal('Done. ' + script.after)}",
        "}",
    ]
