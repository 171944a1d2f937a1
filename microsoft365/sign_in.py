"""One identity for the azuread provider, Microsoft Graph and Exchange: the ARM_* variables of this process.

Owns the tokens and their renewal, and that every token belongs to one application of the stack's tenant. Refuses to own which
variables count (credentials.py), what proves the identity (identity/proofs.py) and what a refusal means
(identity/refusals.py). Credentials go to Microsoft's login, or to whoever issues them, and nowhere else.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from microsoft365.connection import Connection, Endpoints
from microsoft365.credentials import CheckedCredentials, checked_credentials
from microsoft365.errors import NoAccess
from microsoft365.http import http_date
from microsoft365.identity.claims import application_of, claims_of, kind_of
from microsoft365.identity.command_line import refuse_person
from microsoft365.identity.methods import CommandLine, ManagedIdentity
from microsoft365.identity.proofs import Credential, Proof
from microsoft365.identity.refusals import Refused, problem_of
from microsoft365.pace import Pace

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

# A token is renewed this many seconds before it ends.
_RENEW_BEFORE_SECONDS = 300


class SignIn:
    """Tokens for one identity, kept until shortly before they end. Safe to use from several threads."""

    def __init__(
        self,
        connection: Connection,
        endpoints: Endpoints,
        environment: Mapping[str, str],
        *,
        checked: CheckedCredentials | None = None,
        make_credential: Callable[[], Credential] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._connection = connection
        self._endpoints = endpoints
        self._checked = checked or checked_credentials(connection, environment)
        self._proof = Proof(
            self._checked.method,
            connection,
            endpoints,
            environment,
            on_response=self._note_date,
            account=self._checked.account,
            pace=pace,
        )
        self._make_credential = make_credential or self._proof.credential
        self._tokens: dict[str, AccessToken] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._date: datetime | None = None
        self._client_id = self._checked.client_id

    @property
    def client_id(self) -> str | None:
        """Whoever is signed in, as the id of its application; a managed identity's is known once it has a token."""
        return self._client_id

    @property
    def login_host_time(self) -> datetime | None:
        """The time by the Date header of the login host's last answer, in UTC; None where it was not asked (yet).

        A managed identity and the Azure CLI get their tokens without asking it.
        """
        return self._date

    def token(self, resource: str, *, instead_of: str | None = None) -> str:
        """Return a bearer token for `resource` (an address without a trailing slash).

        `instead_of` is a token that was just refused: the answer is another one than that, issued anew if needed.

        Raises NoAccess when the sign-in is refused and GaveUp when the login host cannot be reached.
        """
        with self._guard:
            lock = self._locks.setdefault(resource, threading.Lock())
        with lock:
            known = self._tokens.get(resource)
            ends_soon = known is None or known.expires_on - time.time() < _RENEW_BEFORE_SECONDS
            if known is None or ends_soon or known.token == instead_of:
                # A credential keeps the tokens it was given, so a new token needs a new credential.
                self._tokens[resource] = known = self._fetch(resource)
            return known.token

    def _fetch(self, resource: str) -> "AccessToken":
        # Loading it takes a quarter of a second, which `--help` and bad input need not pay.
        from azure.core.exceptions import AzureError

        try:
            token = self._make_credential().get_token(f"{resource}/.default")
        except (AzureError, ValueError) as error:
            raise problem_of(self._refused(str(error), resource)) from None
        if isinstance(self._checked.method, ManagedIdentity | CommandLine):
            self._check_whose(token.token)
        return token

    def _check_whose(self, token: str) -> None:
        """See whose a token is that somebody else got: an application of this tenant, and the same one each time."""
        claims = claims_of(token)
        kind, tenant, application = kind_of(claims), str(claims.get("tid") or ""), application_of(claims)
        if kind != "application" or application is None:
            if isinstance(self._checked.method, CommandLine):
                raise refuse_person(str(claims.get("upn") or claims.get("unique_name") or ""))
            raise NoAccess("the managed identity endpoint handed out something that is no token of an application")
        if tenant.lower() != self._connection.tenant_id:
            raise NoAccess(
                f"the token is of tenant {tenant or '(none)'}, but the stack's tenant is {self._connection.tenant_id}: nothing was "
                "changed in either; sign in there, or correct azuread:tenantId"
            )
        with self._guard:
            expected, self._client_id = self._client_id, self._client_id or application
        if expected is not None and expected.lower() != application:
            raise NoAccess(
                f"signed in as application {expected}, but a token came for {application}: nothing was changed with it. See "
                "what ARM_CLIENT_ID says, and whether somebody has run `az login` meanwhile; then run the same command again"
            )

    def _refused(self, text: str, resource: str) -> Refused:
        return Refused(
            text,
            resource,
            self._connection,
            self._endpoints,
            self._checked.method,
            certificate=self._checked.certificate,
            claims=self._proof.presented,
            secrets=self._checked.method.secrets,
        )

    def _note_date(self, response: Any) -> None:
        date = http_date(response.http_response.headers.get("Date", ""))
        if date is not None:
            self._date = date
