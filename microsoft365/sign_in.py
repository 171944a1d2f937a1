"""One identity for the azuread provider, Microsoft Graph and Exchange: the ARM_* variables of this process.

Owns the tokens and their renewal, and what a refused sign-in means to a person. Refuses to own which variables count
(credentials.py). The secret goes to Microsoft's login and nowhere else.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from microsoft365.connection import Connection, Endpoints
from microsoft365.credentials import credentials
from microsoft365.errors import GaveUp, NoAccess, Problem, SignInRefused
from microsoft365.http import http_date

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

# A token is renewed this many seconds before it ends.
_RENEW_BEFORE_SECONDS = 300

# "Microsoft Entra authentication and authorization error codes".
_REMEDIES = {
    "7000215": "the client secret is wrong; ARM_CLIENT_SECRET takes the secret's Value, not its Secret ID",
    "7000222": "the client secret has expired; make a new one on the application's page Certificates & secrets and put "
    "it into ARM_CLIENT_SECRET",
    "700016": "there is no such application in this tenant; check ARM_CLIENT_ID and azuread:tenantId",
    "90002": "there is no such tenant in this cloud; check azuread:tenantId and azuread:environment",
    "500011": "this tenant does not know the service; check azuread:environment, and that the tenant has Exchange Online",
    "70011": "the service's address is not one that this cloud knows; check azuread:environment",
    "53003": "a conditional access policy of the tenant blocks this sign-in; ask for an exception for this application",
    "7000112": "the application is disabled in this tenant; enable it under Enterprise applications, Properties",
}


class Credential(Protocol):
    """What this module needs of an azure-identity credential."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """Get a token for a scope."""


class SignIn:
    """Tokens for one identity, kept until shortly before they end. Safe to use from several threads."""

    def __init__(
        self,
        connection: Connection,
        endpoints: Endpoints,
        environment: Mapping[str, str],
        *,
        make_credential: Callable[[], Credential] | None = None,
    ) -> None:
        self._connection = connection
        self._endpoints = endpoints
        self._client_id, self._secret = credentials(connection, environment)
        self._bundle = environment.get("SSL_CERT_FILE") or None
        self._make_credential = make_credential or self._client_secret_credential
        self._tokens: dict[str, AccessToken] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._date: datetime | None = None

    @property
    def client_id(self) -> str:
        """Whoever is signed in, as the id of its application."""
        return self._client_id

    @property
    def login_host_time(self) -> datetime | None:
        """The time by the Date header of the login host's last answer, in UTC; None before the first token."""
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
            return self._make_credential().get_token(f"{resource}/.default")
        except (AzureError, ValueError) as error:
            raise self._problem(" ".join(str(error).split()).replace(self._secret, "***"), resource) from None

    def _client_secret_credential(self) -> Credential:
        from azure.identity import ClientSecretCredential

        # It logs every refusal, which we tell in our own words.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        options: dict[str, Any] = {}
        if self._bundle:
            # azure-identity reads REQUESTS_CA_BUNDLE alone; everything else, the provider too, goes by SSL_CERT_FILE.
            options["connection_verify"] = self._bundle
        return ClientSecretCredential(
            tenant_id=self._connection.tenant_id,
            client_id=self._client_id,
            client_secret=self._secret,
            authority=self._endpoints.login,
            # The login host is known or was configured; asking the public cloud about it would fail in closed ones.
            disable_instance_discovery=True,
            raw_response_hook=self._note_date,
            **options,
        )

    def _note_date(self, response: Any) -> None:
        date = http_date(response.http_response.headers.get("Date", ""))
        if date is not None:
            self._date = date

    def _problem(self, text: str, resource: str) -> Problem:
        """Tell a refusal, which has a remedy, from a login host that cannot be reached."""
        login = self._endpoints.login
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return NoAccess(
                f"the certificate of {login} is not trusted on this machine; if a proxy or a local tenant answers there, "
                "set SSL_CERT_FILE to its certificates"
            )
        code = re.search(r"AADSTS(\d+)", text)
        if code is None:
            return GaveUp(f"cannot sign in at {login}: {text[:300]}; run the same command again later")
        sentence = re.split(r"\s*(?:Trace ID:|Correlation ID:)", text[code.start() :], maxsplit=1)[0].strip()
        remedy = _REMEDIES.get(code[1])
        said = f"{remedy} (AADSTS{code[1]})" if remedy else sentence[:500]
        tenant = self._connection.tenant_id
        return SignInRefused(
            f"sign-in of application {self._client_id} in tenant {tenant} for {resource} was refused: {said}",
            code=code[1],
            said=sentence[:500],
        )
