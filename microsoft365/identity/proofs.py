"""What proves an identity to Microsoft, for each way to sign in: azure-identity's credentials, made anew for each token.

Owns which credential belongs to which way, and what each of them is told; refuses to own which way is taken
(`microsoft365/credentials.py`) and what a refusal means (`refusals.py`). A federated token is fetched or read for each
use and kept nowhere: it lives for minutes.
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from microsoft365.connection import Connection, Endpoints
from microsoft365.http import Http, make_client
from microsoft365.identity.claims import claims_of
from microsoft365.identity.command_line import PATIENCE_SECONDS, Account
from microsoft365.identity.managed_identity import ManagedIdentityProof
from microsoft365.identity.methods import (
    ClientCertificate,
    ClientSecret,
    CommandLine,
    FederatedToken,
    ManagedIdentity,
    Method,
    RequestedToken,
)
from microsoft365.identity.token_requests import request_token
from microsoft365.identity.variables import read_text_file
from microsoft365.pace import Pace

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken


class Credential(Protocol):
    """What a sign-in needs of an azure-identity credential."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """Get a token for a scope."""


class Proof:
    """One identity's way to prove itself. `credential()` makes what asks for tokens; each may be asked once and forgotten."""

    def __init__(
        self,
        method: Method,
        connection: Connection,
        endpoints: Endpoints,
        environment: Mapping[str, str],
        *,
        on_response: Callable[[Any], None],
        account: Account | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._method = method
        self._connection = connection
        self._endpoints = endpoints
        self._environment = environment
        self._on_response = on_response
        self._account = account
        self._pace = pace
        self._http: Http | None = None
        self.presented: Mapping[str, Any] = {}
        """What the last federated token claimed: issuer, subject, audience."""

    def credential(self) -> Credential:
        """Make a credential that has no token yet."""
        # They log every refusal, which we tell in our own words.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        method = self._method
        if isinstance(method, ManagedIdentity):
            return ManagedIdentityProof(method, self._environment, pace=self._pace)
        if isinstance(method, CommandLine):
            return self._command_line()
        from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

        tenant, options = self._connection.tenant_id, self._options()
        if isinstance(method, ClientSecret):
            return ClientSecretCredential(tenant, method.client_id, method.secret, **options)
        if isinstance(method, ClientCertificate):
            return CertificateCredential(
                tenant,
                method.client_id,
                certificate_data=method.archive,
                password=method.password or None,
                **options,
            )
        # Not WorkloadIdentityCredential for the file: it sends the blanks around the token, and reads it every ten minutes.
        return ClientAssertionCredential(tenant, method.client_id, self._assertion, **options)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "authority": self._endpoints.login,
            # The login host is known or was configured; asking the public cloud about it would fail in closed ones.
            "disable_instance_discovery": True,
            "raw_response_hook": self._on_response,
        }
        bundle = self._environment.get("SSL_CERT_FILE")
        if bundle:
            # azure-identity reads REQUESTS_CA_BUNDLE alone; everything else, the provider too, goes by SSL_CERT_FILE.
            options["connection_verify"] = bundle
        return options

    def _command_line(self) -> Credential:
        from azure.identity import AzureCliCredential

        managed = self._account is not None and self._account.is_managed
        return AzureCliCredential(
            # `az login --identity` refuses to be told a tenant; the token is looked into instead.
            tenant_id="" if managed else self._connection.tenant_id,
            process_timeout=PATIENCE_SECONDS,
        )

    def _assertion(self) -> str:
        token = self._federated_token()
        self.presented = claims_of(token)
        return token

    def _federated_token(self) -> str:
        if isinstance(self._method, RequestedToken):
            self._http = self._http or Http(make_client(self._environment), pace=self._pace)
            return request_token(self._http, self._method)
        assert isinstance(self._method, FederatedToken)  # noqa: S101  # the only other way with an assertion
        if self._method.path:
            return read_text_file(self._method.path, "ARM_OIDC_TOKEN_FILE_PATH")
        return self._method.token
