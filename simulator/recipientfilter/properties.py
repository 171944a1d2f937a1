"""The properties that a filter may name: how each is written, which operators and values it takes, and how it is read.

Source: Microsoft Learn, "Filterable properties for the Filter parameter on Exchange cmdlets".  Owns what a value is.
Refuses to own which cmdlet offers which property.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from simulator.recipientfilter.refusals import FilterError, FilterNotImitatedError, wrong_operator, wrong_value
from simulator.records import Group, Mailbox
from simulator.tenant import Recipient, Tenant

Operator = Literal["eq", "ne", "like", "gt", "ge", "lt", "le"]
Value = str | int | None
Values = tuple[str | int, ...]

EQUALITY: frozenset[str] = frozenset({"eq", "ne"})
ORDER: frozenset[str] = frozenset({"gt", "ge", "lt", "le"})

RECIPIENT_TYPE_DETAILS = (
    "UserMailbox",
    "SharedMailbox",
    "RoomMailbox",
    "EquipmentMailbox",
    "LinkedMailbox",
    "LegacyMailbox",
    "DiscoveryMailbox",
    "SchedulingMailbox",
    "TeamMailbox",
    "MailUniversalSecurityGroup",
    "MailUniversalDistributionGroup",
    "MailNonUniversalGroup",
    "DynamicDistributionGroup",
    "GroupMailbox",
    "GuestMailUser",
    "MailContact",
    "MailUser",
    "RemoteRoomMailbox",
    "RoomList",
)
"""Microsoft Learn, Get-Recipient, parameter RecipientTypeDetails."""
RECIPIENT_TYPES = (
    "DynamicDistributionGroup",
    "MailContact",
    "MailNonUniversalGroup",
    "MailUniversalDistributionGroup",
    "MailUniversalSecurityGroup",
    "MailUser",
    "PublicFolder",
    "UserMailbox",
)
RESOURCE_TYPES = ("Room", "Equipment")
"""What the page lists.  Workspaces exist, but whether a filter may name them no document says."""
UNDOCUMENTED_RESOURCE_TYPES = ("Workspace", "Desk")

PREFIXES = ("smtp:", "sip:")
"""What may stand before an address in EmailAddresses."""

_DISTINGUISHED_NAME = re.compile(r"^(CN|OU|DC)=.+,DC=[^,=]+$", re.IGNORECASE)
_CANONICAL_NAME = re.compile(r"^[A-Za-z0-9.-]+/.+$")


class Written(NamedTuple):
    """A value as it stood in the text."""

    kind: Literal["text", "integer", "system"]
    text: str


@dataclass(frozen=True)
class Property:
    """A property that can be filtered by."""

    name: str
    operators: frozenset[str]
    convert: Callable[[str, Written], Value]
    read: Callable[[Tenant, Recipient], Values]
    """What a recipient has; nothing is blank."""
    equal: Callable[[Tenant, Recipient, str], bool] | None = None
    """Tells whether a recipient has a value, where that is not comparing texts."""

    def value(self, operator: Operator, written: Written) -> Value:
        """Return the value to compare with.  Raises FilterError for what the property does not take."""
        if operator not in self.operators:
            raise wrong_operator(self.name, operator)
        if written == ("system", "null"):
            if operator not in EQUALITY:
                raise wrong_operator(self.name, operator)
            return None
        value = self.convert(self.name, written)
        if operator == "like" and isinstance(value, str):
            _check_pattern(self.name, value)
        return value


def _check_pattern(name: str, pattern: str) -> None:
    """Refuse a wildcard that is not the last character.

    Source: "Recipient filters in Exchange PowerShell commands": in Exchange Online a suffix in most parameters.
    """
    if "*" in pattern[:-1]:
        raise FilterError(
            f"The value '{pattern}' of {name} has a wildcard character that is not its last character. "
            "Wildcards are supported only as a suffix."
        )


# -- kinds of values ----------------------------------------------------------------------------------------------------


def _text(name: str, written: Written) -> Value:
    if written.kind == "system":
        raise wrong_value(name, f"${written.text}", "a text")
    if not written.text:
        raise wrong_value(name, "", "a text; blank values are found by $null")
    return written.text


def _one_of(allowed: tuple[str, ...]) -> Callable[[str, Written], Value]:
    def convert(name: str, written: Written) -> Value:
        for each in allowed:
            if written.kind == "text" and each.casefold() == written.text.casefold():
                return each
        raise wrong_value(name, written.text, f"one of {', '.join(allowed)}")

    return convert


def _resource_type(name: str, written: Written) -> Value:
    if written.text.capitalize() in UNDOCUMENTED_RESOURCE_TYPES:
        raise FilterNotImitatedError(
            f"the value {written.text} of the filterable property {name}, which Microsoft's page does not list"
        )
    return _one_of(RESOURCE_TYPES)(name, written)


def _boolean(name: str, written: Written) -> Value:
    if written.text.casefold() not in ("true", "false") or written.kind == "integer":
        raise wrong_value(name, written.text, "a Boolean value")
    return written.text.capitalize()


def _integer(name: str, written: Written) -> Value:
    if written.kind == "system" or not re.fullmatch(r"-?[0-9]{1,9}", written.text):
        raise wrong_value(name, written.text, "an Int32")
    return int(written.text)


def _distinguished_name(name: str, written: Written) -> Value:
    if written.kind == "text" and _CANONICAL_NAME.match(written.text):
        raise FilterNotImitatedError(f"a canonical name as the value of the filterable property {name}")
    if written.kind != "text" or not _DISTINGUISHED_NAME.match(written.text):
        raise wrong_value(name, written.text, "a distinguished name")
    return written.text


def _guid(name: str, written: Written) -> Value:
    try:
        return str(UUID(written.text))
    except ValueError:
        raise wrong_value(name, written.text, "a GUID") from None


# -- how a recipient is read --------------------------------------------------------------------------------------------


def _attribute(field: str) -> Callable[[Tenant, Recipient], Values]:
    """Return the reader of a record's field; a recipient without the field, or with an empty one, has nothing."""

    def read(_tenant: Tenant, recipient: Recipient) -> Values:
        value = getattr(recipient, field, None)
        return () if value in (None, "") else (value,)

    return read


