"""What this machine tells of an identity before anything is asked: the certificate, the Azure CLI, a token's claims."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.connection import Connection
from microsoft365.credentials import checked_credentials
from microsoft365.errors import BadInput, NoAccess, Problem
from microsoft365.identity import certificates, command_line
from microsoft365.identity.claims import application_of, claims_of, is_token, kind_of
from microsoft365.identity.methods import ClientCertificate, CommandLine
from microsoft365.identity.redaction import without_secrets
from tests.desired_state.builders import TENANT
from tests.support.vendors import archive_of, token_of
from tests.tenant.signing import Key, make_key

NOW = datetime.now(UTC)
PASSWORD = "the-password-of-the-archive"
APPLICATION = "9b1f9cbb-6a51-4b0c-9c2a-5a7e0a4f3d11"


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key()


def inspected(archive: bytes, password: str = "", *, now: datetime = NOW) -> certificates.Certificate:
    return certificates.inspect(ClientCertificate("id", archive, password, "ARM_CLIENT_CERTIFICATE"), now)


@pytest.mark.parametrize(("password", "legacy"), [(None, False), ("", False), (PASSWORD, False), (PASSWORD, True)])
def test_an_archive_is_opened_and_its_thumbprint_is_the_portals(key: Key, password: str | None, legacy: bool) -> None:
    made = archive_of(key.pem.decode(), password or None, legacy=legacy)
    found = inspected(made, password or "")
    assert found.thumbprint == key.hexadecimal
    assert found.ends == key.certificate.not_valid_after_utc


def refused(archive: bytes, password: str = "", *, now: datetime = NOW) -> str:
    with pytest.raises(BadInput) as raised:
        inspected(archive, password, now=now)
    assert "ARM_CLIENT_CERTIFICATE" in str(raised.value)
    if password:
        assert password not in str(raised.value)
    return str(raised.value)


def test_invariant_6_an_archive_that_cannot_be_used_says_why(key: Key) -> None:
    good = archive_of(key.pem.decode(), PASSWORD)
    assert "password in ARM_CLIENT_CERTIFICATE_PASSWORD is wrong" in refused(good, "another password")
    assert "has a password, and ARM_CLIENT_CERTIFICATE_PASSWORD is not set" in refused(good)
    assert "cut off (1000 bytes)" in refused(good[:1000], PASSWORD)
    assert "no PKCS#12 archive" in refused(b"")
    assert "no PKCS#12 archive" in refused(b"not an archive at all")
    assert "is PEM, and the azuread provider takes PKCS#12" in refused(key.pem)
    assert "not RSA" in refused(archive_of(make_key(elliptic=True).pem.decode()))
    day = timedelta(days=1)
    ended = refused(good, PASSWORD, now=key.certificate.not_valid_after_utc + day)
    assert f"ended on {key.certificate.not_valid_after_utc:%Y-%m-%d}" in ended
    begins = refused(good, PASSWORD, now=key.certificate.not_valid_before_utc - day)
    assert f"counts from {key.certificate.not_valid_before_utc:%Y-%m-%d} on" in begins


def test_an_archive_without_a_key_or_certificate_is_named(key: Key) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import pkcs12

    nothing: Any = serialization.NoEncryption()
    assert "no private key" in refused(
        pkcs12.serialize_key_and_certificates(b"x", None, key.certificate, None, nothing)
    )
    alone: Any = key.private
    assert "no certificate that belongs" in refused(
        pkcs12.serialize_key_and_certificates(b"x", alone, None, None, nothing)
    )


# -- the Azure CLI ------------------------------------------------------------------------------------------------------


def account(**changes: Any) -> str:
    user = {"name": APPLICATION, "type": "servicePrincipal", **changes.pop("user", {})}
    return json.dumps({"id": "x", "tenantId": TENANT, "user": user, **changes})


@pytest.mark.parametrize(
    ("document", "client_id"),
    [
        (account(), APPLICATION),
        (account(user={"name": APPLICATION.upper()}), APPLICATION),
        (account(user={"name": "systemAssignedIdentity"}), None),
        (account(user={"name": "userAssignedIdentity"}), None),
        (account(tenantId=TENANT.upper()), APPLICATION),
    ],
)
def test_an_application_may_be_signed_in_to_the_command_line(document: str, client_id: str | None) -> None:
    found = command_line.account_of(document, CommandLine(APPLICATION if client_id else None), TENANT)
    assert (found.client_id, found.is_managed) == (client_id, client_id is None)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (account(user={"name": "vera@contoso.com", "type": "user"}), "signed in as the person vera@contoso.com"),
        (account(user={"name": "", "type": "user"}), "somebody that it does not name"),
        (json.dumps({"tenantId": TENANT, "user": "x"}), "somebody that it does not name"),
        (account(tenantId="0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"), "signed in to tenant 0e5f1a52"),
        (account(user={"name": "5d1f9cbb-6a51-4b0c-9c2a-5a7e0a4f3d22"}), f"ARM_CLIENT_ID is {APPLICATION}"),
        ("[]", "not its usual JSON"),
        ("oops", "not its usual JSON"),
    ],
)
def test_invariant_6_nobody_else_may(document: str, said: str) -> None:
    with pytest.raises(Problem, match=said) as raised:
        command_line.account_of(document, CommandLine(APPLICATION), TENANT)
    assert "docs/sign-in.md" in str(raised.value) or "az login" in str(raised.value) or "unset" in str(raised.value)


def test_invariant_6_without_az_the_message_says_what_is_missing(tmp_path: Path) -> None:
    def said(**environment: str) -> str:
        with pytest.raises(BadInput) as raised:
            checked_credentials(Connection(tenant_id=TENANT), {"PATH": str(tmp_path), **environment})
        return str(raised.value)

    assert "ARM_CLIENT_ID and ARM_CLIENT_SECRET not set" in said()
    assert "there is no `az` on PATH" in said()
    assert "not signed in: ARM_CLIENT_SECRET not set" in said(ARM_CLIENT_ID=APPLICATION)
    assert "ARM_OIDC_TOKEN is set" in said(ARM_OIDC_TOKEN=token_of(sub="x"))


@pytest.mark.parametrize(
    ("program", "kind", "said"),
    [
        ("#!/bin/sh\necho 'Please run az login' >&2\nexit 1\n", NoAccess, "nobody is signed in to the Azure CLI"),
        ("#!/nowhere/python\n", BadInput, "`az` cannot be started"),
        ("#!/bin/sh\necho nothing\n", NoAccess, "not its usual JSON"),
    ],
)
def test_an_az_that_does_not_answer_is_told(tmp_path: Path, program: str, kind: type[Problem], said: str) -> None:
    (tmp_path / "az").write_text(program)
    (tmp_path / "az").chmod(0o755)
    with pytest.raises(kind, match=said):
        checked_credentials(Connection(tenant_id=TENANT), {"PATH": f"{tmp_path}:/bin:/usr/bin"})


# -- claims -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"idtyp": "app", "appid": "a"}, "application"),
        ({"oid": "o", "sub": "o", "appid": "a", "roles": ["x"]}, "application"),
        ({"idtyp": "user", "appid": "a"}, "person"),
        ({"scp": "user_impersonation", "oid": "o", "sub": "s", "upn": "vera@contoso.com"}, "person"),
        # Whatever else it says: a scope is delegated by a person.
        ({"idtyp": "app", "scp": "x"}, "person"),
        ({"oid": "o", "sub": "o", "unique_name": "vera@contoso.com"}, "person"),
        ({"oid": "o", "sub": "s", "appid": "a"}, "unknown"),
        ({"appid": "a"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_token_is_an_applications_only_when_it_clearly_is(claims: dict[str, str], kind: str) -> None:
    assert kind_of(claims) == kind


@given(some.text() | some.binary().map(lambda raw: raw.decode("latin-1")) | some.from_regex(r"\A\w*\.\w*\.\w*\Z"))
def test_anything_can_be_looked_into(text: str) -> None:
    assert isinstance(claims_of(text), dict)
    assert is_token(text) == bool(claims_of(text))


def test_claims_are_read_as_they_stand() -> None:
    claims = claims_of(token_of(appid=APPLICATION.upper(), sub="ä" * 5))
    assert (application_of(claims), claims["sub"]) == (APPLICATION, "ä" * 5)
    assert application_of({"azp": "B"}) == "b"
    assert application_of({}) is None


# -- what others wrote --------------------------------------------------------------------------------------------------


@given(some.text(min_size=6).filter(lambda text: text.strip() and "*" not in text), some.text(), some.text())
def test_invariant_4_no_secret_is_left_in_a_text(secret: str, before: str, after: str) -> None:
    shown = without_secrets(f"{before}{secret}{after}", [secret])
    assert secret not in shown
    folded = " ".join(secret.split())
    assert folded not in without_secrets(" ".join(f"{before} {secret} {after}".split()), [secret])
    as_json = json.dumps({"said": secret})
    assert json.dumps(secret)[1:-1] not in without_secrets(as_json, [secret])


def test_invariant_4_whatever_looks_like_a_token_is_hidden() -> None:
    token = token_of(sub="x", aud="y")
    assert without_secrets(f"a {token} b {token[:-3]} c", []) == "a *** b *** c"
