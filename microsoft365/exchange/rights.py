"""What whoever deploys may do in Exchange Online: each cmdlet that is run, with its parameters and the role that suffices.

Owns the table that docs/permissions.md and the role group's script are made of, and that tests hold against what is really
run; and the sentence that names a right that is missing. Decides nothing and asks nobody.

Microsoft publishes no list of the roles of each cmdlet. BypassSecurityGroupManagerCheck and the application roles are
documented (below); the rest follows from the descriptions of the roles, and the script asks Exchange itself before it
relies on them ("Find the permissions required to run any Exchange cmdlet").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365.setups import EVERYWHERE, GROUP, POLICY, RBAC, SCOPE, Setup

MAIL_RECIPIENTS = "Mail Recipients"
ORGANIZATION_CONFIGURATION = "Organization Configuration"
ROLE_MANAGEMENT = "Role Management"
SECURITY_GROUPS = "Security Group Creation and Membership"
APPLICATION_ROLE = "Application Calendars.ReadWrite"
BYPASS = "BypassSecurityGroupManagerCheck"

ROLE_GROUP_SCRIPT = "docs/permissions/roomz-role-group.ps1"
_ROLE_PAGE = "https://learn.microsoft.com/exchange/{}-role-exchange-2013-help"
_CMDLET_PAGE = "https://learn.microsoft.com/powershell/module/exchangepowershell/{}"
DELEGATION_PAGE = "https://learn.microsoft.com/exchange/permissions-exo/application-rbac"


@dataclass(frozen=True, slots=True)
class Right:
    """One cmdlet: the management role that has it, the parameters that are used, where, and what for."""

    cmdlet: str
    role: str
    parameters: tuple[str, ...]
    setups: frozenset[Setup]
    what_for: str
    in_role_group: bool = True
    """False for what is done before there can be a role group: its script does it."""

    @property
    def page(self) -> str:
        """Microsoft's page of the cmdlet."""
        return _CMDLET_PAGE.format(self.cmdlet.lower())


def role_page(role: str) -> str:
    """Return Microsoft's page of a management role."""
    return _ROLE_PAGE.format(role.lower().replace(" ", "-"))


_GROUP_SETTINGS = ("Name", "Alias", "DisplayName", "PrimarySmtpAddress")
_FOREIGN = (BYPASS, "Confirm")

RIGHTS: tuple[Right, ...] = (
    Right(
        "Get-Mailbox",
        MAIL_RECIPIENTS,
        ("RecipientTypeDetails", "Filter", "ResultSize"),
        EVERYWHERE,
        "the rooms, and which of them a filter matches",
    ),
    Right(
        "Get-Recipient",
        MAIL_RECIPIENTS,
        ("Identity", "RecipientTypeDetails", "Filter", "ResultSize"),
        EVERYWHERE,
        "rooms on-premises, filters that Get-Mailbox does not take, what an address is that is no room",
    ),
    Right("Get-CalendarProcessing", MAIL_RECIPIENTS, ("Identity",), EVERYWHERE, "with `roomz:calendar: titles`"),
    Right(
        "Set-CalendarProcessing",
        MAIL_RECIPIENTS,
        ("Identity", "AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty", "Confirm"),
        EVERYWHERE,
        "with `roomz:calendar: titles` or `roomz:calendarOnRemoval: defaults`",
    ),
    Right(
        "Get-Group",
        SECURITY_GROUPS,
        ("RecipientTypeDetails", "ResultSize"),
        EVERYWHERE,
        "the marks of groups; in `rbac` without a group as well, to find one that the stack had before",
    ),
    Right("Get-DistributionGroup", SECURITY_GROUPS, ("Identity",), GROUP, "the group's settings"),
    Right("Get-DistributionGroupMember", SECURITY_GROUPS, ("Identity", "ResultSize"), GROUP, "who is in the group"),
    Right(
        "New-DistributionGroup",
        SECURITY_GROUPS,
        (
            *_GROUP_SETTINGS,
            "IgnoreNamingPolicy",
            "MemberDepartRestriction",
            "MemberJoinRestriction",
            "Members",
            "Notes",
            "RequireSenderAuthenticationEnabled",
            "Type",
        ),
        GROUP,
        "makes the group, with its first members and the mark",
    ),
    Right(
        "Set-DistributionGroup",
        SECURITY_GROUPS,
        ("Identity", *_GROUP_SETTINGS, "HiddenFromAddressListsEnabled", *_FOREIGN),
        GROUP,
        "hides and renames it",
    ),
    Right("Set-Group", SECURITY_GROUPS, ("Identity", "Notes", *_FOREIGN), GROUP, "its mark"),
    Right(
        "Add-DistributionGroupMember",
        SECURITY_GROUPS,
        ("Identity", "Member", *_FOREIGN),
        GROUP,
        "few new rooms",
    ),
    Right(
        "Remove-DistributionGroupMember",
        SECURITY_GROUPS,
        ("Identity", "Member", *_FOREIGN),
        GROUP,
        "who must not be in it",
    ),
    Right(
        "Update-DistributionGroupMember",
        SECURITY_GROUPS,
        ("Identity", "Members", *_FOREIGN),
        GROUP,
        "many changes at once",
    ),
    Right("Remove-DistributionGroup", SECURITY_GROUPS, ("Identity", *_FOREIGN), GROUP, "the way back"),
    Right(
        "Get-ApplicationAccessPolicy",
        ORGANIZATION_CONFIGURATION,
        (),
        GROUP,
        "the policies; in `rbac` with a group on removal, to see who else uses the group",
    ),
    Right(
        "New-ApplicationAccessPolicy",
        ORGANIZATION_CONFIGURATION,
        ("AppId", "PolicyScopeGroupId", "AccessRight", "Description"),
        POLICY,
        "the restriction",
    ),
    Right(
        "Set-ApplicationAccessPolicy",
        ORGANIZATION_CONFIGURATION,
        ("Identity", "Description", "Confirm"),
        POLICY,
        "its mark",
    ),
    Right(
        "Remove-ApplicationAccessPolicy",
        ORGANIZATION_CONFIGURATION,
        ("Identity", "Confirm"),
        POLICY,
        "the way back, and a policy whose group is gone",
    ),
    Right(
        "Get-OrganizationConfig",
        ORGANIZATION_CONFIGURATION,
        (),
        RBAC,
        "whether the organization was ever customized",
    ),
    Right(
        "Enable-OrganizationCustomization",
        ORGANIZATION_CONFIGURATION,
        ("Confirm",),
        RBAC,
        "once, where it was never run; whoever makes a role group has run it already",
        in_role_group=False,
    ),
    Right("Get-ServicePrincipal", ROLE_MANAGEMENT, (), RBAC, "Exchange's copy of the service principal"),
    Right(
        "New-ServicePrincipal",
        ROLE_MANAGEMENT,
        ("AppId", "ObjectId", "DisplayName"),
        RBAC,
        "makes the application known to Exchange",
    ),
    Right(
        "Set-ServicePrincipal",
        ROLE_MANAGEMENT,
        ("Identity", "DisplayName", "Confirm"),
        RBAC,
        "its name, after the stack was renamed",
    ),
    Right("Remove-ServicePrincipal", ROLE_MANAGEMENT, ("Identity", "Confirm"), RBAC, "the way back"),
    Right("Get-ManagementScope", ROLE_MANAGEMENT, (), RBAC, "the scopes"),
    Right(
        "New-ManagementScope",
        ROLE_MANAGEMENT,
        ("Name", "RecipientRestrictionFilter"),
        SCOPE,
        "the scope over the rooms",
    ),
    Right(
        "Set-ManagementScope",
        ROLE_MANAGEMENT,
        ("Identity", "Name", "RecipientRestrictionFilter", "Confirm"),
        SCOPE,
        "other rooms, another name, the time of retirement",
    ),
    Right("Remove-ManagementScope", ROLE_MANAGEMENT, ("Identity", "Confirm"), SCOPE, "the way back"),
    Right(
        "Get-ManagementRoleAssignment",
        ROLE_MANAGEMENT,
        ("RoleAssignee",),
        RBAC,
        "what the application has, made here or not",
    ),
    Right(
        "New-ManagementRoleAssignment",
        ROLE_MANAGEMENT,
        ("Name", "Role", "App", "CustomResourceScope", "RecipientGroupScope"),
        RBAC,
        "the restriction",
    ),
    Right(
        "Set-ManagementRoleAssignment",
        ROLE_MANAGEMENT,
        ("Identity", "CustomResourceScope", "RecipientGroupScope", "Enabled", "Confirm"),
        RBAC,
        "an assignment that points elsewhere or is disabled",
    ),
    Right(
        "Remove-ManagementRoleAssignment",
        ROLE_MANAGEMENT,
        ("Identity", "Confirm"),
        RBAC,
        "the way back",
    ),
)
BY_CMDLET: Mapping[str, Right] = {right.cmdlet: right for right in RIGHTS}

