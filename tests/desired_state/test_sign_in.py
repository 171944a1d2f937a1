"""Tokens of one identity: kept, renewed, looked into, and what a refusal by Microsoft means for each way to sign in."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.connection import CLOUDS, Connection
from microsoft365.credentials import CheckedCredentials
from microsoft365.errors import GaveUp, NoAccess, Problem
from microsoft365.identity.certificates import Certificate
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
from microsoft365.identity.refusals import Refused, problem_of
from microsoft365.sign_in import SignIn
from tests.desired_state.builders import TENANT
from tests.support.vendors import token_of

SECRET = "a-secret-value-that-must-not-be-seen"
CONNECTION = Connection(tenant_id=TENANT)
GRAPH, EXCHANGE = "https://graph.microsoft.com", "https://outlook.office365.com"
APPLICATION = "9b1f9cbb-6a51-4b0c-9c2a-5a7e0a4f3d11"
BY_SECRET = ClientSecret("id", SECRET)
WAYS: list[Method] = [
    BY_SECRET,
    ClientCertificate("id", b"archive", SECRET, "/x/deployer.pfx (ARM_CLIENT_CERTIFICATE_PATH)"),
    FederatedToken("id", SECRET),
    FederatedToken("id", SECRET, "/x/token"),
    RequestedToken("id", "https://x/", SECRET),
    RequestedToken("id", "https://x/", SECRET, "connection"),
    ManagedIdentity(None, METADATA_SERVICE),
    CommandLine(),
]


class Credential:
    """Hands out numbered tokens of a given lifetime, or what it is given, or fails."""

    issued = 0

    def __init__(self, *tokens: str, lifetime: float = 3600, error: Exception | None = None) -> None:
        self.tokens = list(tokens)
        self.lifetime = lifetime
        self.error = error

    def get_token(self, *scopes: str) -> AccessToken:
        if self.error is not None:
            raise self.error
        Credential.issued += 1
        token = self.tokens.pop(0) if self.tokens else f"{scopes[0]} {Credential.issued}"
        return AccessToken(token, int(time.time() + self.lifetime))


def sign_in(credential: Credential, method: Method = BY_SECRET) -> SignIn:
    checked = CheckedCredentials(method)
    return SignIn(CONNECTION, CLOUDS["public"], {}, checked=checked, make_credential=lambda: credential)


def test_a_token_is_kept_for_each_service() -> None:
    under = sign_in(Credential())
    first = under.token(GRAPH)
    assert first.startswith("https://graph.microsoft.com/.default ")
    assert under.token(GRAPH) == first
    assert under.token(EXCHANGE) != first


def test_a_token_is_renewed_before_it_ends_and_once_when_it_was_refused() -> None:
    short = sign_in(Credential(lifetime=200))
    assert short.token("x") != short.token("x")
    under = sign_in(Credential())
    first = under.token("x")
    second = under.token("x", instead_of=first)
    assert second != first
    assert under.token("x", instead_of=first) == second


# -- whose a token is that somebody else got ----------------------------------------------------------------------------

OURS = {"tid": TENANT, "appid": APPLICATION, "idtyp": "app"}


@pytest.mark.parametrize("method", [ManagedIdentity(None, METADATA_SERVICE), CommandLine()])
def test_the_client_id_is_known_once_there_is_a_token(method: Method) -> None:
    under = sign_in(Credential(token_of(**OURS), token_of(**OURS, aud="x")), method)
    assert under.client_id is None
    under.token(GRAPH)
    under.token(EXCHANGE)
    assert under.client_id == APPLICATION


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({**OURS, "idtyp": "user", "upn": "vera@contoso.com"}, "vera@contoso.com, who has no documented right"),
        ({**OURS, "idtyp": "app", "scp": "user_impersonation"}, "a token of a person"),
        ({"tid": TENANT, "appid": APPLICATION, "oid": "a", "sub": "b"}, "a token of a person"),
        ({**OURS, "tid": "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"}, "the token is of tenant 0e5f1a52"),
        ({"appid": APPLICATION, "idtyp": "app"}, r"the token is of tenant \(none\)"),
    ],
)
def test_a_persons_token_or_another_tenants_is_refused_whatever_the_command_line_said(
    claims: dict[str, str], said: str
) -> None:
    token = token_of(**claims)
    with pytest.raises(NoAccess, match=said) as raised:
        sign_in(Credential(token), CommandLine()).token(GRAPH)
    assert token not in str(raised.value)


def test_a_managed_identity_of_another_tenant_or_none_is_refused() -> None:
    identity = ManagedIdentity(None, METADATA_SERVICE)
    with pytest.raises(NoAccess, match="no token of an application"):
        sign_in(Credential("opaque"), identity).token(GRAPH)
    with pytest.raises(NoAccess, match="the token is of tenant other"):
        sign_in(Credential(token_of(**{**OURS, "tid": "other"})), identity).token(GRAPH)


def test_a_token_of_another_application_than_arm_client_id_is_refused() -> None:
    """`az login --identity` does not say whose identity it is; the token does."""
    said = f"application somebody, but a token came for {APPLICATION}"
    with pytest.raises(NoAccess, match=said):
        sign_in(Credential(token_of(**OURS)), CommandLine("somebody")).token(GRAPH)
    with pytest.raises(NoAccess, match=said):
        sign_in(Credential(token_of(**OURS)), ManagedIdentity("somebody", METADATA_SERVICE)).token(GRAPH)


def test_two_tokens_of_two_applications_are_refused() -> None:
    under = sign_in(Credential(token_of(**OURS), token_of(**{**OURS, "appid": "another"})), CommandLine())
    under.token(GRAPH)
    with pytest.raises(NoAccess, match=f"application {APPLICATION}, but a token came for another"):
        under.token(EXCHANGE)


# -- refusals -----------------------------------------------------------------------------------------------------------


def refusal(text: str, method: Method = BY_SECRET) -> Problem:
    with pytest.raises(Problem) as raised:
        sign_in(Credential(error=ClientAuthenticationError(message=text)), method).token(GRAPH)
    assert SECRET not in str(raised.value)
    return raised.value


CERTIFICATE, FEDERATED = WAYS[1], WAYS[2]
UNKNOWN_KEY = "is not registered on application. [Reason - The key was not found.]"


@pytest.mark.parametrize(
    ("method", "code", "said"),
    [
        (BY_SECRET, "7000215", "not its Secret ID"),
        (BY_SECRET, "7000222", "has expired"),
        (BY_SECRET, "700016", "ARM_CLIENT_ID"),
        (CERTIFICATE, "700016", "ARM_CLIENT_ID"),
        (FEDERATED, "700016", "ARM_CLIENT_ID"),
        (BY_SECRET, "7000229", "az ad sp create --id id"),
        (BY_SECRET, "90002", "azuread:tenantId"),
        (BY_SECRET, "500011", "Exchange Online"),
        (BY_SECRET, "500014", "disabled"),
        (BY_SECRET, "53003", "conditional access"),
        (FEDERATED, "53003", "conditional access"),
        (BY_SECRET, "7000112", "is disabled"),
        (
            CERTIFICATE,
            f"700027: The certificate {UNKNOWN_KEY}",
            "deployer.pfx .* is not registered at this application",
        ),
        (CERTIFICATE, "700027: It is expired on application. [Reason - The key used is expired.]", "has ended"),
        (
            CERTIFICATE,
            "700027: Key was found, but use of the key to verify the signature failed.",
            "signs with another key",
        ),
        (CERTIFICATE, "700024", "this machine's clock"),
        (FEDERATED, "70021", "trusts no such issuer"),
        (FEDERATED, "700211", "trusts no such issuer"),
        (FEDERATED, "700212", "another audience"),
        (FEDERATED, "700213", "for another subject"),
        (FEDERATED, "7002138", "upper and lower case"),
        (FEDERATED, "50166", "reachable from the Internet"),
        (FEDERATED, "50027", "damaged"),
        (FEDERATED, "700027", "none of the issuer's keys"),
        (FEDERATED, "700024", "given by value cannot be renewed"),
        (WAYS[3], "700024", "whoever writes the file must keep it new"),
        (WAYS[4], "700024", "run the same command again"),
    ],
)
def test_invariant_4_each_refusal_has_its_remedy(method: Method, code: str, said: str) -> None:
    number, _, text = code.partition(": ")
    problem = refusal(
        f"Authentication failed: AADSTS{number}: {text} Something {SECRET}.\r\nTrace ID: 1\r\nTimestamp: now", method
    )
    assert isinstance(problem, NoAccess)
    assert f"(AADSTS{number})" in str(problem)
    assert "application id in tenant" in str(problem)
    assert "Trace ID" not in str(problem)
    with pytest.raises(NoAccess, match=said):
        raise problem


def test_a_certificate_is_named_by_its_thumbprint() -> None:
    refused = Refused(
        f"AADSTS700027: The certificate {UNKNOWN_KEY}",
        GRAPH,
        CONNECTION,
        CLOUDS["public"],
        CERTIFICATE,
        certificate=Certificate("ABCDEF", datetime.now(UTC)),
    )
    assert "(thumbprint ABCDEF)" in str(problem_of(refused))
    assert "thumbprint" not in str(problem_of(replace(refused, certificate=None)))


def test_what_was_presented_is_told_as_the_portal_wants_it() -> None:
    claims = {"iss": "https://issuer.example", "sub": "repo:x:ref:y", "aud": "api://z", "jti": "secret?"}
    refused = Refused("AADSTS700213: x", GRAPH, CONNECTION, CLOUDS["public"], FEDERATED, claims=claims)
    said = str(problem_of(refused))
    for value in ("Issuer 'https://issuer.example'", "Subject identifier 'repo:x:ref:y'", "Audience 'api://z'"):
        assert value in said
    assert "secret?" not in said


def test_an_unknown_refusal_is_told_in_microsofts_own_words() -> None:
    problem = refusal(f"Authentication failed: AADSTS65001: The user has not consented {SECRET}. Trace ID: 1")
    assert "AADSTS65001: The user has not consented ***." in str(problem)
    assert "Trace ID" not in str(problem)


def test_no_network_is_not_a_refusal() -> None:
    assert isinstance(refusal("Authentication failed: Failed to resolve 'login.microsoftonline.com'"), GaveUp)


def test_an_untrusted_certificate_names_the_variable() -> None:
    problem = refusal("Authentication failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert isinstance(problem, NoAccess)
    assert "SSL_CERT_FILE" in str(problem)


def test_the_command_line_is_told_to_be_signed_in_again_whatever_it_says() -> None:
    for text in (
        "AADSTS7000222: expired. Trace ID: 1",
        "Azure CLI not found on path",
        "Failed to invoke the Azure CLI",
    ):
        problem = refusal(text, CommandLine())
        assert isinstance(problem, NoAccess)
        assert "az login --service-principal" in str(problem)
        assert text.partition(" Trace")[0] in str(problem)
        assert "ARM_CLIENT_SECRET" not in str(problem)


_texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=8, max_size=60).filter(
    lambda text: len(set(text.strip())) > 5
)


@given(
    some.sampled_from(WAYS[:6]),
    _texts,
    some.sampled_from(
        [
            "{}",
            "AADSTS65001: {}. Trace ID: {}",
            "AADSTS700213: {}",
            "AADSTS7000215: {}",
            "Failed: {} CERTIFICATE_VERIFY_FAILED",
        ]
    ),
)
def test_invariant_4_no_secret_is_told_whatever_was_said(way: Any, secret: str, text: str) -> None:
    fields = {"secret", "password", "token", "bearer"} & set(vars(way))
    method: Method = replace(way, **dict.fromkeys(fields, secret))
    said = str(
        problem_of(
            Refused(text.replace("{}", secret), GRAPH, CONNECTION, CLOUDS["public"], method, secrets=method.secrets)
        )
    )
    assert secret not in said
    assert " ".join(secret.split()) not in said
