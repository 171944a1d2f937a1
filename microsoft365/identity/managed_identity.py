"""A managed identity's tokens, asked for where and as the azuread provider asks: the instance metadata service.

Owns that one request (hashicorp/go-azure-sdk v0.20250513.1112057, sdk/auth/managed_identity_authorizer.go: the address or
ARM_MSI_ENDPOINT, 2018-02-01, no proxy). azure-identity's ManagedIdentityCredential is not used on purpose: it chooses among
six endpoints by variables that the provider does not know (IDENTITY_ENDPOINT, AZURE_FEDERATED_TOKEN_FILE and others), so
the two could act as different identities. Source of answers and errors: Microsoft Learn, "How to use managed identities for
Azure resources on an Azure VM to acquire an access token".
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx

from microsoft365.errors import GaveUp, NoAccess, Problem
from microsoft365.http import Http
from microsoft365.identity.methods import ManagedIdentity
from microsoft365.pace import Pace

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

_API_VERSION = "2018-02-01"
# The service answers from the machine's own host, or not at all.
_CONNECT_SECONDS, _ANSWER_SECONDS, _GIVE_UP_SECONDS = 2.0, 30.0, 90.0
# What App Service, Functions and Container Apps set: they have identities, and another protocol.
_OTHER_PLATFORM = "IDENTITY_ENDPOINT"


class ManagedIdentityProof:
    """Tokens of the identity of this Azure resource; azure-identity's shape of a credential."""

    def __init__(
        self,
        method: ManagedIdentity,
        environment: Mapping[str, str],
        *,
        pace: Pace | None = None,
    ) -> None:
        self._method = method
        self._other_platform = bool(environment.get(_OTHER_PLATFORM))
        self._pace = pace

    def get_token(self, *scopes: str) -> "AccessToken":
        """Ask for a token. Raises NoAccess when there is no such identity, or nobody answers; never keeps one."""
        from azure.core.credentials import AccessToken

        wanted = {"api-version": _API_VERSION, "resource": scopes[0].removesuffix("/.default")}
        if self._method.client_id:
            wanted["client_id"] = self._method.client_id
        # Whatever the address holds besides is left as it is, as the provider leaves it.
        address = str(httpx.URL(self._method.endpoint).copy_merge_params(wanted))
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        # Not by way of a proxy: the address is this machine's own host, and the answer is a token.
        with httpx.Client(timeout=timeout, trust_env=False) as client:
            http = Http(client, pace=self._pace, give_up_after=_GIVE_UP_SECONDS)
            try:
                response = http.send("GET", address, headers={"Metadata": "true"}, what="managed identity")
            except GaveUp as problem:
                raise self._nobody(problem) from None
        if not response.is_success:
            raise self._refused(response)
        document = _document(response)
        token = document.get("access_token")
        if not isinstance(token, str) or not token:
            raise NoAccess(f"managed identity: {self._where} answered without a token; is it the metadata service?")
        return AccessToken(token, int(time.time()) + _seconds(document.get("expires_in")))

    @property
    def _where(self) -> str:
        return httpx.URL(self._method.endpoint).netloc.decode()

    def _nobody(self, problem: GaveUp) -> Problem:
        elsewhere = (
            f"{_OTHER_PLATFORM} is set, so this may be App Service, Functions or Container Apps, whose identities the azuread "
            "provider cannot use; sign in by a certificate there"
        )
        usual = (
            "does this run on an Azure virtual machine, or another resource with that service, which has an identity "
            "assigned? If not, unset ARM_USE_MSI and sign in another way (docs/sign-in.md)"
        )
        return NoAccess(
            f"ARM_USE_MSI is on, and the managed identity endpoint at {self._where} cannot be reached: {problem}. "
            + (elsewhere if self._other_platform else usual)
        )

    def _refused(self, response: httpx.Response) -> Problem:
        said = str(_document(response).get("error_description") or _document(response).get("error") or "")
        wanted = (
            f"the user-assigned identity with client id {self._method.client_id} (ARM_CLIENT_ID)"
            if self._method.client_id
            else "a system-assigned identity (ARM_CLIENT_ID is not set)"
        )
        return NoAccess(
            f"managed identity: HTTP {response.status_code} {' '.join(said.split())[:300]}; assign {wanted} to this resource, "
            "at its page Identity in the Azure portal, or correct ARM_CLIENT_ID"
        )


def _document(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(value: Any) -> int:
    """Return `expires_in`, which comes as a text or a number; what cannot be read is taken for a few minutes."""
    try:
        return max(0, int(float(value)))
    except (TypeError, ValueError):
        return 600