NEEDS_DELEGATION = frozenset(
    {"New-ManagementRoleAssignment", "Set-ManagementRoleAssignment", "Remove-ManagementRoleAssignment"}
)
"""Besides Role Management these take a delegating assignment of the role that is given ("Role Based Access Control for
Applications in Exchange Online")."""

_WAYS = (
    f"An Exchange administrator gives it with {ROLE_GROUP_SCRIPT} (docs/permissions.md), or the application that deploys gets "
    "the Entra role Exchange Administrator (Entra ID > Roles & admins). A right that was just given counts once a new token is "
    "issued, so run again after some minutes"
)
NO_SIGN_IN = (
    "the application that deploys lacks the application permission Exchange.ManageAsApp. Add it at Entra ID > App "
    "registrations > the application that deploys > API permissions > Office 365 Exchange Online, and press *Grant admin "
    "consent* there; it counts from the next token on, so run again after some minutes"
)


def needed(setup: Setup) -> tuple[Right, ...]:
    """Return what a deployer with a role group of its own needs."""
    return tuple(right for right in RIGHTS if setup in right.setups and right.in_role_group)


def _role_of(cmdlet: str) -> str:
    right = BY_CMDLET.get(cmdlet)
    return f"the management role {right.role}" if right else "the management role"


def missing_cmdlet(cmdlet: str) -> str:
    """Say which role has a cmdlet that the caller may not run, and how it is given."""
    return f"whoever deploys lacks {_role_of(cmdlet)}, which has the cmdlet {cmdlet}. {_WAYS}"


def missing_parameters(cmdlet: str, parameters: Iterable[str]) -> str:
    """Say which role has parameters that the caller may not use, and how it is given."""
    named = ", ".join(f"-{name}" for name in parameters)
    return f"whoever deploys may run {cmdlet}, but lacks {_role_of(cmdlet)}, which has {named} of it. {_WAYS}"


def missing_delegation() -> str:
    """Say what giving an application role takes besides Role Management."""
    return (
        f"whoever deploys lacks a delegating assignment of the role {APPLICATION_ROLE}, or may not give this one at all "
        f"({DELEGATION_PAGE}). {_WAYS}"
    )


def refused_parameters(given: Mapping[str, Any], text: str) -> list[str]:
    """Return which of the given parameters a refusal names; texts come in the tenant's language, names do not."""
    return sorted(name for name in given if name.casefold() in text.casefold().replace(",", " ").split())
