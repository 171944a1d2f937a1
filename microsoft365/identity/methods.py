"""The ways to sign in, as values: what `microsoft365/credentials.py` decides between.

Owns what each way needs and what of it is secret: nothing secret stands in a repr. Pure, and knows neither how a way is
carried out (`proofs.py`) nor which one is taken.
"""

from dataclasses import dataclass, field

METADATA_SERVICE = "http://169.254.169.254/metadata/identity/oauth2/token"
"""Where an Azure resource asks for its identity's tokens, unless ARM_MSI_ENDPOINT says otherwise."""


@dataclass(frozen=True)
class ClientSecret:
    """An application with one of its secrets."""

    client_id: str
    secret: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return (self.secret,)


@dataclass(frozen=True)
class ClientCertificate:
    """An application with the private key of one of its certificates; `named` says where the archive was taken from."""

    client_id: str
    archive: bytes = field(repr=False)
    password: str = field(repr=False)
    named: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return (self.password,)


@dataclass(frozen=True)
class FederatedToken:
    """An application that trusts the issuer of a token; the token was given, by value or in a file (`path`)."""

    client_id: str
    token: str = field(repr=False)
    path: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return (self.token,)

    @property
    def named(self) -> str:
        """Where the token stands, for people."""
        return f"the file {self.path} (ARM_OIDC_TOKEN_FILE_PATH)" if self.path else "ARM_OIDC_TOKEN"


@dataclass(frozen=True)
class RequestedToken:
    """An application that trusts the issuer of a token, and where a pipeline's job gets one, as often as it needs.

    `service_connection_id` is Azure DevOps'; None asks as GitHub wants to be asked. `url_name` and `bearer_name` are the
    variables that they were taken from.
    """

    client_id: str
    url: str
    bearer: str = field(repr=False)
    service_connection_id: str | None = None
    url_name: str = "ARM_OIDC_REQUEST_URL"
    bearer_name: str = "ARM_OIDC_REQUEST_TOKEN"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return (self.bearer,)


@dataclass(frozen=True)
class ManagedIdentity:
    """The identity of the Azure resource that this runs on: the one with `client_id`, or the system-assigned one."""

    client_id: str | None
    endpoint: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody: there is nothing."""
        return ()


@dataclass(frozen=True)
class CommandLine:
    """Whoever `az login` signed in. `client_id` is ARM_CLIENT_ID where it is set besides, which counts for nothing.

    `passed_over` are variables that are set and that the provider does not look at, for lack of another.
    """

    client_id: str | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody: there is nothing here."""
        return ()


Method = ClientSecret | ClientCertificate | FederatedToken | RequestedToken | ManagedIdentity | CommandLine
