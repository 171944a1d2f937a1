"""The properties that a filter over rooms may name.

Source: Microsoft Learn, "Filterable properties for the Filter parameter on Exchange cmdlets" (which cmdlet takes which) and
"Filterable properties for the RecipientFilter parameter on Exchange cmdlets" (what a management scope takes). Only what
both pages give the same meaning is here: CountryOrRegion is not, a name of a country to one and two letters to the other.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TEXT, NUMBER, BOOLEAN = "text", "number", "boolean"
Type = Literal["text", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `values` are all that it has, in lower case, where Microsoft lists them."""

    name: str
    kind: Type = "text"
    of_get_mailbox: bool = True
    of_get_recipient: bool = True
    says_kind: bool = False
    """True for what roomz:rooms.kinds decides."""
    values: frozenset[str] = field(default=frozenset())


_ALL = (
    Property("Alias"),
    Property("City", of_get_mailbox=False),
    Property("Company", of_get_mailbox=False),
    *(Property(f"CustomAttribute{number}") for number in range(1, 16)),
    Property("Department", of_get_mailbox=False),
    Property("DisplayName"),
    Property("HiddenFromAddressListsEnabled", "boolean"),
    Property("Name"),
    Property("Office"),
    Property("RecipientTypeDetails", says_kind=True),
    Property("ResourceCapacity", "number", of_get_recipient=False),
    Property("ResourceType", says_kind=True, of_get_recipient=False, values=frozenset({"room", "equipment"})),
    Property("StateOrProvince", of_get_mailbox=False),
)
PROPERTIES: Mapping[str, Property] = {one.name.casefold(): one for one in _ALL}
"""By name in lower case: letter case never matters."""


def nearest(name: str) -> str:
    """Return a hint for a name that is not among them."""
    names = {key: one.name for key, one in PROPERTIES.items() if not one.says_kind}
    near = difflib.get_close_matches(name.casefold(), names, n=1)
    if near:
        return f"did you mean {names[near[0]]}?"
    listed = [one for one in names.values() if not one.startswith("CustomAttribute")]
    return f"known are {', '.join(listed)} and CustomAttribute1 to CustomAttribute15"
