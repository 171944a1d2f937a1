"""Get-Mailbox and Get-Recipient.

Source: Microsoft Learn, both pages; the shape of a mailbox from a public capture.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import filters, lookup, replication
from simulator.exchange.cmdlet import SIZE, TEXT, Cmdlet, Parameter, Result, Row, Session, wanted_size
from simulator.exchange.mailboxchanges import CUSTOM_ATTRIBUTES
from simulator.recipientfilter.properties import RECIPIENT_TYPE_DETAILS, RECIPIENT_TYPES
from simulator.records import Group, Mailbox
from simulator.tenant import Recipient, Tenant

MAILBOX_KINDS = tuple(kind for kind in RECIPIENT_TYPE_DETAILS if kind.endswith("Mailbox") and kind != "GroupMailbox")
ENUMERATION = "Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails[]"


def legacy_name(recipient: Recipient) -> str:
    """Return the LegacyExchangeDN."""
    mark = recipient.guid.replace("-", "")
    return (
        "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"
        f"cn={mark}-{recipient.alias.lower()}"
    )


def mailbox_row(tenant: Tenant, mailbox: Mailbox) -> Row:
    """Return a mailbox as Get-Mailbox shows it; City is not among its properties."""
    resource = mailbox.resource_type is not None
    return {
        "ExchangeGuid": UUID(mailbox.guid),
        "IsMailboxEnabled": True,
        "IsDirSynced": mailbox.is_dir_synced,
        "IsResource": resource,
        "IsShared": mailbox.kind == "SharedMailbox",
        "ResourceCapacity": mailbox.resource_capacity,
        "ResourceCustom": [],
        "ResourceType": mailbox.resource_type,
        "RoomMailboxAccountEnabled": False if resource else None,
        "AccountDisabled": resource,
        "UserPrincipalName": mailbox.address,
        "WindowsLiveID": mailbox.address,
        "MicrosoftOnlineServicesID": mailbox.address,
        "Office": mailbox.office,
        "RecipientLimits": "500",
        "RetainDeletedItemsFor": "14.00:00:00",
        "HiddenFromAddressListsEnabled": False,
        "AddressListMembership": ["\\All Rooms"] if mailbox.kind == "RoomMailbox" else ["\\All Mailboxes"],
        "AdministrativeUnits": [],
        "Alias": mailbox.alias,
        **{name: mailbox.custom_attributes.get(name, "") for name in CUSTOM_ATTRIBUTES},
        "DisplayName": mailbox.display_name,
        "EmailAddresses": [f"SMTP:{mailbox.address}"],
        "ExternalDirectoryObjectId": mailbox.object_id,
        "LegacyExchangeDN": legacy_name(mailbox),
        "PrimarySmtpAddress": mailbox.address,
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": mailbox.kind,
        "WindowsEmailAddress": mailbox.address,
        "Identity": mailbox.name,
        "Id": mailbox.name,
        "IsValid": True,
        "ExchangeVersion": "0.20 (15.0.0.0)",
        "Name": mailbox.name,
        "DistinguishedName": tenant.distinguished_name(mailbox.name),
        "WhenCreatedUTC": mailbox.created,
        "Guid": UUID(mailbox.guid),
        "ObjectState": "Unchanged",
    }


def recipient_row(tenant: Tenant, recipient: Recipient) -> Row:
    """Return a recipient as Get-Recipient and Get-DistributionGroupMember show it."""
    mailbox = recipient if isinstance(recipient, Mailbox) else None
    others = recipient.other_addresses if isinstance(recipient, Group) else []
    return {
        "Identity": recipient.name,
        "Id": recipient.name,
        "Name": recipient.name,
        "Alias": recipient.alias,
        "DisplayName": recipient.display_name,
        "PrimarySmtpAddress": recipient.address,
        "EmailAddresses": [f"SMTP:{recipient.address}", *(f"smtp:{other}" for other in others)],
        "RecipientType": recipient.recipient_type,
        "RecipientTypeDetails": recipient.recipient_type_details,
        "ExternalDirectoryObjectId": recipient.object_id,
        "WindowsLiveID": mailbox.address if mailbox else "",
        "Office": mailbox.office if mailbox else "",
        "City": mailbox.city if mailbox else "",
        **{name: mailbox.custom_attributes.get(name, "") if mailbox else "" for name in CUSTOM_ATTRIBUTES},
        "ResourceType": mailbox.resource_type if mailbox else None,
        "IsDirSynced": recipient.is_dir_synced,
        "IsValidSecurityPrincipal": recipient.kind in ("UserMailbox", "MailUniversalSecurityGroup"),
        "DistinguishedName": tenant.distinguished_name(recipient.name),
        "WhenCreatedUTC": recipient.created,
        "IsValid": True,
        "Guid": UUID(recipient.guid),
        "ObjectState": "Unchanged",
    }


def get_mailbox(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-Mailbox."""
    tenant = session.tenant
    online = [mailbox for mailbox in tenant.mailboxes if not mailbox.lives_on_premises]
    found = [lookup.mailbox(tenant, bound["Identity"])] if "Identity" in bound else online
    kinds = bound.get("RecipientTypeDetails")
    found = [mailbox for mailbox in found if not kinds or mailbox.kind in kinds]
    if "Filter" in bound:
        wanted = filters.read("Filter", bound["Filter"], filters.OF_GET_MAILBOX)
        found = [mailbox for mailbox in found if wanted.matches(tenant, mailbox)]
    return Result(found, lambda mailbox: mailbox_row(tenant, mailbox), size=wanted_size(bound))


