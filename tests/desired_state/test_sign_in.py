"""One identity from the ARM_* variables: what is taken, what is refused, and what a refusal by Microsoft means."""

import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from microsoft365.connection import CLOUDS, Connection
from microsoft365.credentials import credentials
from microsoft365.errors import BadInput, GaveUp, NoAccess, Problem
from microsoft365.sign_in import SignIn
from tests.desired_state.builders import TENANT

SECRET = "a-secret-value-that-must-not-be-seen"
VARIABLES = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": SECRET}
CONNECTION = Connection(tenant_id=TENANT)


class Credential:
    """Hands out numbered tokens of a given lifetime, or fails."""

    issued = 0

    def __init__(self, lifetime: float = 3600, error: Exception | None = None) -> None:
        self.lifetime = lifetime
        self.error = error

    def get_token(self, *scopes: str) -> AccessToken:
        if self.error is not None:
            raise self.error
        Credential.issued += 1
        return AccessToken(f"{scopes[0]} {Credential.issued}", int(time.time() + self.lifetime))


def sign_in(credential: Credential) -> SignIn:
    return SignIn(CONNECTION, CLOUDS["public"], VARIABLES, make_credential=lambda: credential)


def test_a_token_is_kept_for_each_service() -> None:
    under = sign_in(Credential())
    first = under.token("https://graph.microsoft.com")
    assert first.startswith("https://graph.microsoft.com/.default ")
    assert under.token("https://graph.microsoft.com") == first
    assert under.token("https://outlook.office365.com") != first


def test_a_token_is_renewed_before_it_ends_and_once_when_it_was_refused() -> None:
    short = sign_in(Credential(lifetime=200))
    assert short.token("x") != short.token("x")
    under = sign_in(Credential())
    first = under.token("x")
    second = under.token("x", instead_of=first)
    assert second != first
    assert under.token("x", instead_of=first) == second


def refusal(text: str) -> Problem:
    with pytest.raises(Problem) as raised:
        sign_in(Credential(error=ClientAuthenticationError(message=text))).token("https://graph.microsoft.com")
    assert SECRET not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("7000215", "not its Secret ID"),
        ("7000222", "has expired"),
        ("700016", "ARM_CLIENT_ID"),
        ("90002", "azuread:tenantId"),
        ("500011", "Exchange Online"),
        ("53003", "conditional access"),
    ],
)
def test_invariant_4_each_refusal_has_its_remedy(code: str, said: str) -> None:
    problem = refusal(
        f"Authentication failed: AADSTS{code}: Something {SECRET} is wrong.\r\nTrace ID: 1\r\nTimestamp: now"
    )
    assert isinstance(problem, NoAccess)
    assert said in str(problem)
    assert "Trace ID" not in str(problem)


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ARM_CLIENT_SECRET": ""}, "ARM_CLIENT_SECRET not set"),
        ({"ARM_CLIENT_ID": ""}, "ARM_CLIENT_ID not set"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_OIDC": "true"}, "ARM_USE_OIDC"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_MSI": "1"}, "ARM_USE_MSI"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": "true"}, "ARM_USE_CLI is set"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": "false"}, "ARM_CLIENT_SECRET not set"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": ""}, "ARM_CLIENT_SECRET not set"),
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_MSI": "F"}, "ARM_CLIENT_SECRET not set"),
        ({"ARM_CLIENT_CERTIFICATE_PATH": "/x.pfx"}, "ARM_CLIENT_CERTIFICATE_PATH"),
        ({"ARM_TENANT_ID": "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"}, "ARM_TENANT_ID is 0e5f1a52"),
    ],
)
def test_invariant_6_variables_that_do_not_fit_are_named(change: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        credentials(CONNECTION, {**VARIABLES, **change})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"ARM_USE_OIDC": "true"},
        {"ARM_USE_CLI": "true"},
        {"ARM_USE_MSI": "false"},
        {"ARM_TENANT_ID": TENANT.upper()},
    ],
)
def test_a_secret_wins_as_it_does_in_the_provider(change: dict[str, Any]) -> None:
    assert credentials(CONNECTION, {**VARIABLES, **change}) == ("id", SECRET)
