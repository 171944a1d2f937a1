"""Management roles: which of them allow which cmdlet, which role groups and directory roles bring which.

Sources: Microsoft Learn, "App-only authentication for unattended scripts in Exchange Online PowerShell" (directory roles
that Exchange honours; role groups with service principals in them), "Permissions in Exchange Online" (role groups and
their roles), each cmdlet's page (BypassSecurityGroupManagerCheck), "Role Based Access Control for Applications"
(delegating assignments of Organization Management).  No page lists the roles of each cmdlet: the rows below are those
that users' tools name for a purpose, and are unverified; where in doubt a role is left out.  Refuses to own who holds
what (rights.py).
"""

from simulator.applicationroles import APPLICATION_ROLES

DISTRIBUTION_GROUPS = "Distribution Groups"
MAIL_RECIPIENT_CREATION = "Mail Recipient Creation"
MAIL_RECIPIENTS = "Mail Recipients"
ORGANIZATION_CONFIGURATION = "Organization Configuration"
ROLE_MANAGEMENT = "Role Management"
SECURITY_GROUPS = "Security Group Creation and Membership"
VIEW_ONLY_CONFIGURATION = "View-Only Configuration"
VIEW_ONLY_RECIPIENTS = "View-Only Recipients"

ADMINISTRATOR_ROLES = (
    DISTRIBUTION_GROUPS,
    MAIL_RECIPIENT_CREATION,
    MAIL_RECIPIENTS,
    ORGANIZATION_CONFIGURATION,
    ROLE_MANAGEMENT,
    SECURITY_GROUPS,
    VIEW_ONLY_CONFIGURATION,
    VIEW_ONLY_RECIPIENTS,
)
"""The management roles that allow one of the cmdlets here."""
KNOWN_ROLES = (*ADMINISTRATOR_ROLES, *APPLICATION_ROLES)

ORGANIZATION_MANAGEMENT = "Organization Management"
BUILT_IN: dict[str, tuple[str, ...]] = {
    ORGANIZATION_MANAGEMENT: ADMINISTRATOR_ROLES,
    "Recipient Management": (DISTRIBUTION_GROUPS, MAIL_RECIPIENT_CREATION, MAIL_RECIPIENTS),
    "View-Only Organization Management": (VIEW_ONLY_CONFIGURATION, VIEW_ONLY_RECIPIENTS),
}
"""Built-in role groups with those of their roles that matter here."""
DELEGATING = {ORGANIZATION_MANAGEMENT: KNOWN_ROLES}
"""The roles that the members of a built-in role group may give to others."""

OF_DIRECTORY_ROLES = {
    "Exchange Administrator": ORGANIZATION_MANAGEMENT,
    "Global Administrator": ORGANIZATION_MANAGEMENT,
    "Exchange Recipient Administrator": "Recipient Management",
    "Global Reader": "View-Only Organization Management",
}
"""The role group whose rights a directory role gives."""

_RECIPIENTS_READ = (VIEW_ONLY_RECIPIENTS, MAIL_RECIPIENTS, DISTRIBUTION_GROUPS, MAIL_RECIPIENT_CREATION)
_GROUPS_READ = (*_RECIPIENTS_READ, SECURITY_GROUPS)
_GROUPS_WRITE = (DISTRIBUTION_GROUPS, SECURITY_GROUPS)
_ANYBODY = ADMINISTRATOR_ROLES
_ROLES_READ = (ROLE_MANAGEMENT, VIEW_ONLY_CONFIGURATION)
_POLICIES_READ = (ORGANIZATION_CONFIGURATION, VIEW_ONLY_CONFIGURATION)

