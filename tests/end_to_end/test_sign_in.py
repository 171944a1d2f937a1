"""Signing in without a client secret, through the whole program: provider, observation and command resources as one identity."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.secrets import leaks
from tests.support.stack import Stack
from tests.support.tenant import Tenant
from tests.support.vendors import BEARER, Vendors, archive_of, azure_cli
from tests.support.watch import Watch

PASSWORD = "the-password-of-the-archive"


@pytest.fixture
def vendors(tenant: Tenant) -> Iterator[Vendors]:
    with Vendors(tenant.server.control_url, tenant.id, tenant.client_id) as running:
        yield running


def signed_in(tenant: Tenant, since: int) -> tuple[set[str], set[str]]:
    """Whom Graph and Exchange saw since a request, and what proved it at the login host."""
    entries = tenant.requests(since)
    callers = {entry["callerAppId"] for entry in entries if entry["api"] in {"graph", "exchange"}}
    tokens = [entry for entry in entries if entry["path"].endswith("/token")]
    return callers, {note for entry in tokens for note in entry.get("notes", [])}


def test_invariant_4_one_stack_by_federation_certificate_managed_identity_and_command_line(
    stack: Stack, tenant: Tenant, vendors: Vendors, tmp_path: Path
) -> None:
    with Watch(stack.folder, look_for=lambda text: leaks(text, {"the password": PASSWORD})) as watch:
        _sign_in_by_each(stack, tenant, vendors, tmp_path)

    key = re.findall("[A-Za-z0-9+/]{64}", (tmp_path / "key.pem").read_text())[1]
    everything = stack.state_files() + "\n".join((*stack.said, *watch.seen.arguments))
    for credential in (*vendors.tokens, BEARER, PASSWORD, key):
        assert credential not in everything, "invariant 4: a credential of the deployer"
    assert leaks(everything, {}) == []
    # What the deployer handed in stands in the environment of the run's processes, under the name that it was given, and no token.
    assert watch.seen.hits == set()
    held = {
        variable.partition("=")[0]
        for variable in watch.seen.variables
        if any(credential in variable for credential in (*vendors.tokens, BEARER, PASSWORD, key))
    }
    assert held == {"ARM_CLIENT_CERTIFICATE_PASSWORD", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}


def _sign_in_by_each(stack: Stack, tenant: Tenant, vendors: Vendors, tmp_path: Path) -> None:
    deployer = {tenant.client_id}
    stack.deployer = {"ARM_CLIENT_ID": tenant.client_id, "ARM_USE_OIDC": "true", **vendors.github}
    since = tenant.last_request()
    stack.up()
    assert signed_in(tenant, since) == (deployer, {"signed in by federation"})
    assert len(vendors.asked) > 2  # The provider's, and those of the observation and of the command resource.

    made = tenant.control("POST", f"/tenants/{tenant.id}/certificates", {"clientId": tenant.client_id})
    (tmp_path / "key.pem").write_text(made["pem"])
    (tmp_path / "deployer.pfx").write_bytes(archive_of(made["pem"], PASSWORD))
    stack.deployer = {
        "ARM_CLIENT_ID": tenant.client_id,
        "ARM_CLIENT_CERTIFICATE_PATH": str(tmp_path / "deployer.pfx"),
        "ARM_CLIENT_CERTIFICATE_PASSWORD": PASSWORD,
    }
    since = tenant.last_request()
    # A command resource takes the revoked secret away, with what its environment holds now.
    stack.configure(secret={"generation": 1, "revokedThrough": 0})
    stack.up()
    assert [entry["status"] for entry in tenant.requests(since) if entry["path"].endswith("/removePassword")] == [204]
    assert signed_in(tenant, since) == (deployer, {"signed in by certificate"})

    stack.deployer = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": vendors.metadata_service}
    since = tenant.last_request()
    stack.preview("--expect-no-changes")
    assert signed_in(tenant, since) == (deployer, set())

    path = stack.environment()["PATH"]
    stack.deployer = {"PATH": f"{azure_cli(tmp_path / 'application', vendors)}:{path}"}
    since = tenant.last_request()
    stack.preview("--expect-no-changes")
    assert signed_in(tenant, since) == (deployer, set())

    person = azure_cli(tmp_path / "person", vendors, name="vera@alpenblick.example", kind="user")
    stack.deployer = {"PATH": f"{person}:{path}"}
    since = tenant.last_request()
    refused = stack.up(expect=None)
    assert refused.code != 0
    assert "signed in as the person vera@alpenblick.example" in refused.text
    assert "Traceback" not in refused.text
    assert tenant.requests(since) == []