def _custom_attribute(name: str) -> Callable[[Tenant, Recipient], Values]:
    def read(_tenant: Tenant, recipient: Recipient) -> Values:
        value = recipient.custom_attributes.get(name, "") if isinstance(recipient, Mailbox) else ""
        return (value,) if value else ()

    return read


def _plain_addresses(_tenant: Tenant, recipient: Recipient) -> Values:
    others = recipient.other_addresses if isinstance(recipient, Group) else []
    return (recipient.address, *others)


def _hidden(_tenant: Tenant, recipient: Recipient) -> Values:
    return (str(isinstance(recipient, Group) and recipient.hidden_from_address_lists),)


def _own_distinguished_name(tenant: Tenant, recipient: Recipient) -> Values:
    return (tenant.distinguished_name(recipient.name),)


def _groups(tenant: Tenant, recipient: Recipient) -> Values:
    """Return the distinguished names of the groups that a recipient is a direct member of."""
    return tuple(
        tenant.distinguished_name(group.name) for group in tenant.groups if recipient.object_id in group.member_ids
    )


def _in_group(tenant: Tenant, recipient: Recipient, distinguished_name: str) -> bool:
    """Tell the same of one group without looking at the others, of which there may be many and large ones."""
    named = tenant.find_recipients(distinguished_name)
    return any(isinstance(group, Group) and recipient.object_id in group.member_ids for group in named)


def _has_address(tenant: Tenant, recipient: Recipient, address: str) -> bool:
    """Compare addresses; a complete one may have a prefix or none."""
    folded = address.casefold()
    wanted = next((folded.removeprefix(prefix) for prefix in PREFIXES if folded.startswith(prefix)), folded)
    return any(str(own).casefold() == wanted for own in _plain_addresses(tenant, recipient))


_WILDCARDS = EQUALITY | {"like"}

_ALL = [
    Property("Alias", _WILDCARDS, _text, _attribute("alias")),
    Property("City", _WILDCARDS, _text, _attribute("city")),
    *(
        Property(f"CustomAttribute{n}", _WILDCARDS, _text, _custom_attribute(f"CustomAttribute{n}"))
        for n in range(1, 16)
    ),
    Property("DisplayName", _WILDCARDS, _text, _attribute("display_name")),
    Property("DistinguishedName", EQUALITY, _distinguished_name, _own_distinguished_name),
    Property("EmailAddresses", _WILDCARDS, _text, _plain_addresses, _has_address),
    Property("ExternalDirectoryObjectId", EQUALITY, _guid, _attribute("object_id")),
    Property("Guid", EQUALITY, _guid, _attribute("guid")),
    Property("HiddenFromAddressListsEnabled", EQUALITY, _boolean, _hidden),
    Property("MemberOfGroup", EQUALITY, _distinguished_name, _groups, _in_group),
    Property("Name", _WILDCARDS, _text, _attribute("name")),
    Property("Office", _WILDCARDS, _text, _attribute("office")),
    # "Any filter that uses the PrimarySmtpAddress property will also search values in the EmailAddresses property."
    Property("PrimarySmtpAddress", _WILDCARDS, _text, _plain_addresses),
    Property("RecipientType", EQUALITY, _one_of(RECIPIENT_TYPES), _attribute("recipient_type")),
    Property("RecipientTypeDetails", EQUALITY, _one_of(RECIPIENT_TYPE_DETAILS), _attribute("recipient_type_details")),
    Property("ResourceCapacity", EQUALITY | ORDER, _integer, _attribute("resource_capacity")),
    Property("ResourceType", EQUALITY, _resource_type, _attribute("resource_type")),
]
PROPERTIES: dict[str, Property] = {each.name.casefold(): each for each in _ALL}

OTHERS = frozenset(
    name.casefold()
    for name in (
        "Company",
        "CountryCode",
        "CountryOrRegion",
        "Department",
        "ExchangeGuid",
        "ExchangeUserAccountControl",
        "ExchangeVersion",
        "FirstName",
        "IsDirSynced",
        "IsInactiveMailbox",
        "LastName",
        "LegacyExchangeDN",
        "ManagedBy",
        "Manager",
        "Members",
        "Notes",
        "ObjectCategory",
        "ObjectClass",
        "Phone",
        "PostalCode",
        "RecipientTypeDetailsValue",
        "ResourceCustom",
        "SamAccountName",
        "StateOrProvince",
        "Title",
        "UserPrincipalName",
        "WhenChanged",
        "WhenCreated",
        "WindowsEmailAddress",
        "WindowsLiveID",
        *(f"ExtensionCustomAttribute{number}" for number in range(1, 6)),
    )
)
"""Properties that Exchange filters by and the simulator does not: a choice of the usual ones."""
