"""The stack's configuration as frozen, validated types.

Owns every key of the `roomz:` namespace: its default, its meaning (the description of a field becomes the README's table) and
what is refused. Owns no reading of the configuration (`configuration.py`; what is wrong words `refusals.py`), no decision that
needs the tenant or the last outputs (`secret_rules.py`, `secret_plan.py`, `drift.py`) and declares no resource.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from components.rules import Address, Filter, Name, ObjectId, RemovalLimit, Section, Whole, problem, unique
from components.secret_rules import SecretRules
from microsoft365.connection import Connection
from microsoft365.validation import LONGEST_NAME

# Microsoft Graph: application resource type, displayName is at most 256 characters.
DISPLAY_NAME_LENGTH = 256


class Secret(Section):
    """Keys below `roomz:secret`."""

    lifetime_months: Whole = Field(
        24,
        ge=2,
        le=24,
        description="How long the next secret lives, in months, 2 to 24. It never moves one that exists.",
    )
    renew_months_before: Whole = Field(
        2,
        ge=1,
        description="How many months before the end of the newest secret the next one is issued: 1 to half the lifetime.",
    )
    generation: Whole | None = Field(
        None,
        ge=0,
        description="At least this generation: one more than the newest means *renew now*; anything further is refused.",
    )
    handed_over: Whole | None = Field(
        None, ge=0, description="The generation that the ROOMZ Portal has now; once set, older ones are removed."
    )
    revoked_through: Whole | None = Field(
        None,
        ge=0,
        description="Every generation up to this one is removed at once, even if the Portal still uses it (a leak). "
        "The newest is refused unless `secret.generation` asks for a newer one in the same change.",
    )

    @model_validator(mode="after")
    def _renewal_fits(self) -> "Secret":
        if self.renew_months_before * 2 > self.lifetime_months:
            fits = self.lifetime_months // 2
            raise problem(
                f"is {self.renew_months_before}, more than half of roomz:secret.lifetimeMonths, {self.lifetime_months}: secrets would "
                f"pile up. It is {fits} or less",
                key="renewMonthsBefore",
                instead=str(fits),
            )
        return self

    def rules(self) -> SecretRules:
        """The same as the plain type that the plan of secrets takes."""
        return SecretRules(**self.model_dump())


class RoomFilter(Section):
    """`roomz:rooms.include` as a filter: rooms by what they are."""

    filter: Filter


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
    exclude: Annotated[tuple[Address, ...], AfterValidator(unique)] = Field(
        (), description="Addresses of rooms that the application must not reach."
    )
    kinds: Annotated[tuple[Literal["room", "workspace", "equipment"], ...], AfterValidator(unique)] = Field(
        ("room",), description="The kinds of mailboxes that count as rooms: `room`, `workspace`, `equipment`."
    )
    max_removals: RemovalLimit = Field(
        None,
        description="Refuse, before anything is changed, to take more rooms than this out of reach in one run: a number or a "
        "share such as `10%`. Default: 10 %, at least 3.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_of_three(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            include = data.get("include", "all")
            if not isinstance(include, Mapping | list | tuple | RoomFilter) and include != "all":
                looks_like_a_filter = isinstance(include, str) and " " in include
                raise problem(
                    f"is {include!r}; it is `all`, a list of addresses (pulumi config set --path 'roomz:rooms.include[0]' "
                    "room-eiger@contoso.com), or a filter",
                    key="include",
                    write="filter" if looks_like_a_filter else "",
                    instead="" if looks_like_a_filter else "all",
                )
        return data

    @model_validator(mode="after")
    def _consistent(self) -> "Rooms":
        if not self.kinds:
            raise problem("is empty: no room would be covered. Take it out with", key="kinds", remove=True)
        if not isinstance(self.include, tuple):
            return self
        if not self.include:
            raise problem(
                "is an empty list: the application would reach nothing. It lists addresses, or is `all`",
                key="include",
                instead="all",
            )
        unique(self.include, "include")
        excluded = {address.lower() for address in self.exclude}
        both = [address for address in self.include if address.lower() in excluded]
        if both:
            index = next(place for place, address in enumerate(self.exclude) if address.lower() == both[0].lower())
            raise problem(
                f"holds {', '.join(both)}, as roomz:rooms.include does; each belongs in one of them. Take it out of this one with",
                key=f"exclude[{index}]",
                remove=True,
            )
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
        "rest",
        description="By which means Exchange Online is changed. `rest`: by whoever deploys. `runbook`: `up` writes a PowerShell script "
        "(`runbooks/restrict-STACK.ps1`) and changes nothing there; an Exchange administrator runs it, and until the restriction has been "
        "seen once nothing is granted and no secret is issued. Whoever deploys then needs the right to read Exchange, and no more.",
    )


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


class Verify(Section):
    """Keys below `roomz:verify`."""

    control_mailbox: Address | None = Field(
        None,
        description="The address of a mailbox that is no room, which the application must not reach: `verify_connector` sees it refused "
        "before a secret is handed over. A person's who agrees, or nobody's; only whether its calendar answers is asked.",
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
    owners: Annotated[tuple[ObjectId, ...], AfterValidator(unique)] = Field(
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
        "`consent: admin` and `exchange.transport: runbook`, which have to look.",
    )
    endpoints: Endpoints = Field(default_factory=Endpoints, description="Other hosts than Microsoft's.")
    connector: Connector = Field(default_factory=Connector, description="The connector's sheet.")
    verify: Verify = Field(default_factory=Verify, description="How the finished connection is verified.")

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

    @property
    def may_look_away(self) -> bool:
        """False where `observe: false` is refused, since a run has to see the tenant."""
        return not self.consent_by_person and self.exchange.transport != "runbook"

    @model_validator(mode="after")
    def _supported(self) -> "Settings":
        if self.consent_by_person and not self.observe:
            raise problem(
                "is false, and with consent `admin` only the look at the tenant can tell whether somebody has consented. Take it out with",
                key="observe",
                remove=True,
            )
        if self.group.primary_smtp_address is None and self.uses_group:
            why = "" if self.access == "policy" else " (with `rbac` a list of rooms or an exclusion needs one)"
            raise problem(
                f"is missing: the group that holds the rooms{why} needs an address of a domain of yours",
                key="group.primarySmtpAddress",
            )
        control = self.verify.control_mailbox
        included = self.rooms.include if isinstance(self.rooms.include, tuple) else ()
        if control is not None and control.lower() in {address.lower() for address in included}:
            raise problem(
                f"is {control!r}, which stands in rooms.include: the control mailbox is one that the application must not reach",
                key="verify.controlMailbox",
            )
        if not self.observe and self.exchange.transport == "runbook":
            raise problem(
                "is false, and with exchange.transport `runbook` only an observation tells whether somebody has made the restriction. Take "
                "it out with",
                key="observe",
                remove=True,
            )
        if self.removal == "now" and not self.connection.exchange_is_loopback:
            raise problem(
                "is 'now', which is for the local tenant only: tokens issued before a destroy live on for about an hour and a deleted "
                "application can be restored for 30 days, so the restriction has to stay",
                key="removal",
                instead="later",
            )
        return self
