"""The bodies that the control API takes: strict, camelCase."""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class ClockBody(_Body):
    """Set the clock, or let it advance."""

    now: datetime | None = None
    advance_seconds: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.now is None) == (self.advance_seconds is None):
            raise ValueError("needs exactly one of now and advanceSeconds")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now needs an offset, e.g. 2026-11-24T03:20:00Z")
        return self


class MailboxBody(_Body):
    """A mailbox that appears."""

    address: str
    name: str | None = None
    kind: Literal["RoomMailbox", "EquipmentMailbox", "UserMailbox", "SharedMailbox"] = "RoomMailbox"
    resource_type: Literal["Room", "Equipment", "Workspace"] | None = None
    resource_capacity: int | None = Field(default=None, ge=0)
    office: str = ""
    city: str = ""
    custom_attributes: dict[str, str] = Field(default_factory=dict)
    is_dir_synced: bool = False
    lives_on_premises: bool = False

    @field_validator("custom_attributes")
    @classmethod
    def _known(cls, given: dict[str, str]) -> dict[str, str]:
        known = {f"CustomAttribute{number}" for number in range(1, 16)}
        if not given.keys() <= known:
            raise ValueError("takes CustomAttribute1 to CustomAttribute15")
        return {name: value for name, value in given.items() if value}


class MeetingBody(_Body):
    """An invitation that a person sends from Outlook."""

    organizer: str
    organizer_name: str | None = None
    """For an organizer from outside; somebody of the tenant has a name already."""
    rooms: list[str] = Field(min_length=1)
    subject: str = ""
    body: str = ""
    start: AwareDatetime
    end: AwareDatetime
    private: bool = False

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class TokenBody(_Body):
    """A token without a secret, for tests that play a person."""

    client_id: str
    audience: Literal["graph", "exchange"] = "graph"


class CertificateBody(_Body):
    """A certificate that a client id gets."""

    client_id: str
    days: int = Field(default=365, ge=1, le=3650)


class DirectoryRolesBody(_Body):
    """The directory roles and app role grants of a client id, as a person would set them in the portal."""

    directory_roles: list[str] | None = None
    app_roles: list[str] | None = None


class ResetBody(_Body):
    """What a tenant begins anew with: the named rooms and people, or any number of generated ones."""

    rooms: int | None = Field(default=None, ge=0, le=20_000)
    people: int | None = Field(default=None, ge=0, le=20_000)


class ExposureBody(_Body):
    """What the exposure meter takes as allowed, and whom it watches.

    `rooms` are the room mailboxes as they are at each moment; otherwise addresses.  Without client ids every application
    is watched that is made after the start.
    """

    allowed: Literal["rooms"] | list[str] = "rooms"
    client_ids: list[str] | None = None
