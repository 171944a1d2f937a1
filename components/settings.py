"""The stack's configuration as frozen, validated types.

Owns every key of the `roomz:` namespace: its default, its meaning (the description of a field becomes the README's table) and
what is refused. Owns no reading of the configuration (`configuration.py`, which also words what is wrong), no decision that
needs the tenant or the last outputs (`secret_plan.py`, `drift.py`) and declares no resource.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from components.secret_plan import SecretRules
from microsoft365.connection import Connection
from microsoft365.exchange import filters
from microsoft365.validation import (
    LONGEST_NAME,
    check_address,
    check_guid,
    check_name,
    check_removal_limit,
    check_unique,
)

# Microsoft Graph: application resource type, displayName is at most 256 characters.
DISPLAY_NAME_LENGTH = 256


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("roomz", "{text}", {"text": text})


def _not_yet(value: str, instead: str) -> PydanticCustomError:
    return _problem(f"{value} is not supported yet. {instead}")


def _by(check: Callable[[str], str]) -> Callable[[str], str]:
    """The scripts' own check, so that what is accepted here is accepted there; its words follow the value."""

    def validate(value: str) -> str:
        try:
            return check(value)
        except ValueError as error:
            raise _problem(str(error).removeprefix(repr(value)).strip()) from None

    return validate


def _check_filter(value: str) -> str:
    filters.parse(value)
    return value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        check_unique(values)
    except ValueError:
        folded = [value.casefold() for value in values]
        twice = [value for index, value in enumerate(values) if folded[index] in folded[:index]]
        raise _problem(f"lists {', '.join(twice)} more than once; each belongs there once") from None
    return values


Address = Annotated[str, AfterValidator(_by(check_address))]
ObjectId = Annotated[str, AfterValidator(_by(check_guid))]
Name = Annotated[str, AfterValidator(_by(check_name))]


