"""Every cmdlet that is imitated, with its parameters: what is not here answers 501.

Source of the parameters: the syntax sections of Microsoft Learn's pages, Exchange Online only.
"""

from simulator.exchange import (
    assignments,
    authorization,
    groups,
    mailboxchanges,
    mailboxes,
    managementroles,
    members,
    organization,
    policies,
    processing,
    rolegroups,
    scopes,
    serviceprincipals,
)
from simulator.exchange.cmdlet import BOOLEAN, IDENTITY, SIZE, SWITCH, TEXT, TEXTS, Cmdlet, Parameter

GROUP_KINDS = ("MailNonUniversalGroup", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "RoomList")
KINDS = Parameter(
    "texts", values=GROUP_KINDS, enumeration="Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails[]"
)
NAME = Parameter(longest=64)
DISPLAY_NAME = Parameter(longest=256)
NOTES = Parameter(longest=groups.LONGEST_NOTES)
RESTRICTION = Parameter(
    values=("Open", "Closed", "ApprovalRequired"),
    enumeration="Microsoft.Exchange.Data.Directory.Recipient.MemberUpdateType",
)
WITH_DISPLAY_NAMES = tuple(
    f"Include{name}WithDisplayNames"
    for name in (
        "AcceptMessagesOnlyFrom",
        "AcceptMessagesOnlyFromDLMembers",
        "AcceptMessagesOnlyFromSendersOrMembers",
        "BypassModerationFromSendersOrMembers",
        "GrantSendOnBehalfTo",
        "ManagedBy",
        "ModeratedBy",
    )
)
WRITE = {"Identity": IDENTITY, "BypassSecurityGroupManagerCheck": SWITCH, "Confirm": SWITCH}

GROUPS = [
    Cmdlet(
        "Get-DistributionGroup",
        groups.get_distribution_group,
        {"Identity": TEXT, "RecipientTypeDetails": KINDS, "ResultSize": SIZE},
        "Identity, RecipientTypeDetails, ResultSize; owners as GUIDs, no notes",
        documented=("Anr", "Filter", "ManagedBy", "OrganizationalUnit", "SortBy", *WITH_DISPLAY_NAMES),
    ),
    Cmdlet(
        "New-DistributionGroup",
        groups.new_distribution_group,
        {
            "Name": Parameter(required=True, longest=64),
            "Alias": NAME,
            "Confirm": SWITCH,
            "Description": TEXTS,
            "DisplayName": DISPLAY_NAME,
            "IgnoreNamingPolicy": SWITCH,
            "ManagedBy": TEXTS,
            "MemberDepartRestriction": RESTRICTION,
            "MemberJoinRestriction": RESTRICTION,
            "Members": TEXTS,
            "Notes": NOTES,
            "PrimarySmtpAddress": TEXT,
            "RequireSenderAuthenticationEnabled": BOOLEAN,
            "Type": Parameter(
                values=("Distribution", "Security"), enumeration="Microsoft.Exchange.Management.GroupType"
            ),
        },
        "name, alias, address, type, members (10,000), notes, owners, restrictions; unique names and addresses, accepted "
        "domains; without ManagedBy the role group Organization Management owns it (unverified for applications)",
        documented=(
            "BccBlocked",
            "BypassNestedModerationEnabled",
            "CopyOwnerToMember",
            "HiddenGroupMembershipEnabled",
            "ModeratedBy",
            "ModerationEnabled",
            "OrganizationalUnit",
            "RoomList",
            "SamAccountName",
            "SendModerationNotifications",
        ),
    ),
    Cmdlet(
        "Set-DistributionGroup",
        groups.set_distribution_group,
        {
            **WRITE,
            "Alias": NAME,
            "Description": TEXTS,
            "DisplayName": DISPLAY_NAME,
            "HiddenFromAddressListsEnabled": BOOLEAN,
            "IgnoreNamingPolicy": SWITCH,
            "ManagedBy": TEXTS,
            "MemberDepartRestriction": RESTRICTION,
            "MemberJoinRestriction": RESTRICTION,
            "Name": NAME,
            "PrimarySmtpAddress": TEXT,
            "RequireSenderAuthenticationEnabled": BOOLEAN,
        },
        "names, alias, address (the former one stays as a secondary one), hidden, owners, restrictions; it has no Notes",
        documented=(
            "AcceptMessagesOnlyFrom",
            "AcceptMessagesOnlyFromDLMembers",
            "AcceptMessagesOnlyFromSendersOrMembers",
            "BccBlocked",
            "BypassModerationFromSendersOrMembers",
            "BypassNestedModerationEnabled",
            "CreateDTMFMap",
            *(f"CustomAttribute{number}" for number in range(1, 16)),
            "EmailAddresses",
            "EmailAddressPolicyEnabled",
            *(f"ExtensionCustomAttribute{number}" for number in range(1, 6)),
            "ForceUpgrade",
            "GrantSendOnBehalfTo",
            "HiddenGroupMembershipEnabled",
            "MailTip",
            "MailTipTranslations",
            "MaxReceiveSize",
            "MaxSendSize",
            "ModeratedBy",
            "ModerationEnabled",
            "RejectMessagesFrom",
            "RejectMessagesFromDLMembers",
            "RejectMessagesFromSendersOrMembers",
            "ReportToManagerEnabled",
            "ReportToOriginatorEnabled",
            "ResetMigrationToUnifiedGroup",
            "RoomList",
            "SamAccountName",
            "SendModerationNotifications",
            "SendOofMessageToOriginatorEnabled",
            "SimpleDisplayName",
            "UpdateMemberCount",
            "WindowsEmailAddress",
        ),
    ),
    Cmdlet(
        "Remove-DistributionGroup",
        groups.remove_distribution_group,
        WRITE,
        "whole; policies that were scoped to it stay and match nothing; a group made anew has another SID and id",
        asks_first=True,
    ),
    Cmdlet(
        "Get-Group",
        groups.get_group,
        {"Identity": TEXT, "RecipientTypeDetails": KINDS, "ResultSize": SIZE},
        "mail-enabled groups, with Notes and the members' names; role groups are not shown",
        documented=("Anr", "Filter", "OrganizationalUnit", "SortBy"),
    ),
    Cmdlet(
        "Set-Group",
        groups.set_group,
        {**WRITE, "DisplayName": DISPLAY_NAME, "Name": NAME, "Notes": NOTES},
        "Notes, DisplayName, Name; needs the bypass as the other group cmdlets do",
        documented=(
            "Description",
            "IsHierarchicalGroup",
            "ManagedBy",
            "PhoneticDisplayName",
            "SeniorityIndex",
            "SimpleDisplayName",
            "Universal",
            "WindowsEmailAddress",
        ),
    ),
]

