"""What whoever verifies a connector may read in Exchange Online: each cmdlet that is asked, and the role that suffices.

Owns the table that docs/permissions.md is made of and that a test holds against what is really asked, and the sentence that
names a right that is missing. What a run of `up` needs is rights.py's. Decides nothing and asks nobody.

As for rights.py Microsoft publishes no list of the roles of each cmdlet: which of the two has it is unverified.
"""

from collections.abc import Mapping

from microsoft365.exchange.rights import Right
from microsoft365.setups import EVERYWHERE, GROUP, POLICY, RBAC, Setup

VIEW_ONLY_RECIPIENTS = "View-Only Recipients"
VIEW_ONLY_CONFIGURATION = "View-Only Configuration"

READING: tuple[Right, ...] = (
    Right(
        "Get-Mailbox",
        VIEW_ONLY_RECIPIENTS,
        ("RecipientTypeDetails", "Filter", "ResultSize"),
        EVERYWHERE,
        "the rooms, and which of them a filter matches",
    ),
    Right(
        "Get-Recipient",
        VIEW_ONLY_RECIPIENTS,
        ("Identity", "RecipientTypeDetails", "Filter", "ResultSize"),
        EVERYWHERE,
        "rooms on-premises, and whether the control mailbox exists",
    ),
    Right("Get-CalendarProcessing", VIEW_ONLY_RECIPIENTS, ("Identity",), EVERYWHERE, "titles and the private flag"),
    Right(
        "Get-DistributionGroup",
        VIEW_ONLY_RECIPIENTS,
        ("RecipientTypeDetails", "ResultSize"),
        EVERYWHERE,
        "the groups that are in reach",
    ),
    Right("Get-DistributionGroupMember", VIEW_ONLY_RECIPIENTS, ("Identity", "ResultSize"), GROUP, "who is in them"),
    Right("Get-ApplicationAccessPolicy", VIEW_ONLY_CONFIGURATION, (), EVERYWHERE, "policies of the application"),
    Right(
        "Get-ServicePrincipal",
        VIEW_ONLY_CONFIGURATION,
        (),
        EVERYWHERE,
        "whether Exchange knows the application, by which object id",
    ),
    Right("Get-ManagementScope", VIEW_ONLY_CONFIGURATION, (), EVERYWHERE, "what its scopes match"),
    Right(
        "Get-ManagementRoleAssignment",
        VIEW_ONLY_CONFIGURATION,
        ("RoleAssignee",),
        EVERYWHERE,
        "its roles; with `policy` only where Exchange knows the application",
    ),
    Right(
        "Test-ApplicationAccessPolicy",
        VIEW_ONLY_CONFIGURATION,
        ("Identity", "AppId"),
        POLICY,
        "what Exchange itself says of each mailbox",
    ),
    Right(
        "Test-ServicePrincipalAuthorization",
        VIEW_ONLY_CONFIGURATION,
        ("Identity", "Resource"),
        RBAC,
        "what Exchange itself says of each mailbox",
    ),
)
BY_CMDLET: Mapping[str, Right] = {right.cmdlet: right for right in READING}


def needed_to_read(setup: Setup) -> tuple[Right, ...]:
    """Return what whoever verifies is to have."""
    return tuple(right for right in READING if setup in right.setups)


def missing_to_read(cmdlet: str) -> str:
    """Say which role lets whoever verifies run a cmdlet, and how it is given; never one that may change something."""
    right = BY_CMDLET.get(cmdlet)
    role = f"the management role {right.role}" if right else "a management role"
    return (
        f"whoever verifies lacks {role}, which has the cmdlet {cmdlet}. It gets the Entra role Global Reader (Entra ID > Roles & "
        "admins), or an Exchange administrator puts it into a role group with the two View-Only roles (docs/permissions.md, "
        "*Verifying only*). A right that was just given counts once a new token is issued, so run again after some minutes"
    )
