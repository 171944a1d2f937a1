"""What is verified: one connector, as plain values. Pure data, and never the secret, which travels beside it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, field_validator

from microsoft365.connection import Connection
from microsoft365.exchange.desired import Access, Rooms
from microsoft365.validation import check_address, check_guid, check_unique


class Consent(BaseModel):
    """Where a person consents, for a stack that does not grant by itself: Microsoft's page, and the portal's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    api_permissions_url: str

    @property
    def remedy(self) -> str:
        """What it takes, as people read it."""
        return (
            f"a Privileged Role Administrator opens {self.api_permissions_url}, where Calendars.ReadWrite of Microsoft Graph has to be the "
            f"only permission, and presses Grant admin consent; or accepts at {self.url} (docs/consent.md)"
        )


class Subject(BaseModel):
    """One connector.

    `mark` is what its events carry, `roomz:PROJECT/STACK`. `stack` is None where the credentials were given by hand.
    `addresses` are the rooms where somebody named them; None: those that `rooms` describes, which the administrator's
    identity looks up. `consent` is None where the stack grants by itself. `titles` is whether displays shall show meeting titles.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: Connection
    client_id: str
    access: Access
    mark: str
    stack: str | None = None
    application_object_id: str | None = None
    generation: int | None = None
    secret_issued_on: datetime | None = None
    secret_ends_on: datetime | None = None
    consent: Consent | None = None
    titles: bool = False
    control_mailbox: str | None = None
    rooms: Rooms = Rooms()
    addresses: tuple[str, ...] | None = None

    @field_validator("client_id")
    @classmethod
    def _client_is_an_id(cls, value: str) -> str:
        return check_guid(value, what="a client id", where="the application's Overview page in Microsoft Entra")

    @field_validator("control_mailbox")
    @classmethod
    def _control_is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else check_address(value)

    @field_validator("addresses")
    @classmethod
    def _rooms_are_addresses(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for address in value or ():
            check_address(address)
        return None if value is None else check_unique(value)

    @property
    def up(self) -> str:
        """The command that makes the tenant as declared, as people type it."""
        return f"pulumi up --stack {self.stack}" if self.stack else "pulumi up, for the stack that made the connector"

    @property
    def named_rooms(self) -> tuple[str, ...] | None:
        """The rooms' addresses as far as they are known without asking Exchange; None: it must be asked."""
        if self.addresses is not None:
            return self.addresses
        if not isinstance(self.rooms.include, tuple):
            return None
        out = {address.casefold() for address in self.rooms.exclude}
        return tuple(address for address in self.rooms.include if address.casefold() not in out)
