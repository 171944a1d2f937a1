"""Who is signed in to the Azure CLI, asked of the CLI itself before anything is asked of Microsoft.

Owns what each answer of `az account show` means. The provider takes whoever it finds there (hashicorp/go-azure-sdk
sdk/auth/azure_cli_authorizer.go, v0.20250513.1112057); here a person is refused: Exchange Online's administrative interface
is documented for applications, by `Exchange.ManageAsApp`, and for its own PowerShell module, not for a person's token that
the Azure CLI got. Refuses to own the tokens (azure-identity's AzureCliCredential).
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365.errors import BadInput, GaveUp, NoAccess
from microsoft365.identity.methods import CommandLine

PATIENCE_SECONDS = 60
"""How long `az` may take; it starts in a second or two, and on a cold machine in some more."""

INSTEAD = (
    "sign in as the application that deploys: by a certificate, a pipeline's token or a client secret in ARM_* variables, or "
    "with `az login --service-principal`; docs/sign-in.md has a block for each"
)
_LOG_IN = "az login --service-principal --username CLIENT_ID --password CLIENT_SECRET --tenant {tenant} --allow-no-subscriptions"
# What `az login --identity` shows as its name; the tenant cannot be named to it.
_MANAGED = frozenset({"systemassignedidentity", "userassignedidentity"})


@dataclass(frozen=True)
class Account:
    """Whoever is signed in to the CLI: an application by its client id, or a managed identity, whose id it does not say."""

    client_id: str | None

    @property
    def is_managed(self) -> bool:
        """True for `az login --identity`."""
        return self.client_id is None


def inspect(method: CommandLine, tenant_id: str, environment: Mapping[str, str]) -> Account:
    """Ask the CLI who is signed in. Raises BadInput and NoAccess, with what to do, for everybody but an application."""
    program = shutil.which("az", path=environment.get("PATH"))
    if program is None:
        raise BadInput(not_signed_in(method, "and there is no `az` on PATH, which the azuread provider tries last"))
    text = _run([program, "account", "show", "--output", "json"], environment)
    if text is None:
        logged_out = f"and nobody is signed in to the Azure CLI (`az account show`): {_LOG_IN.format(tenant=tenant_id)}"
        raise NoAccess(not_signed_in(method, logged_out))
    return account_of(text, method, tenant_id)


def account_of(text: str, method: CommandLine, tenant_id: str) -> Account:
    """Read what `az account show` printed. Pure. Raises NoAccess for a person, another tenant, or another application."""
    document = _mapping(text)
    user = document.get("user")
    user = user if isinstance(user, dict) else {}
    kind, name = str(user.get("type") or ""), str(user.get("name") or "")
    tenant = str(document.get("tenantId") or "").lower()
    if kind != "servicePrincipal":
        who = f"the person {name}" if name else "somebody that it does not name"
        raise NoAccess(f"the Azure CLI is signed in as {who}, {_NO_RIGHT}; {INSTEAD}")
    if tenant and tenant != tenant_id:
        raise NoAccess(
            f"the Azure CLI is signed in to tenant {tenant}, but the stack's tenant is {tenant_id}: nothing was changed in "
            f"either; {_LOG_IN.format(tenant=tenant_id)}, or correct azuread:tenantId"
        )
    if name.casefold() in _MANAGED:
        return Account(None)
    if method.client_id and method.client_id.lower() != name.lower():
        raise BadInput(
            f"ARM_CLIENT_ID is {method.client_id} and comes with no credentials, while the Azure CLI is signed in as "
            f"{name}, which both the azuread provider and Exchange would be reached as; unset ARM_CLIENT_ID, or set its "
            "ARM_CLIENT_SECRET or another way to sign in"
        )
    return Account(name.lower())


_NO_RIGHT = "who has no documented right to Exchange Online's administrative interface by that sign-in"


def refuse_person(name: str) -> NoAccess:
    """Return the refusal of a token that turned out to be a person's, whatever the CLI said."""
    return NoAccess(f"the Azure CLI handed out a token of {name or 'a person'}, {_NO_RIGHT}; {INSTEAD}")


def not_signed_in(method: CommandLine, why: str) -> str:
    """Nothing to sign in with: say what is set and counts for nothing, since that is what people meant to be used."""
    passed_over = ""
    if method.passed_over:
        passed_over = (
            f"; {', '.join(method.passed_over)} is set, and the azuread provider does not look at it without "
            "ARM_USE_OIDC=true"
        )
    missing = "ARM_CLIENT_SECRET" if method.client_id else "ARM_CLIENT_ID and ARM_CLIENT_SECRET"
    return (
        f"not signed in: {missing} not set, nor another way to sign in, {why}{passed_over}. {INSTEAD} (on the local tenant: "
        'eval "$(scripts/run local_tenant env)")'
    )


def _run(command: list[str], environment: Mapping[str, str]) -> str | None:
    """Return what a command printed; None when it failed, which `az account show` does for nobody's being signed in."""
    try:
        done = subprocess.run(  # noqa: S603 - `az` as PATH has it, which is whom the provider starts too
            command,
            env={**environment, "AZURE_CORE_NO_COLOR": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GaveUp(
            f"`az account show` did not answer within {PATIENCE_SECONDS} s; try it by hand, and run the same command again"
        ) from None
    except OSError as error:
        raise BadInput(f"`az` cannot be started ({error.strerror or error}); {INSTEAD}") from None
    return done.stdout if done.returncode == 0 else None


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NoAccess(f"`az account show` printed something that is not its usual JSON; try it by hand, or {INSTEAD}")
    return document
