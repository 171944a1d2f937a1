<#
.SYNOPSIS
Makes a role group in Exchange Online with what the application that deploys needs, and nothing else.

.DESCRIPTION
For an Exchange administrator (a member of Organization Management), once a tenant; running it again changes what differs and
nothing else. Instead of the Entra role Exchange Administrator the application then has a role group of its own:

- management roles that are derived from Microsoft's own, with the cmdlets and parameters of the table below and no others;
- with -AccessModel rbac the right to assign one role to applications, Application Calendars.ReadWrite (a delegating assignment);
- the application's service principal as its only member.

No page of Microsoft's says which role has which cmdlet. So Exchange is asked first, and where a role does not have what is
needed, the script ends with the list of it and has changed nothing.

The application needs the application permission Exchange.ManageAsApp besides (docs/permissions.md), and must not keep the Entra
role Exchange Administrator: rights add up.

.PARAMETER AccessModel
As roomz:access: policy, or rbac; rbac-group is rbac where rooms are listed or excluded, so that a group is used.

.PARAMETER AppId
Application (client) id of the application that deploys: ARM_CLIENT_ID.

.PARAMETER ObjectId
Object id of its *enterprise application* (Entra ID > Enterprise applications > the application > Overview), which is not that
of the app registration.

.PARAMETER RoleGroup
The role group's name; the derived roles begin with it.

.PARAMETER Remove
Takes role group and derived roles away again. Exchange goes on knowing the service principal.

.EXAMPLE
Connect-ExchangeOnline
./docs/permissions/roomz-role-group.ps1 -AccessModel rbac -AppId 11111111-... -ObjectId 22222222-... -WhatIf

Says what would be done. Without -WhatIf it is done.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [ValidateSet('policy', 'rbac', 'rbac-group')]
    [string] $AccessModel,

    [Parameter(Mandatory)]
    [guid] $AppId,

    [Parameter(Mandatory)]
    [guid] $ObjectId,

    # With the longest of Microsoft's role names behind it a name stays within the 64 characters of a role.
    [ValidateLength(1, 25)]
    [string] $RoleGroup = 'ROOMZ deployers',

    [switch] $Remove
)

Set-StrictMode -Version 1.0
# Cmdlets of a module do not see a script's preferences: each is told to stop at an error, and -WhatIf is asked about here.
$ErrorActionPreference = 'Stop'