def get_recipient(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-Recipient."""
    tenant = session.tenant
    every: list[Recipient] = [*tenant.mailboxes, *replication.found(tenant, tenant.groups)]
    found = [lookup.recipient(tenant, bound["Identity"])] if "Identity" in bound else every
    kinds, types = bound.get("RecipientTypeDetails"), bound.get("RecipientType")
    found = [recipient for recipient in found if not kinds or recipient.recipient_type_details in kinds]
    found = [recipient for recipient in found if not types or recipient.recipient_type in types]
    if "Filter" in bound:
        wanted = filters.read("Filter", bound["Filter"], filters.OF_GET_RECIPIENT)
        found = [recipient for recipient in found if wanted.matches(tenant, recipient)]
    return Result(found, lambda recipient: recipient_row(tenant, recipient), size=wanted_size(bound))


CMDLETS = [
    Cmdlet(
        "Get-Mailbox",
        get_mailbox,
        {
            "Identity": TEXT,
            "Filter": TEXT,
            "RecipientTypeDetails": Parameter("texts", values=MAILBOX_KINDS, enumeration=ENUMERATION),
            "ResultSize": SIZE,
        },
        "Identity, Filter (not by City), RecipientTypeDetails, ResultSize; a workspace is a RoomMailbox of the ResourceType Workspace "
        "(unverified)",
        documented=(
            "Anr",
            "Archive",
            "GroupMailbox",
            "InactiveMailboxOnly",
            "IncludeInactiveMailbox",
            "MailboxPlan",
            "OrganizationalUnit",
            "PublicFolder",
            "SoftDeletedMailbox",
            "SortBy",
        ),
    ),
    Cmdlet(
        "Get-Recipient",
        get_recipient,
        {
            "Identity": TEXT,
            "Filter": TEXT,
            "RecipientType": Parameter("texts", values=RECIPIENT_TYPES),
            "RecipientTypeDetails": Parameter("texts", values=RECIPIENT_TYPE_DETAILS, enumeration=ENUMERATION),
            "ResultSize": SIZE,
        },
        "Identity, Filter (not by ResourceCapacity), RecipientType, RecipientTypeDetails, ResultSize; mailboxes and groups; "
        "a mailbox on premises is a MailUser (unverified)",
        documented=(
            "Anr",
            "AuthenticationType",
            "Capabilities",
            "IncludeSoftDeletedRecipients",
            "OrganizationalUnit",
            "Properties",
            "PropertySet",
            "RecipientPreviewFilter",
            "SortBy",
        ),
    ),
]
