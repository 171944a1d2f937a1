"""One run's way to Microsoft: client, endpoints, identity, Graph and Exchange, put together once.

Owns the composition and nothing else; what is asked is the callers' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from microsoft365.connection import Connection, Endpoints
from microsoft365.credentials import checked_credentials
from microsoft365.errors import BadInput, NoAccess
from microsoft365.exchange.rest import RestTransport
from microsoft365.exchange.transport import Transport
from microsoft365.graph.client import Graph
from microsoft365.http import Http, http_date, make_client
from microsoft365.pace import Pace
from microsoft365.packets import threads
from microsoft365.sign_in import SignIn


@dataclass(frozen=True)
class Session:
    """What a run works with. Nothing here is a secret; tokens stay inside."""

    connection: Connection
    endpoints: Endpoints
    graph: Graph
    exchange: Transport
    pace: Pace
    sign_in: SignIn

    def now(self) -> datetime:
        """Return the tenant's time in UTC: the Date header of the login host's last answer."""
        moment = self.sign_in.login_host_time
        if moment is None:
            self.sign_in.token(self.endpoints.graph)
            # A managed identity and the Azure CLI sign in without this process's asking the login host.
            moment = self.sign_in.login_host_time or self._login_host_time()
        if moment is None:
            raise NoAccess(f"{self.endpoints.login} answers without a Date header, so the tenant's time is not known")
        return moment.astimezone(UTC)

    def _login_host_time(self) -> datetime | None:
        """Ask the login host for the tenant's OpenID document, for the sake of its Date header; it takes no credentials."""
        address = f"{self.endpoints.login}/{self.connection.tenant_id}/v2.0/.well-known/openid-configuration"
        answer = self.graph.http.send(
            "GET", address, headers={"Accept": "application/json"}, what="the login host's time"
        )
        return http_date(answer.headers.get("Date", ""))

    def warm_up(self) -> None:
        """Get both tokens at once, so that whoever asks next does not wait."""
        with threads(2) as pool:
            list(pool.map(self.sign_in.token, (self.endpoints.graph, self.endpoints.exchange)))


def open_session(connection: Connection, environment: Mapping[str, str], *, pace: Pace | None = None) -> Session:
    """Open the way to a tenant. Raises BadInput and NoAccess; asks for the metadata document only."""
    # Before anything is asked of anybody.
    checked = checked_credentials(connection, environment)
    http = Http(make_client(environment), pace=pace)
    address = connection.metadata_address()
    try:
        metadata = None
        if address is not None:
            what = "metadata document (azuread:metadataHost)"
            response = http.send("GET", address, headers={"Accept": "application/json"}, what=what)
            document = response.json() if response.status_code == 200 else None
            metadata = document if isinstance(document, dict) else {}
        endpoints = connection.endpoints(metadata)
    except ValueError as error:
        raise BadInput(str(error)) from None
    sign_in = SignIn(connection, endpoints, environment, checked=checked, pace=http.pace)
    return Session(
        connection,
        endpoints,
        Graph(http, endpoints.graph, lambda stale: sign_in.token(endpoints.graph, instead_of=stale)),
        RestTransport(
            http,
            endpoints.exchange,
            connection.tenant_id,
            lambda stale: sign_in.token(endpoints.exchange, instead_of=stale),
        ),
        http.pace,
        sign_in,
    )
