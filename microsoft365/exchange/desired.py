"""What is wanted in Exchange: the document that components/ builds and scripts/exchange_policy.py reads.

Owns the shape and the checks that need no tenant. Pure data: knows nothing of what exists (observed.py) and decides
nothing (plan.py).
"""

import re
import shlex
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from microsoft365.connection import Connection
from microsoft365.exchange import filters
from microsoft365.setups import Setup
from microsoft365.validation import (
    LONGEST_NAME,
    check_address,
    check_guid,
    check_name,
    check_removal_limit,
    check_unique,
    is_address,
    percent_of,
)

_MARK = re.compile(r"roomz:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")

# The folder of scripts for an Exchange administrator, in the project's own.
RUNBOOKS = "runbooks"

Access = Literal["policy", "rbac"]
Means = Literal["rest", "runbook"]

# What may be taken out of reach in one run when nothing is configured.
DEFAULT_REMOVAL_PERCENT = 10
DEFAULT_REMOVAL_MINIMUM = 3


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Application(_Model):
    """The application that is to be kept to the rooms; every field is None before it exists.

    `object_id` is the registration's, `service_principal_id` the enterprise application's: RBAC for Applications takes the
    latter, and an assignment to the former reaches nothing.
    """

    client_id: str | None = None
    object_id: str | None = None
    service_principal_id: str | None = None
    display_name: str | None = None

    @field_validator("client_id", "object_id", "service_principal_id")
    @classmethod
    def _is_an_id(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return check_guid(value, what="an id", where="the application's Overview page in Microsoft Entra")


class RoomFilter(_Model):
    """Rooms by what they are: `filter` is an OPATH filter over properties of rooms (filters.py)."""

    filter: str

    @field_validator("filter")
    @classmethod
    def _filter_is_one(cls, value: str) -> str:
        filters.parse(value)
        return value


class Rooms(_Model):
    """Which rooms the application may reach.

    `include` is `all`, addresses or a filter; `kinds` are the kinds of mailboxes that count as rooms; `max_removals` a
    number of rooms, a share such as `10%`, or None for 10 % and at least 3.
    """

    include: Literal["all"] | RoomFilter | tuple[str, ...] = "all"
    exclude: tuple[str, ...] = ()
    kinds: tuple[filters.Kind, ...] = ("room",)
    max_removals: int | str | None = None

    @field_validator("include", "exclude")
    @classmethod
    def _addresses_are_addresses(cls, value: Any) -> Any:
        if isinstance(value, tuple):
            wrong = [address for address in value if not is_address(address)]
            if len(wrong) > 1:
                raise ValueError(f"not an e-mail address: {', '.join(repr(address) for address in wrong)}")
            for address in wrong:
                check_address(address)
            check_unique(value)
        return value

    @field_validator("kinds")
    @classmethod
    def _kinds_are_named_once(cls, value: tuple[filters.Kind, ...]) -> tuple[filters.Kind, ...]:
        if not value:
            raise ValueError("no kind at all, so no room would be covered; write room")
        check_unique(value)
        return value

    @field_validator("max_removals", mode="before")
    @classmethod
    def _limit_is_a_number_or_a_share(cls, value: Any) -> Any:
        return check_removal_limit(value) if isinstance(value, int | str) else value

    @property
    def condition(self) -> filters.Condition | None:
        """The filter, where `include` is one."""
        return filters.parse(self.include.filter) if isinstance(self.include, RoomFilter) else None

    def removal_limit(self, in_reach: int) -> int:
        """Return how many of `in_reach` rooms one run may take out of reach."""
        if self.max_removals is None:
            return max(DEFAULT_REMOVAL_MINIMUM, in_reach * DEFAULT_REMOVAL_PERCENT // 100)
        if isinstance(self.max_removals, int):
            return self.max_removals
        return in_reach * (percent_of(self.max_removals) or 0) // 100


class Group(_Model):
    """The mail-enabled security group that holds the rooms."""

    name: str = Field(default="RoomzResources", min_length=1, max_length=LONGEST_NAME)
    alias: str = Field(default="RoomzResources", min_length=1, max_length=LONGEST_NAME)
    primary_smtp_address: str
    members: Literal["exact", "atLeast"] = "exact"
    adopt: bool = False
    hidden_from_address_lists: bool = True

    @field_validator("primary_smtp_address")
    @classmethod
    def _address_is_an_address(cls, value: str) -> str:
        try:
            return check_address(value)
        except ValueError as error:
            raise ValueError(f"{error}; it must be of one of the tenant's accepted domains") from None

    @field_validator("name", "alias")
    @classmethod
    def _no_blank_ends(cls, value: str) -> str:
        return check_name(value)


class DesiredState(_Model):
    """The whole document. Shapes as in its JSON: camelCase names, see each part.

    `transport` says by which means a plan gets into Exchange (delivery.py). `awaits_restriction` is for `runbook`: True while
    nothing that the restriction restrains exists, so that it may be missing still.
    """

    connection: Connection
    mark: str
    access: Access = "policy"
    application: Application = Application()
    rooms: Rooms = Rooms()
    group: Group | None = None
    calendar: Literal["unmanaged", "titles"] = "unmanaged"
    calendar_on_removal: Literal["keep", "defaults"] = "keep"
    removal: Literal["later", "now"] = "later"
    transport: Means = "rest"
    awaits_restriction: bool = False

    @field_validator("mark")
    @classmethod
    def _mark_names_a_stack(cls, value: str) -> str:
        if not _MARK.fullmatch(value):
            raise ValueError(f"{value!r} is not a mark; it reads roomz:PROJECT/STACK, for example roomz:roomz/dev")
        return value

    @model_validator(mode="after")
    def _group_is_there_where_it_is_used(self) -> "DesiredState":
        if self.uses_group and self.group is None:
            raise ValueError(
                "group is missing: the rooms are kept in a mail-enabled security group, in the model policy, and in rbac with a "
                "list of rooms or with an exclusion"
            )
        return self

    @property
    def uses_group(self) -> bool:
        """True where the rooms are kept in a group: always in `policy`; in `rbac` where no filter says which they are."""
        return self.access == "policy" or isinstance(self.rooms.include, tuple) or bool(self.rooms.exclude)

    @property
    def setup(self) -> Setup:
        """Which rights it takes."""
        if self.access == "policy":
            return "policy"
        return "rbac-group" if self.uses_group else "rbac"

    @property
    def rooms_group(self) -> Group:
        """The group, where one is used."""
        if self.group is None:
            raise ValueError("no group is configured, and none is used")
        return self.group

    @property
    def scope_filter(self) -> filters.Condition:
        """The filter of the management scope, where the rooms are not kept in a group."""
        return filters.of_scope(frozenset(self.rooms.kinds), self.rooms.condition)

    @property
    def runbook_path(self) -> str:
        """Where the script that makes the restriction lies, from the project's folder; another one for each of its stacks."""
        return f"{RUNBOOKS}/restrict-{self.mark.rpartition('/')[2]}.ps1"

    def ending_command(self) -> str:
        """The command that ends, for good, what a removal retired; it needs ARM_CLIENT_ID and ARM_CLIENT_SECRET."""
        connection = self.connection
        words = [
            "scripts/run exchange_policy remove --retired",
            f"--mark {self.mark}",
            f"--tenant-id {connection.tenant_id}",
        ]
        if self.access != "policy":
            words.insert(2, f"--access {self.access}")
        if self.transport != "rest":
            words.insert(2, f"--transport {self.transport}")
            if self.calendar_on_removal != "keep":
                words.insert(2, f"--calendar-on-removal {self.calendar_on_removal}")
        if self.group is not None:
            words.insert(2, f"--group {shlex.quote(self.group.primary_smtp_address)}")
        if connection.environment != "public":
            words.append(f"--environment {connection.environment}")
        if connection.metadata_host is not None:
            words.append(f"--metadata-host {connection.metadata_host}")
        if connection.exchange_host is not None:
            words.append(f"--exchange-host {connection.exchange_host}")
        return " ".join(words)