class Section(BaseModel):
    """Keys that belong together: camelCase in the stack file, frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Secret(Section):
    """Keys below `roomz:secret`."""

    lifetime_months: int = Field(
        24,
        ge=2,
        le=24,
        description="How long the next secret lives, in months, 2 to 24. It never moves one that exists.",
    )
    renew_months_before: int = Field(
        2,
        ge=1,
        description="How many months before the end of the newest secret the next one is issued: 1 to half the lifetime.",
    )
    generation: int | None = Field(
        None,
        ge=0,
        description="At least this generation: one more than the newest means *renew now*; anything further is refused.",
    )
    handed_over: int | None = Field(
        None, ge=0, description="The generation that the ROOMZ Portal has now; once set, older ones are removed."
    )
    revoked_through: int | None = Field(
        None,
        ge=0,
        description="Every generation up to this one is removed at once, even if the Portal still uses it (a leak). "
        "The newest is refused unless `secret.generation` asks for a newer one in the same change.",
    )

    @model_validator(mode="after")
    def _renewal_fits(self) -> "Secret":
        if self.renew_months_before * 2 > self.lifetime_months:
            fits = self.lifetime_months // 2
            raise _problem(
                f"renewMonthsBefore is {self.renew_months_before}, more than half of lifetimeMonths {self.lifetime_months}: secrets would "
                f"pile up. Set it to {fits} or less: pulumi config set --path 'roomz:secret.renewMonthsBefore' {fits}"
            )
        return self

    def rules(self) -> SecretRules:
        """The same as the plain type that the plan of secrets takes."""
        return SecretRules(**self.model_dump())


class RoomFilter(Section):
    """`roomz:rooms.include` as a filter: rooms by what they are."""

    filter: Annotated[str, AfterValidator(_by(_check_filter))]


def _kind_of_include(value: Any) -> str:
    """Which of the three forms is meant, so that what is wrong with it is said of that form alone."""
    if isinstance(value, Mapping | RoomFilter):
        return "filtered"
    return "addresses" if isinstance(value, list | tuple) else "everything"


class Rooms(Section):
    """Keys below `roomz:rooms`."""

    include: Annotated[
        Annotated[Literal["all"], Tag("everything")]
        | Annotated[RoomFilter, Tag("filtered")]
        | Annotated[tuple[Address, ...], Tag("addresses")],
        Discriminator(_kind_of_include),
    ] = Field(
        "all",
        description="`all`, a list of addresses, or a filter such as `{filter: \"Office -eq 'Bern'\"}`: OPATH over rooms, by Alias, City, "
        "Company, CustomAttribute1 to 15, Department, DisplayName, HiddenFromAddressListsEnabled, Name, Office, ResourceCapacity "
        "and StateOrProvince. It is parsed and wrapped, so it never reaches beyond the `kinds`.",
    )
    exclude: Annotated[tuple[Address, ...], AfterValidator(_unique)] = Field(
        (), description="Addresses of rooms that the application must not reach."
    )
    kinds: Annotated[tuple[Literal["room", "workspace", "equipment"], ...], AfterValidator(_unique)] = Field(
        ("room",), description="The kinds of mailboxes that count as rooms: `room`, `workspace`, `equipment`."
    )
    max_removals: int | str | None = Field(
        None,
        description="Refuse, before anything is changed, to take more rooms than this out of reach in one run: a number or a "
        "share such as `10%`. Default: 10 %, at least 3.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_of_three(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            include = data.get("include", "all")
            if isinstance(include, str) and include != "all":
                raise _problem(
                    f"include is {include!r}; it is `all`, a list of addresses, or a filter: pulumi config set --path "
                    "'roomz:rooms.include.filter' \"Office -eq 'Bern'\""
                )
        return data

    @model_validator(mode="after")
    def _consistent(self) -> "Rooms":
        if not self.kinds:
            raise _problem("kinds is empty: no room would be covered. Leave it out, or set it to [room]")
        if not isinstance(self.include, tuple):
            return self
        if not self.include:
            raise _problem(
                "include is an empty list: the application would reach nothing. List addresses, or set it to `all`"
            )
        _unique(self.include)
        excluded = {address.lower() for address in self.exclude}
        both = [address for address in self.include if address.lower() in excluded]
        if both:
            raise _problem(f"{', '.join(both)} stands in include and in exclude; take it out of one of them")
        return self

    @model_validator(mode="after")
    def _share(self) -> "Rooms":
        if self.max_removals is not None:
            try:
                check_removal_limit(self.max_removals)
            except ValueError:
                raise _problem(
                    f"maxRemovals is {self.max_removals!r}; it is a number of rooms (0 or more) or a share from 0% to 100%"
                ) from None
        return self


class Group(Section):
    """Keys below `roomz:group`: the mail-enabled security group that holds the rooms."""

    name: Name = Field("RoomzResources", description="Its name; a change renames it in place.")
    alias: str = Field(
        "",
        max_length=LONGEST_NAME,
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]*(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$",
        description="Its alias. Default: the name, without what an alias cannot hold.",
    )
    primary_smtp_address: Address | None = Field(
        None,
        description="Its address, of a domain that the tenant accepts mail for. Required with `access: policy`, and with "
        "`rbac` where `rooms` has a list or an exclusion; otherwise `rbac` uses no group.",
    )
    members: Literal["exact", "atLeast"] = Field(
        "exact",
        description="`exact`: the rooms and nobody else. `atLeast`: never takes a room mailbox out; a member that is not a "
        "room mailbox (a person, a nested group) stops the run.",
    )
    adopt: bool = Field(
        False,
        description="Take over a group of that address that somebody else made. Removal then takes off the mark and leaves the group.",
    )
    hidden_from_address_lists: bool = Field(
        True, description="Keep it out of the address lists: an invitation to the group would book every room."
    )

    @property
    def alias_or_default(self) -> str:
        """The alias, or what of the name an alias can hold."""
        return self.alias or re.sub(r"[^A-Za-z0-9._-]", "", self.name).strip(".") or "RoomzResources"


class Exchange(Section):
    """Keys below `roomz:exchange`."""

    transport: Literal["rest", "runbook"] = Field(
        "rest", description="How Exchange Online is reached: `rest`. (`runbook` is not supported yet.)"
    )

    @model_validator(mode="after")
    def _later(self) -> "Exchange":
        if self.transport == "runbook":
            raise _not_yet("transport `runbook`", "Leave it out: `rest` is the default.")
        return self


class Endpoints(Section):
    """Keys below `roomz:endpoints`."""

    exchange: str | None = Field(
        None,
        description="Exchange's host for a cloud that is not listed and for the simulated tenant. Default: by `azuread:environment`.",
    )


class Connector(Section):
    """Keys below `roomz:connector`: what the sheet tells the person at the ROOMZ Portal to choose."""

    friendly_name: str = Field(
        "Microsoft 365", min_length=1, description="The connector's Friendly Name in the ROOMZ Portal."
    )
    show_image_in_attachments: bool = Field(False, description="The portal's option *Show image in attachments*.")
    instant_online_meetings: bool = Field(
        False, description="The portal's option *Instant booking with online meeting*."
    )


class Settings(Section):
    """Everything below `roomz:`."""

    access: Literal["policy", "rbac"] = Field(
        description="How the application is kept to the rooms. `rbac`: RBAC for Applications in Exchange Online, what Microsoft and ROOMZ "
        "recommend; no grant in Entra. `policy`: Calendars.ReadWrite in Entra and an application access policy. Changing it on a "
        "live stack is refused."
    )
    display_name: str = Field(
        "ROOMZGraph",
        min_length=1,
        max_length=DISPLAY_NAME_LENGTH,
        description="The application's name in Entra. Changing it renames, and rotates nothing.",
    )
    consent: Literal["grant", "admin"] = Field(
        "grant",
        description="Who grants Calendars.ReadWrite. `grant`: the stack, which takes the tier 0 permission `AppRoleAssignment.ReadWrite.All`. "
        "`admin`: a Privileged Role Administrator, at the pages in the outputs; every run looks whether it has been granted, and the "
        "secret does not wait for it. Changing it on a live stack is refused. Without effect with `access: rbac`.",
    )
    owners: Annotated[tuple[ObjectId, ...], AfterValidator(_unique)] = Field(
        (),
        description="Object ids that own application and service principal. Empty: the caller of the first `up`, then left as it is. "
        "If set, exact; it must hold the caller.",
    )
    protect: bool = Field(True, description="Pulumi's protection of the application: `destroy` stops before it.")
    removal: Literal["later", "now"] = Field(
        "later",
        description="What `destroy` does with the restriction: `later` leaves it until the application is gone for good and names the "
        "command that ends it; `now` is for the local tenant and refused elsewhere.",
    )
    secret: Secret = Field(default_factory=Secret, description="The client secrets.")
    rooms: Rooms = Field(default_factory=Rooms, description="The rooms that the application may reach.")
    group: Group = Field(default_factory=Group, description="The mail-enabled security group that holds them.")
    calendar: Literal["unmanaged", "titles"] = Field(
        "unmanaged",
        description="`titles`: meeting titles and the private flag stay on every room (AddOrganizerToSubject, DeleteSubject and "
        "RemovePrivateProperty false). Whoever sees a room's calendar sees the titles, so it is asked for.",
    )
    calendar_on_removal: Literal["keep", "defaults"] = Field(
        "keep",
        description="What `destroy` does with calendar processing. `keep`: nothing. `defaults`: sets AddOrganizerToSubject, DeleteSubject and "
        "RemovePrivateProperty to true, Microsoft's default, on every room of the group that has all three false, as `titles` sets them, "
        "also if `calendar` is `unmanaged` by now. Nobody notes how a room was before: one that somebody else had set so is reset too, "
        "and one that has left the group is not.",
    )
    exchange: Exchange = Field(default_factory=Exchange, description="How Exchange Online is reached.")
    observe: bool = Field(
        True,
        description="Look for drift, in Exchange and Entra, at every preview. `false` gives up more than that: what only the tenant knows "
        "(a room that does not exist, a guard) then stops the run only when the application has been made already. Refused with "
        "`consent: admin`, which has to look.",
    )
    endpoints: Endpoints = Field(default_factory=Endpoints, description="Other hosts than Microsoft's.")
    connector: Connector = Field(default_factory=Connector, description="The connector's sheet.")

    # Not keys of `roomz:`, but of the azuread provider, which they stay.
    connection: Connection = Field(exclude=True)

    @property
    def uses_group(self) -> bool:
        """True where the rooms are kept in a group: always in `policy`, in `rbac` where no filter says which they are."""
        return self.access == "policy" or isinstance(self.rooms.include, tuple) or bool(self.rooms.exclude)

    @property
    def consent_by_person(self) -> bool:
        """True where a person grants what the registration requests, and the stack only looks."""
        return self.access == "policy" and self.consent == "admin"

    @model_validator(mode="after")
    def _supported(self) -> "Settings":
        if self.consent_by_person and not self.observe:
            raise _problem(
                "observe is `false`, and with consent `admin` only the look at the tenant can tell whether somebody has consented. Set "
                "it back with: pulumi config rm roomz:observe"
            )
        if self.group.primary_smtp_address is None and self.uses_group:
            why = "" if self.access == "policy" else " (with `rbac` a list of rooms or an exclusion needs one)"
            raise _problem(
                f"group.primarySmtpAddress is missing: the group that holds the rooms{why} needs an address of a domain of yours. Set it "
                "with: pulumi config set --path 'roomz:group.primarySmtpAddress' RoomzResources@contoso.com"
            )
        if self.removal == "now" and not self.connection.exchange_is_loopback:
            raise _problem(
                "removal is `now`, which is for the local tenant only: tokens issued before a destroy live on for about an hour and a "
                "deleted application can be restored for 30 days, so the restriction has to stay. Set it with: "
                "pulumi config set roomz:removal later"
            )
        return self