OF_CMDLETS: dict[str, tuple[str, ...]] = {
    "Add-DistributionGroupMember": _GROUPS_WRITE,
    "Add-ManagementRoleEntry": (ROLE_MANAGEMENT,),
    "Add-RoleGroupMember": (ROLE_MANAGEMENT,),
    "Enable-OrganizationCustomization": (ORGANIZATION_CONFIGURATION,),
    "Get-AcceptedDomain": _ANYBODY,
    "Get-ApplicationAccessPolicy": _POLICIES_READ,
    "Get-CalendarProcessing": (MAIL_RECIPIENTS, VIEW_ONLY_RECIPIENTS),
    "Get-DistributionGroup": _GROUPS_READ,
    "Get-DistributionGroupMember": _GROUPS_READ,
    "Get-Group": _GROUPS_READ,
    "Get-Mailbox": _RECIPIENTS_READ,
    "Get-ManagementRole": _ROLES_READ,
    "Get-ManagementRoleAssignment": _ROLES_READ,
    "Get-ManagementRoleEntry": _ROLES_READ,
    "Get-ManagementScope": _ROLES_READ,
    "Get-OrganizationConfig": _ANYBODY,
    "Get-Recipient": _GROUPS_READ,
    "Get-RoleGroup": _ROLES_READ,
    "Get-RoleGroupMember": _ROLES_READ,
    "Get-ServicePrincipal": _ROLES_READ,
    "New-ApplicationAccessPolicy": (ORGANIZATION_CONFIGURATION,),
    "New-DistributionGroup": _GROUPS_WRITE,
    "New-ManagementRole": (ROLE_MANAGEMENT,),
    "New-ManagementRoleAssignment": (ROLE_MANAGEMENT,),
    "New-ManagementScope": (ROLE_MANAGEMENT,),
    "New-RoleGroup": (ROLE_MANAGEMENT,),
    "New-ServicePrincipal": (ROLE_MANAGEMENT,),
    "Remove-ApplicationAccessPolicy": (ORGANIZATION_CONFIGURATION,),
    "Remove-DistributionGroup": _GROUPS_WRITE,
    "Remove-DistributionGroupMember": _GROUPS_WRITE,
    "Remove-ManagementRole": (ROLE_MANAGEMENT,),
    "Remove-ManagementRoleAssignment": (ROLE_MANAGEMENT,),
    "Remove-ManagementRoleEntry": (ROLE_MANAGEMENT,),
    "Remove-ManagementScope": (ROLE_MANAGEMENT,),
    "Remove-RoleGroup": (ROLE_MANAGEMENT,),
    "Remove-RoleGroupMember": (ROLE_MANAGEMENT,),
    "Remove-ServicePrincipal": (ROLE_MANAGEMENT,),
    "Set-ApplicationAccessPolicy": (ORGANIZATION_CONFIGURATION,),
    "Set-CalendarProcessing": (MAIL_RECIPIENTS,),
    "Set-DistributionGroup": _GROUPS_WRITE,
    "Set-Group": _GROUPS_WRITE,
    "Set-Mailbox": (MAIL_RECIPIENTS,),
    "Set-ManagementRoleAssignment": (ROLE_MANAGEMENT,),
    "Set-ManagementRoleEntry": (ROLE_MANAGEMENT,),
    "Set-ManagementScope": (ROLE_MANAGEMENT,),
    "Set-ServicePrincipal": (ROLE_MANAGEMENT,),
    "Set-User": (MAIL_RECIPIENTS,),
    "Test-ApplicationAccessPolicy": _POLICIES_READ,
    "Test-ServicePrincipalAuthorization": _ROLES_READ,
    "Update-DistributionGroupMember": _GROUPS_WRITE,
}
_BYPASS = "bypasssecuritygroupmanagercheck"


def role_of_parameter(cmdlet: str, parameter: str) -> str | None:
    """Return the role that brings a parameter, which without it the cmdlet does not have; None where any role does.

    BypassSecurityGroupManagerCheck of groups takes Security Group Creation and Membership, that of role groups Role
    Management (Add-DistributionGroupMember and Add-RoleGroupMember, the parameter).
    """
    if parameter.casefold() != _BYPASS:
        return None
    return ROLE_MANAGEMENT if "RoleGroup" in cmdlet else SECURITY_GROUPS
