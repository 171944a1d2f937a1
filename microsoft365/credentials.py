"""Whoever deploys, by the ARM_* variables of this process: which way to sign in counts, and what is wrong with them.

`credentials` decides, and is pure but for the files that variables name; `checked_credentials` adds what this machine can tell
before anything is asked of anybody: is the certificate's password right, is `az` there, is it a person. Both refuse
whatever would let the azuread provider act as somebody else than the scripts, which reach Microsoft Graph and Exchange.

The order and the conditions are the provider's own, read from hashicorp/terraform-provider-azuread 3.4.0
(`internal/provider/provider.go`, `helpers.go`) and hashicorp/go-azure-sdk v0.20250513.1112057 (`sdk/auth/auth.go`): client
certificate, client secret, federated token, Azure DevOps' token request, GitHub's, managed identity, Azure CLI. The provider
passes over what is incomplete, without a word; what somebody has asked for and what would be passed over is an error here.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from microsoft365.connection import Connection
from microsoft365.errors import BadInput
from microsoft365.identity import certificates, command_line
from microsoft365.identity.certificates import Certificate
from microsoft365.identity.claims import is_token
from microsoft365.identity.command_line import Account
from microsoft365.identity.methods import (
    METADATA_SERVICE,
    ClientCertificate,
    ClientSecret,
    CommandLine,
    FederatedToken,
    ManagedIdentity,
    Method,
    RequestedToken,
)
from microsoft365.identity.variables import Variables, read_file

# The aliases that the provider knows, in its order.
REQUEST_URLS = ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI")
REQUEST_TOKENS = ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN")
SERVICE_CONNECTIONS = ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID")
# What pipelines set by themselves or people set for them, and what counts for nothing without ARM_USE_OIDC.
_FEDERATED = (
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_OIDC_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "AZURE_FEDERATED_TOKEN_FILE",
)
_PROVIDER = "the azuread provider"


@dataclass(frozen=True)
class CheckedCredentials:
    """A way to sign in, and what this machine could tell of it."""

    method: Method
    certificate: Certificate | None = None
    account: Account | None = None

    @property
    def client_id(self) -> str | None:
        """The application that is signed in, where that is known before a token says it; a token of another is refused."""
        known = self.account.client_id if self.account else None
        return known or self.method.client_id


def checked_credentials(
    connection: Connection, environment: Mapping[str, str] = os.environ, *, now: datetime | None = None
) -> CheckedCredentials:
    """Decide, and see what can be seen before anything is asked. Raises BadInput, and NoAccess for who may not sign in."""
    method = credentials(connection, environment)
    if isinstance(method, ClientCertificate):
        return CheckedCredentials(method, certificate=certificates.inspect(method, now or datetime.now(UTC)))
    if isinstance(method, CommandLine):
        return CheckedCredentials(method, account=command_line.inspect(method, connection.tenant_id, environment))
    return CheckedCredentials(method)


def credentials(connection: Connection, environment: Mapping[str, str] = os.environ) -> Method:
    """Decide which way to sign in counts. Raises BadInput naming the variable that is wrong, missing or contradicting."""
    variables = Variables(environment)
    archive = _archive(variables)
    token = variables.joined("ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH", trimmed=False)
    secret = variables.joined("ARM_CLIENT_SECRET", "ARM_CLIENT_SECRET_FILE_PATH")
    client_id = variables.joined("ARM_CLIENT_ID", "ARM_CLIENT_ID_FILE_PATH")
    on_kubernetes = variables.is_on("ARM_USE_AKS_WORKLOAD_IDENTITY")
    federated = variables.is_on("ARM_USE_OIDC") or on_kubernetes
    managed = variables.is_on("ARM_USE_MSI")
    by_command_line = variables.is_on("ARM_USE_CLI", default=True)
    _check_tenant(variables, connection, on_kubernetes=on_kubernetes)

    path = variables.text("ARM_CLIENT_CERTIFICATE_PATH")
    if archive or path.strip():
        given = "ARM_CLIENT_CERTIFICATE" if archive else "ARM_CLIENT_CERTIFICATE_PATH"
        return ClientCertificate(
            _needed(client_id, given),
            archive or read_file(path, given),
            variables.text("ARM_CLIENT_CERTIFICATE_PASSWORD"),
            given if archive else f"{path} ({given})",
        )
    if secret:
        given = variables.first_set("ARM_CLIENT_SECRET", "ARM_CLIENT_SECRET_FILE_PATH")
        return ClientSecret(_needed(client_id, given), secret)
    if federated:
        switch = "ARM_USE_OIDC" if variables.is_on("ARM_USE_OIDC") else "ARM_USE_AKS_WORKLOAD_IDENTITY"
        return _federated(variables, switch, client_id, token)
    if managed:
        return ManagedIdentity(client_id or None, variables.address("ARM_MSI_ENDPOINT") or METADATA_SERVICE)
    passed_over = tuple(name for name in _FEDERATED if variables.text(name))
    if by_command_line:
        return CommandLine(client_id or None, passed_over)
    nobody = CommandLine(client_id or None, passed_over)
    raise BadInput(command_line.not_signed_in(nobody, "and ARM_USE_CLI is false"))


def _archive(variables: Variables) -> bytes:
    """Decode as Go does: line breaks are left out, padding must be there."""
    text = variables.text("ARM_CLIENT_CERTIFICATE").replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(
            "ARM_CLIENT_CERTIFICATE is not base64; it takes a PKCS#12 archive as `base64 -w0 deployer.pfx` prints it; a path "
            "belongs into ARM_CLIENT_CERTIFICATE_PATH"
        ) from None


def _check_tenant(variables: Variables, connection: Connection, *, on_kubernetes: bool) -> None:
    for name in ("ARM_TENANT_ID", "AZURE_TENANT_ID") if on_kubernetes else ("ARM_TENANT_ID",):
        tenant = variables.text(name).strip()
        if tenant and tenant.lower() != connection.tenant_id:
            raise BadInput(
                f"{name} is {tenant}, but the stack's tenant is {connection.tenant_id}: nothing was changed in "
                "either; correct the variable, or azuread:tenantId"
            )


def _needed(client_id: str, given: str) -> str:
    """Return the client id; without one the provider passes the credentials over and goes on to the next way."""
    if client_id:
        return client_id
    raise BadInput(
        f"not signed in: ARM_CLIENT_ID not set, while {given} is; {_PROVIDER} would pass it over and sign in as somebody else, by "
        "a managed identity or the Azure CLI. Export the client id of the application that deploys"
    )


def _federated(variables: Variables, switch: str, client_id: str, token: str) -> Method:
    """Decide between a token that is given and one that is asked for. Raises BadInput where there is neither in full."""
    url, bearer = variables.address(*REQUEST_URLS), variables.text(*REQUEST_TOKENS).strip()
    url_name, bearer_name = variables.first_set(*REQUEST_URLS), variables.first_set(*REQUEST_TOKENS)
    connection_id = variables.text(*SERVICE_CONNECTIONS).strip()
    if token:
        return _given_token(variables, _needed(client_id, switch), token)
    if not url and not bearer and not connection_id:
        raise BadInput(_no_token(switch, variables))
    missing = [names[0] for value, names in ((url, REQUEST_URLS), (bearer, REQUEST_TOKENS)) if not value]
    if missing:
        raise BadInput(
            f"{switch} is on, but {' and '.join(missing)} not set, so {_PROVIDER} would pass over the token request and sign in as "
            "somebody else. On GitHub Actions the job needs `permissions: id-token: write`; on Azure DevOps the step needs "
            "`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"
        )
    if url_name == "SYSTEM_OIDCREQUESTURI" and not connection_id:
        raise BadInput(
            f"{SERVICE_CONNECTIONS[0]} not set, so {_PROVIDER} would ask Azure DevOps for a token as it asks GitHub; set it to the id "
            "of the service connection, which stands in the address of its page"
        )
    return RequestedToken(_needed(client_id, switch), url, bearer, connection_id or None, url_name, bearer_name)


def _given_token(variables: Variables, client_id: str, token: str) -> FederatedToken:
    path = variables.text("ARM_OIDC_TOKEN_FILE_PATH") or None
    found = FederatedToken(client_id, token, path)
    if not is_token(token):
        raise BadInput(
            f"{found.named} holds no JSON Web Token (three parts with dots between them, the first begins with eyJ); it takes the "
            "pipeline's token itself. A path belongs into ARM_OIDC_TOKEN_FILE_PATH"
        )
    if path is None and variables.text("ARM_OIDC_TOKEN") != token:
        raise BadInput(
            "ARM_OIDC_TOKEN begins or ends with blanks or a line break, which the azuread provider sends along and Microsoft "
            'refuses; set it as in: export ARM_OIDC_TOKEN="$(cat FILE)"'
        )
    return found


def _no_token(switch: str, variables: Variables) -> str:
    if switch == "ARM_USE_AKS_WORKLOAD_IDENTITY" or variables.text("AZURE_FEDERATED_TOKEN_FILE"):
        return (
            f"{switch} is on, and there is no token: of what AKS puts into a pod {_PROVIDER} 3.4.0 reads AZURE_TENANT_ID alone. Set "
            "the rest by its own variables: export ARM_CLIENT_ID=$AZURE_CLIENT_ID "
            "ARM_OIDC_TOKEN_FILE_PATH=$AZURE_FEDERATED_TOKEN_FILE"
        )
    return (
        f"{switch} is on, and there is no token, so {_PROVIDER} would sign in as somebody else, by a managed identity or the "
        "Azure CLI. On GitHub Actions the job needs `permissions: id-token: write`; elsewhere set ARM_OIDC_TOKEN, "
        "ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN; or unset it"
    )