# What the project runs: cmdlet, the management role that should have it, the access models that run it, its parameters.
# rights: generated, see CONTRIBUTING.md
$Needed = @(
    @{ Cmdlet = 'Get-Mailbox'; Role = 'Mail Recipients'; AccessModels = @('policy', 'rbac', 'rbac-group')
       Parameters = @('RecipientTypeDetails', 'Filter', 'ResultSize') }
    @{ Cmdlet = 'Get-Recipient'; Role = 'Mail Recipients'; AccessModels = @('policy', 'rbac', 'rbac-group')
       Parameters = @('Identity', 'RecipientTypeDetails', 'Filter', 'ResultSize') }
    @{ Cmdlet = 'Get-CalendarProcessing'; Role = 'Mail Recipients'; AccessModels = @('policy', 'rbac', 'rbac-group')
       Parameters = @('Identity') }
    @{ Cmdlet = 'Set-CalendarProcessing'; Role = 'Mail Recipients'; AccessModels = @('policy', 'rbac', 'rbac-group')
       Parameters = @('Identity', 'AddOrganizerToSubject', 'DeleteSubject', 'RemovePrivateProperty', 'Confirm') }
    @{ Cmdlet = 'Get-Group'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac', 'rbac-group')
       Parameters = @('RecipientTypeDetails', 'ResultSize') }
    @{ Cmdlet = 'Get-DistributionGroup'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity') }
    @{ Cmdlet = 'Get-DistributionGroupMember'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'ResultSize') }
    @{ Cmdlet = 'New-DistributionGroup'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Name', 'Alias', 'DisplayName', 'PrimarySmtpAddress', 'IgnoreNamingPolicy', 'MemberDepartRestriction', 'MemberJoinRestriction', 'Members', 'Notes', 'RequireSenderAuthenticationEnabled', 'Type') }
    @{ Cmdlet = 'Set-DistributionGroup'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'Name', 'Alias', 'DisplayName', 'PrimarySmtpAddress', 'HiddenFromAddressListsEnabled', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Set-Group'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'Notes', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Add-DistributionGroupMember'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'Member', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Remove-DistributionGroupMember'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'Member', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Update-DistributionGroupMember'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'Members', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Remove-DistributionGroup'; Role = 'Security Group Creation and Membership'; AccessModels = @('policy', 'rbac-group')
       Parameters = @('Identity', 'BypassSecurityGroupManagerCheck', 'Confirm') }
    @{ Cmdlet = 'Get-ApplicationAccessPolicy'; Role = 'Organization Configuration'; AccessModels = @('policy', 'rbac-group')
       Parameters = @() }
    @{ Cmdlet = 'New-ApplicationAccessPolicy'; Role = 'Organization Configuration'; AccessModels = @('policy')
       Parameters = @('AppId', 'PolicyScopeGroupId', 'AccessRight', 'Description') }
    @{ Cmdlet = 'Set-ApplicationAccessPolicy'; Role = 'Organization Configuration'; AccessModels = @('policy')
       Parameters = @('Identity', 'Description', 'Confirm') }
    @{ Cmdlet = 'Remove-ApplicationAccessPolicy'; Role = 'Organization Configuration'; AccessModels = @('policy')
       Parameters = @('Identity', 'Confirm') }
    @{ Cmdlet = 'Get-OrganizationConfig'; Role = 'Organization Configuration'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @() }
    @{ Cmdlet = 'Get-ServicePrincipal'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @() }
    @{ Cmdlet = 'New-ServicePrincipal'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('AppId', 'ObjectId', 'DisplayName') }
    @{ Cmdlet = 'Set-ServicePrincipal'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('Identity', 'DisplayName', 'Confirm') }
    @{ Cmdlet = 'Remove-ServicePrincipal'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('Identity', 'Confirm') }
    @{ Cmdlet = 'Get-ManagementScope'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @() }
    @{ Cmdlet = 'New-ManagementScope'; Role = 'Role Management'; AccessModels = @('rbac')
       Parameters = @('Name', 'RecipientRestrictionFilter') }
    @{ Cmdlet = 'Set-ManagementScope'; Role = 'Role Management'; AccessModels = @('rbac')
       Parameters = @('Identity', 'Name', 'RecipientRestrictionFilter', 'Confirm') }
    @{ Cmdlet = 'Remove-ManagementScope'; Role = 'Role Management'; AccessModels = @('rbac')
       Parameters = @('Identity', 'Confirm') }
    @{ Cmdlet = 'Get-ManagementRoleAssignment'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('RoleAssignee') }
    @{ Cmdlet = 'New-ManagementRoleAssignment'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('Name', 'Role', 'App', 'CustomResourceScope', 'RecipientGroupScope') }
    @{ Cmdlet = 'Set-ManagementRoleAssignment'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('Identity', 'CustomResourceScope', 'RecipientGroupScope', 'Enabled', 'Confirm') }
    @{ Cmdlet = 'Remove-ManagementRoleAssignment'; Role = 'Role Management'; AccessModels = @('rbac', 'rbac-group')
       Parameters = @('Identity', 'Confirm') }
)
# end of rights

# The roles that are looked at for what is needed, and the one that an application gets.
$Parents = @(
    'Mail Recipients'
    'Security Group Creation and Membership'
    'Distribution Groups'
    'Organization Configuration'
    'Role Management'
)
$ApplicationRole = 'Application Calendars.ReadWrite'

# Parameters that PowerShell gives every cmdlet: left where the parent has them, since they allow nothing by themselves.
$Common = @(
    'Confirm', 'WhatIf', 'Debug', 'Verbose', 'ErrorAction', 'ErrorVariable', 'OutBuffer', 'OutVariable', 'WarningAction', 'WarningVariable'
)

function Get-RoleEntries {
    # The parameters of each cmdlet that a role allows, by the cmdlet's name.
    param([string] $Role)
    $entries = @{}
    foreach ($entry in @(Get-ManagementRoleEntry -Identity "$Role\*" -ResultSize Unlimited -ErrorAction Stop)) {
        $entries[$entry.Name] = @($entry.Parameters)
    }
    return $entries
}

function Get-RoleNamed {
    # The management role of exactly this name, or nothing.
    param([string] $Name)
    return @(Get-ManagementRole -ErrorAction Stop | Where-Object { $_.Name -eq $Name })
}

function Get-GroupAssignments {
    # The role assignments of the role group.
    return @(Get-ManagementRoleAssignment -RoleAssignee $RoleGroup -ErrorAction Stop | Where-Object { $_.RoleAssigneeName -eq $RoleGroup })
}

if ($null -eq (Get-Command -Name New-ManagementRole -ErrorAction SilentlyContinue)) {
    throw 'New-ManagementRole is not there: run Connect-ExchangeOnline first, as a member of Organization Management.'
}

# -- the way back -----------------------------------------------------------------------------------------------------

if ($Remove) {
    foreach ($found in @(Get-RoleGroup -ErrorAction Stop | Where-Object { $_.Name -eq $RoleGroup })) {
        if ($PSCmdlet.ShouldProcess($found.Name, 'Remove-RoleGroup, with its role assignments')) {
            Remove-RoleGroup -Identity $found.Name -BypassSecurityGroupManagerCheck -Confirm:$false -ErrorAction Stop
        }
    }
    foreach ($parent in $Parents) {
        foreach ($role in @(Get-RoleNamed "$RoleGroup $parent")) {
            if ($PSCmdlet.ShouldProcess($role.Name, 'Remove-ManagementRole')) {
                Remove-ManagementRole -Identity $role.Name -Confirm:$false -ErrorAction Stop
            }
        }
    }
    return
}

# -- what is needed, and which role has it: nothing is changed yet ----------------------------------------------------

$offered = @{}
foreach ($parent in $Parents) {
    $offered[$parent] = Get-RoleEntries $parent
}
$wanted = @{}
$missing = @()
foreach ($need in @($Needed | Where-Object { $_.AccessModels -contains $AccessModel })) {
    $left = @($need.Parameters)
    $found = $false
    $candidates = @($need.Role) + @($Parents | Where-Object { $_ -ne $need.Role })
    foreach ($parent in $candidates) {
        if (-not $offered[$parent].ContainsKey($need.Cmdlet)) { continue }
        $has = @($offered[$parent][$need.Cmdlet])
        $taken = @($left | Where-Object { $has -contains $_ })
        if ($found -and $taken.Count -eq 0) { continue }
        if (-not $wanted.ContainsKey($parent)) { $wanted[$parent] = @{} }
        $wanted[$parent][$need.Cmdlet] = @(@($taken) + @($Common | Where-Object { $has -contains $_ }) | Sort-Object -Unique)
        $left = @($left | Where-Object { $has -notcontains $_ })
        $found = $true
        if ($left.Count -eq 0) { break }
    }
    if (-not $found) { $missing += "$($need.Cmdlet): no role looked at has it. Find one with: Get-ManagementRole -Cmdlet $($need.Cmdlet)" }
    elseif ($left.Count -gt 0) { $missing += "$($need.Cmdlet): no role looked at has -$($left -join ', -')" }
}
if ($missing.Count -gt 0) {
    throw "Nothing was changed, since Exchange's roles do not have what is needed here:`n$($missing -join "`n")"
}

# -- the organization -------------------------------------------------------------------------------------------------

# One that was never customized takes neither roles nor scopes of its own. It cannot be undone, and changes nobody's rights.
if ((Get-OrganizationConfig -ErrorAction Stop).IsDehydrated) {
    if ($PSCmdlet.ShouldProcess('the organization', 'Enable-OrganizationCustomization')) {
        Enable-OrganizationCustomization -ErrorAction Stop
        Write-Warning 'It may take an hour until Exchange takes new roles. If a step below fails, run this script again then.'
    }
}

# -- derived roles: what of Microsoft's own is needed -------------------------------------------------------------------

$roleNames = @()
foreach ($parent in @($wanted.Keys | Sort-Object)) {
    $name = "$RoleGroup $parent"
    $roleNames += $name
    $cmdlets = @($wanted[$parent].Keys | Sort-Object)
    if (@(Get-RoleNamed $name).Count -eq 0) {
        if (-not $PSCmdlet.ShouldProcess($name, "New-ManagementRole -Parent '$parent' -EnabledCmdlets $($cmdlets -join ', ')")) { continue }
        $description = "What the application that deploys ROOMZ needs of $parent. Made by roomz-role-group.ps1."
        New-ManagementRole -Name $name -Parent $parent -EnabledCmdlets $cmdlets -Description $description -ErrorAction Stop | Out-Null
    }
    $entries = Get-RoleEntries $name
    foreach ($cmdlet in $cmdlets) {
        $identity = "$name\$cmdlet"
        $parameters = @($wanted[$parent][$cmdlet])
        if (-not $entries.ContainsKey($cmdlet)) {
            if ($PSCmdlet.ShouldProcess($identity, "Add-ManagementRoleEntry -Parameters $($parameters -join ', ')")) {
                Add-ManagementRoleEntry -Identity $identity -Parameters $parameters -ErrorAction Stop | Out-Null
            }
        }
        elseif (@(Compare-Object -ReferenceObject @($entries[$cmdlet]) -DifferenceObject $parameters).Count -gt 0) {
            if ($PSCmdlet.ShouldProcess($identity, "Set-ManagementRoleEntry -Parameters $($parameters -join ', ')")) {
                Set-ManagementRoleEntry -Identity $identity -Parameters $parameters -ErrorAction Stop
            }
        }
    }
    foreach ($cmdlet in @($entries.Keys | Where-Object { $cmdlets -notcontains $_ })) {
        if ($PSCmdlet.ShouldProcess("$name\$cmdlet", 'Remove-ManagementRoleEntry')) {
            Remove-ManagementRoleEntry -Identity "$name\$cmdlet" -Confirm:$false -ErrorAction Stop
        }
    }
}

# -- the role group, and what it may assign -----------------------------------------------------------------------------

$assignments = @()
if (@(Get-RoleGroup -ErrorAction Stop | Where-Object { $_.Name -eq $RoleGroup }).Count -eq 0) {
    if ($PSCmdlet.ShouldProcess($RoleGroup, "New-RoleGroup -Roles $($roleNames -join ', ')")) {
        $description = "The application that deploys ROOMZ, access model $AccessModel. Made by roomz-role-group.ps1."
        New-RoleGroup -Name $RoleGroup -Roles $roleNames -Description $description -ErrorAction Stop | Out-Null
        $assignments = @(Get-GroupAssignments)
    }
}
else {
    $assignments = @(Get-GroupAssignments)
    $held = @($assignments | Where-Object { "$($_.RoleAssignmentDelegationType)" -eq 'Regular' })
    foreach ($name in @($roleNames | Where-Object { @($held | ForEach-Object { "$($_.Role)" }) -notcontains $_ })) {
        if ($PSCmdlet.ShouldProcess($RoleGroup, "New-ManagementRoleAssignment -Role '$name'")) {
            New-ManagementRoleAssignment -SecurityGroup $RoleGroup -Role $name -ErrorAction Stop | Out-Null
        }
    }
    foreach ($assignment in @($held | Where-Object { $roleNames -notcontains "$($_.Role)" })) {
        if ("$($assignment.Role)".StartsWith("$RoleGroup ")) {
            if ($PSCmdlet.ShouldProcess($assignment.Name, 'Remove-ManagementRoleAssignment')) {
                Remove-ManagementRoleAssignment -Identity $assignment.Name -Confirm:$false -ErrorAction Stop
            }
        }
        else {
            Write-Warning "$RoleGroup has the role '$($assignment.Role)' as well, which is not needed and not from here: $($assignment.Name)"
        }
    }
}
$delegated = @(
    $assignments | Where-Object { "$($_.Role)" -eq $ApplicationRole -and "$($_.RoleAssignmentDelegationType)" -ne 'Regular' }
)
if ($AccessModel -ne 'policy' -and $delegated.Count -eq 0) {
    if ($PSCmdlet.ShouldProcess($RoleGroup, "New-ManagementRoleAssignment -Role '$ApplicationRole' -Delegating")) {
        New-ManagementRoleAssignment -SecurityGroup $RoleGroup -Role $ApplicationRole -Delegating -ErrorAction Stop | Out-Null
    }
}
if ($AccessModel -eq 'policy') {
    foreach ($assignment in $delegated) {
        if ($PSCmdlet.ShouldProcess($assignment.Name, 'Remove-ManagementRoleAssignment')) {
            Remove-ManagementRoleAssignment -Identity $assignment.Name -Confirm:$false -ErrorAction Stop
        }
    }
}

# -- the application ------------------------------------------------------------------------------------------------------

$principals = @(Get-ServicePrincipal -ErrorAction Stop | Where-Object { "$($_.AppId)" -eq "$AppId" })
if ($principals.Count -eq 0) {
    if ($PSCmdlet.ShouldProcess("$AppId", "New-ServicePrincipal -ObjectId $ObjectId")) {
        New-ServicePrincipal -AppId "$AppId" -ObjectId "$ObjectId" -DisplayName 'ROOMZ deployer' -ErrorAction Stop | Out-Null
    }
}
elseif ("$($principals[0].ObjectId)" -ne "$ObjectId") {
    throw "Exchange knows $AppId by the object id $($principals[0].ObjectId), not $ObjectId. -ObjectId is that of the enterprise application."
}
if ($PSCmdlet.ShouldProcess($RoleGroup, "Add-RoleGroupMember -Member $ObjectId")) {
    try {
        Add-RoleGroupMember -Identity $RoleGroup -Member "$ObjectId" -BypassSecurityGroupManagerCheck -ErrorAction Stop
    }
    catch {
        # It is no error where it is a member already; whether it is tell the members, since texts come in the tenant's language.
        $members = Get-RoleGroupMember -Identity $RoleGroup -ErrorAction Stop | Format-List -Property * | Out-String -Width 4096
        if (-not $members.ToLowerInvariant().Contains("$ObjectId")) { throw }
    }
}

# -- what there is now ------------------------------------------------------------------------------------------------------

if (-not $WhatIfPreference) {
    Get-GroupAssignments | Sort-Object -Property Role | Format-Table -AutoSize -Property 'Role', 'RoleAssignmentDelegationType'
    Get-RoleGroupMember -Identity $RoleGroup -ErrorAction Stop | Format-Table -AutoSize -Property 'Name', 'RecipientTypeDetails'
    Write-Output 'Now take the Entra role Exchange Administrator from the application, wait for its next token (an hour at most), and run: pulumi preview'
}