MEMBERS = [
    Cmdlet(
        "Get-DistributionGroupMember",
        members.get_members,
        {"Identity": IDENTITY, "ResultSize": SIZE},
        "direct members, in another order each time",
        documented=("IncludeSoftDeletedObjects",),
    ),
    Cmdlet("Add-DistributionGroupMember", members.add_member, {**WRITE, "Member": IDENTITY}, "mailboxes and groups"),
    Cmdlet(
        "Remove-DistributionGroupMember", members.remove_member, {**WRITE, "Member": IDENTITY}, "whole", asks_first=True
    ),
    Cmdlet(
        "Update-DistributionGroupMember",
        members.update_members,
        {**WRITE, "Members": TEXTS},
        "replaces all members, 10,000 at most; without Members, or with none, it is refused by name",
        asks_first=True,
    ),
]

POLICIES = [
    Cmdlet(
        "New-ApplicationAccessPolicy",
        policies.new_policy,
        {
            "AccessRight": Parameter(required=True, values=("RestrictAccess", "DenyAccess")),
            "AppId": Parameter("texts", required=True),
            "Confirm": SWITCH,
            "Description": TEXT,
            "PolicyScopeGroupId": IDENTITY,
        },
        "one policy for each application id; scopes that are security principals; description filled in when left out; "
        "the total size is limited; a second one of the same identity is refused (unverified)",
    ),
    Cmdlet(
        "Get-ApplicationAccessPolicy",
        policies.get_policies,
        {"Identity": TEXT},
        "in another letter case than sent; a tenant without any throws ManagementObjectNotFoundException",
    ),
    Cmdlet(
        "Set-ApplicationAccessPolicy",
        policies.set_policy,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Description": IDENTITY},
        "Description only",
    ),
    Cmdlet(
        "Remove-ApplicationAccessPolicy",
        policies.remove_policy,
        {"Identity": IDENTITY, "Confirm": SWITCH},
        "whole; Graph enforces it for lag.policySeconds more",
        asks_first=True,
    ),
    Cmdlet(
        "Test-ApplicationAccessPolicy",
        policies.test_policy,
        {"AppId": IDENTITY, "Identity": IDENTITY},
        "mailboxes and groups",
    ),
]

CMDLETS: dict[str, Cmdlet] = {
    cmdlet.name.lower(): cmdlet
    for cmdlet in (
        *mailboxes.CMDLETS,
        *mailboxchanges.CMDLETS,
        *GROUPS,
        *MEMBERS,
        *POLICIES,
        *processing.CMDLETS,
        *organization.CMDLETS,
        *serviceprincipals.CMDLETS,
        *scopes.CMDLETS,
        *assignments.CMDLETS,
        *authorization.CMDLETS,
        *managementroles.CMDLETS,
        *rolegroups.CMDLETS,
    )
}
