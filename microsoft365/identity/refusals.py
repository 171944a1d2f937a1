"""What a refused sign-in means to a person: Microsoft's numbers, for each way to sign in, with what mends it.

Owns the sentences; pure. Source of the numbers: Microsoft Learn, "Microsoft Entra authentication and authorization error codes";
their texts may change, so only the number is read, and where one of several causes has to be told from the others, the
few words that the public captures agree upon. A number without a remedy here is told in Microsoft's own words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365 import trust
from microsoft365.connection import Connection, Endpoints
from microsoft365.errors import GaveUp, NoAccess, Problem, SignInRefused
from microsoft365.identity.certificates import Certificate
from microsoft365.identity.claims import presented
from microsoft365.identity.methods import (
    ClientCertificate,
    ClientSecret,
    CommandLine,
    FederatedToken,
    ManagedIdentity,
    Method,
    RequestedToken,
)
from microsoft365.identity.redaction import without_secrets

_ANYBODY = {
    "700016": "there is no such application in this tenant; check ARM_CLIENT_ID and azuread:tenantId",
    "7000229": "the application has no service principal in this tenant; make it with: az ad sp create --id {client_id}",
    "90002": "there is no such tenant in this cloud; check azuread:tenantId and azuread:environment",
    "500011": "this tenant does not know the service; check azuread:environment, and that the tenant has Exchange Online",
    "500014": "the service is disabled in this tenant, or its subscription has lapsed; enable it under Enterprise applications",
    "70011": "the service's address is not one that this cloud knows; check azuread:environment",
    "53003": "a conditional access policy of the tenant blocks this sign-in; ask for an exception for this application",
    "7000112": "the application is disabled in this tenant; enable it under Enterprise applications, Properties",
}
_SECRET = {
    "7000215": "the client secret is wrong; ARM_CLIENT_SECRET takes the secret's Value, not its Secret ID",
    "7000222": "the client secret has expired; make a new one on the application's page Certificates & secrets and put "
    "it into ARM_CLIENT_SECRET",
}
_CERTIFICATE = {
    "700024": "the statement that the certificate signed is outside its time; set this machine's clock",
}
_FEDERATED = {
    "70021": "the application trusts no such issuer; add a federated credential",
    "700211": "the application trusts no such issuer; correct the Issuer of its federated credential, or add one",
    "700212": "the token is for another audience than the application's federated credential says; correct its Audience, or "
    "what the pipeline asks for",
    "700213": "the application trusts the issuer, for another subject; correct the Subject identifier of its federated "
    "credential, or add one",
    "7002138": "the subject differs from the federated credential's in upper and lower case, which counts; correct it",
    "50166": "Microsoft could not fetch the issuer's keys; the issuer must be reachable from the Internet",
    "50027": "the token is damaged, or not what it should be",
    "700027": "none of the issuer's keys made the token's signature; is it the issuer's own token?",
}
_WHERE = "on the application's page Certificates & secrets > Federated credentials they must be equal to what was presented: {shown}"
_NOT_RENEWED = (
    "the token in ARM_OIDC_TOKEN has ended (a pipeline's lives 5 to 10 minutes), and one that was given by value cannot be "
    "renewed; run again with a new one, or let it be asked for: ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN, or "
    "ARM_OIDC_TOKEN_FILE_PATH where somebody keeps the file new"
)


@dataclass(frozen=True)
class Refused:
    """One attempt that failed: for which service, as whom, and what was said. `claims` are the presented token's."""

    text: str
    resource: str
    connection: Connection
    endpoints: Endpoints
    method: Method
    certificate: Certificate | None = None
    claims: Mapping[str, Any] | None = None
    secrets: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """Who was to be signed in, for people."""
        if isinstance(self.method, ManagedIdentity | CommandLine):
            return "the managed identity" if isinstance(self.method, ManagedIdentity) else "whoever az login signed in"
        return f"application {self.method.client_id}"


