"""Whoever deploys, by the ARM_* variables of this process: which of them count, and what is wrong with them. Pure.

Only a client secret signs in for now. Where another way is set that the azuread provider would take (before the secret,
or for lack of one), it is refused by name, because the two would act as different identities; what the provider passes
over for the secret is passed over here too.
"""

import os
from collections.abc import Mapping

from microsoft365.connection import Connection
from microsoft365.errors import BadInput

# The azuread provider takes a certificate before a secret, and a secret before everything below it.
_BEFORE_SECRET = ("ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_SECRET_FILE_PATH")
_INSTEAD_OF_SECRET = (
    "ARM_USE_OIDC",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "ARM_USE_MSI",
)
_OFF = frozenset({"", "0", "f", "false"})
# The provider tries the Azure CLI for lack of anything else even unasked, so this counts only where it is asked for.
_COMMAND_LINE = "ARM_USE_CLI"
_ON = frozenset({"1", "t", "true"})


def credentials(connection: Connection, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Take client id and client secret from the ARM_* variables.

    Raises BadInput naming the variable that is missing, not supported yet, or that contradicts the connection.
    """
    if "ARM_CLIENT_SECRET" in environment and environment.get("ARM_CLIENT_SECRET"):
        unsupported = [name for name in _BEFORE_SECRET if environment.get(name)]
    else:
        unsupported = [
            name
            for name in (*_BEFORE_SECRET, *_INSTEAD_OF_SECRET)
            if environment.get(name, "").strip().lower() not in _OFF
        ]
        if environment.get(_COMMAND_LINE, "").strip().lower() in _ON:
            unsupported.append(_COMMAND_LINE)
    if unsupported:
        raise BadInput(
            f"{unsupported[0]} is set, and signing in to Exchange that way is not supported yet; unset it and set "
            "ARM_CLIENT_ID and ARM_CLIENT_SECRET"
        )
    missing = [name for name in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET") if not environment.get(name)]
    if missing:
        raise BadInput(
            f"not signed in: {' and '.join(missing)} not set; export the client id and client secret of the application "
            'that deploys (on the local tenant: eval "$(scripts/run local_tenant env)")'
        )
    tenant = environment.get("ARM_TENANT_ID")
    if tenant and tenant.lower() != connection.tenant_id:
        raise BadInput(
            f"ARM_TENANT_ID is {tenant}, but the stack's tenant is {connection.tenant_id}: nothing was changed in "
            "either; correct the variable, or azuread:tenantId"
        )
    return environment["ARM_CLIENT_ID"], environment["ARM_CLIENT_SECRET"]