def problem_of(refused: Refused) -> Problem:
    """Tell a refusal, which has a remedy, from a login host that cannot be reached."""
    login = refused.endpoints.login
    text = " ".join(refused.text.split())
    if trust.REFUSED in text:
        return NoAccess(trust.not_trusted(login, text))
    code = re.search(r"AADSTS(\d+)", text)
    if isinstance(refused.method, CommandLine):
        return _of_the_command_line(refused, text)
    if code is None:
        said = without_secrets(text, refused.secrets)[:300]
        return GaveUp(f"cannot sign in at {login}: {said}; run the same command again later")
    sentence = re.split(r"\s*(?:Trace ID:|Correlation ID:)", text[code.start() :], maxsplit=1)[0].strip()
    remedy = _remedy(refused, code[1], sentence)
    # The number is read first: a secret may be a part of anything.
    said = f"{remedy} (AADSTS{code[1]})" if remedy else without_secrets(sentence, refused.secrets)[:500]
    tenant = refused.connection.tenant_id
    return SignInRefused(
        f"sign-in of {refused.who} in tenant {tenant} for {refused.resource} was refused: {said}",
        code=code[1],
        said=without_secrets(sentence, refused.secrets)[:500],
    )


def _remedy(refused: Refused, number: str, sentence: str) -> str | None:
    method = refused.method
    if number in _ANYBODY:
        return _ANYBODY[number].format(client_id=getattr(method, "client_id", ""))
    if isinstance(method, ClientSecret):
        return _SECRET.get(number)
    if isinstance(method, ClientCertificate):
        return (
            _of_a_certificate(refused.certificate, method, sentence) if number == "700027" else _CERTIFICATE.get(number)
        )
    if isinstance(method, FederatedToken | RequestedToken):
        return _of_a_federated_token(refused, number)
    return None


def _of_a_certificate(certificate: Certificate | None, method: ClientCertificate, sentence: str) -> str:
    named = f" (thumbprint {certificate.thumbprint})" if certificate else ""
    page = "the application's page Certificates & secrets"
    if "expired" in sentence:
        return f"the certificate{named} has ended, as the application has it; make a new one and upload it on {page}"
    if "use of the key" in sentence:
        return (
            f"{method.named} signs with another key than the certificate{named} that the application has; upload the certificate "
            f"that belongs to the key on {page}"
        )
    return (
        f"the certificate in {method.named}{named} is not registered at this application; upload its public part (.cer, .pem) "
        f"on {page}, or correct ARM_CLIENT_ID"
    )


def _of_a_federated_token(refused: Refused, number: str) -> str | None:
    method = refused.method
    if number == "700024":
        if isinstance(method, RequestedToken):
            return "the pipeline handed out a token that has ended already; run the same command again"
        if isinstance(method, FederatedToken) and method.path:
            return f"the token in {method.named} has ended; whoever writes the file must keep it new"
        return _NOT_RENEWED
    remedy = _FEDERATED.get(number)
    if remedy is None or number in {"50166", "50027", "700027"}:
        return remedy
    shown = presented(refused.claims or {})
    return f"{remedy}; {_WHERE.format(shown=shown)}" if shown else remedy


def _of_the_command_line(refused: Refused, text: str) -> Problem:
    """Whatever the CLI says, it is the CLI that has to be signed in again: its credentials are its own."""
    sentence = re.split(r"\s*(?:Trace ID:|Correlation ID:|Content:)", text, maxsplit=1)[0].strip()
    said = without_secrets(sentence, refused.secrets)[:400]
    return NoAccess(
        f"the Azure CLI gave no token for {refused.resource}: {said}; see it with: az account get-access-token --resource "
        f"{refused.resource} --tenant {refused.connection.tenant_id} --query expiresOn, and sign in again with: az login "
        f"--service-principal --tenant {refused.connection.tenant_id} --allow-no-subscriptions"
    )
