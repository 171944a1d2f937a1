"""Generations of secrets on the real engine: renewal, hand-over, revocation, and what people do by hand."""

import re
from datetime import datetime
from typing import Any

import pytest

from tests.support.order import assert_closed_at_every_instant
from tests.support.stack import Stack
from tests.support.tenant import Tenant


def passwords(tenant: Tenant, outputs: dict[str, Any]) -> dict[str, str]:
    """Key id to display name, as Microsoft Graph shows them."""
    application = tenant.graph("GET", f"/applications/{outputs['applicationObjectId']}").json()
    return {password["keyId"]: password["displayName"] for password in application["passwordCredentials"]}


def works(tenant: Tenant, outputs: dict[str, Any]) -> bool:
    return tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).status_code == 200


@pytest.mark.connected
def test_renewal_and_hand_over(stack: Stack, tenant: Tenant) -> None:
    first = stack.outputs(secrets=True)
    stack.configure(verify={"controlMailbox": f"control.mailbox@{tenant.domain}"})
    file = stack.folder / "secret"
    shown = stack.script("hand_over", "show", "--secret-file", str(file))
    assert "Verified: the control mailbox is refused; the verification as a whole is green" in shown.text
    assert file.read_text() == first["clientSecret"]
    assert "records that the ROOMZ Portal has generation 0" in stack.script("hand_over", "confirm").text
    stack.up()
    assert stack.changes() == {}
    assert stack.outputs()["handOver"] == {"status": "done"}

    tenant.advance(days=30.5 * 22)
    assert "generation 1 will be issued" in stack.preview().text
    stack.up()
    second = stack.outputs(secrets=True)
    assert second["secretGeneration"] == 1
    assert second["clientSecret"] != first["clientSecret"]
    assert second["handOver"] == {"status": "pending", "by": first["secretExpiresOn"]}
    assert works(tenant, first), "the secret that the Portal has must live on until the new one is handed over"
    assert works(tenant, second)
    stack.up()
    assert stack.changes() == {}

    assert "removes generation 0" in stack.script("hand_over", "confirm").text
    stack.up()
    assert not works(tenant, first)
    assert works(tenant, second)
    assert list(passwords(tenant, second)) == [second["issuedSecrets"]["1"]["keyId"]]
    assert stack.outputs()["handOver"] == {"status": "done"}
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected
def test_renew_now_and_revoke_now(stack: Stack, tenant: Tenant) -> None:
    leaked = stack.outputs(secrets=True)
    refused = stack.configure_and_fail(secret={"revokedThrough": 0})
    assert "ROOMZ would be left without any" in refused.text
    stack.configure(secret={"generation": 1, "revokedThrough": 0})
    stack.up()
    fresh = stack.outputs(secrets=True)
    assert fresh["secretGeneration"] == 1
    assert not works(tenant, leaked)
    assert works(tenant, fresh)
    assert fresh["handOver"]["status"] == "pending"
    stack.up()
    assert stack.changes() == {}


def test_revoke_now_while_nothing_is_observed(stack: Stack, tenant: Tenant) -> None:
    """The way out of an incident in which Exchange does not answer, or a guard of it stops every run."""
    stack.configure(observe=False)
    stack.up()
    leaked = stack.outputs(secrets=True)
    stack.up()
    assert stack.changes() == {}
    tenant.fault(api="exchange", action={"status": 503}, times=999)
    stack.configure(secret={"generation": 1, "revokedThrough": 0})
    stack.up()
    assert not works(tenant, leaked)
    assert works(tenant, stack.outputs(secrets=True))
    tenant.heal()
    stack.configure(observe=True)
    stack.up()
    assert stack.changes() == {}
    assert_closed_at_every_instant(tenant.requests())


@pytest.mark.connected
def test_a_revocation_that_cannot_be_ended_names_what_lives_with_a_command_that_ends_it(
    stack: Stack, tenant: Tenant
) -> None:
    leaked = stack.outputs(secrets=True)
    tenant.fault(api="graph", path="addPassword", action={"status": 403}, times=99)
    stack.configure(secret={"generation": 1, "revokedThrough": 0})
    failed = stack.up(expect=None)
    assert failed.code != 0
    assert leaked["issuedSecrets"]["0"]["keyId"] in failed.text
    assert works(tenant, leaked)
    printed = re.search(r"echo '(\{[^']*\})' \| scripts/run client_secret remove", failed.text)
    assert printed, failed.text
    stack.script("client_secret", "remove", stdin=printed.group(1))
    assert not works(tenant, leaked)
    tenant.heal()
    stack.up()
    assert works(tenant, stack.outputs(secrets=True))


@pytest.mark.connected
def test_invariant_5_another_lifetime_moves_no_issued_secret(stack: Stack, tenant: Tenant) -> None:
    before = stack.outputs(secrets=True)
    stack.configure(secret={"lifetimeMonths": 6, "renewMonthsBefore": 1})
    stack.up()
    assert stack.changes() == {}
    after = stack.outputs(secrets=True)
    assert after["issuedSecrets"] == before["issuedSecrets"]
    assert works(tenant, after)


@pytest.mark.connected
def test_a_secret_that_was_deleted_by_hand_is_followed_by_the_next_generation(stack: Stack, tenant: Tenant) -> None:
    first = stack.outputs(secrets=True)
    key_id = first["issuedSecrets"]["0"]["keyId"]
    path = f"/applications/{first['applicationObjectId']}/removePassword"
    assert tenant.graph("POST", path, {"keyId": key_id}).status_code == 204
    tenant.advance(hours=1, seconds=1)
    preview = stack.preview()
    assert "generation 0" in preview.text
    assert "counts as revoked" in preview.text
    stack.up()
    second = stack.outputs(secrets=True)
    assert list(second["issuedSecrets"]) == ["1"]
    assert works(tenant, second)
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected
def test_invariant_3_a_password_that_a_person_added_is_left_alone(stack: Stack, tenant: Tenant) -> None:
    outputs = stack.outputs()
    added = tenant.graph(
        "POST",
        f"/applications/{outputs['applicationObjectId']}/addPassword",
        {"passwordCredential": {"displayName": "by hand"}},
    )
    assert added.status_code == 200
    stack.configure(secret={"generation": 1, "revokedThrough": 0})
    stack.up()
    assert added.json()["keyId"] in passwords(tenant, outputs)


def test_dates_are_those_of_the_configuration(stack: Stack, tenant: Tenant) -> None:
    stack.configure(secret={"lifetimeMonths": 6, "renewMonthsBefore": 1})
    stack.up()
    outputs = stack.outputs()
    issued = datetime.fromisoformat(outputs["issuedSecrets"]["0"]["issuedOn"])
    ends = datetime.fromisoformat(outputs["secretExpiresOn"])
    assert 178 <= (ends - issued).days <= 184
    assert outputs["secretExpiresOn"].endswith("T00:00:00Z")
    application = tenant.graph("GET", f"/applications/{outputs['applicationObjectId']}").json()
    assert datetime.fromisoformat(application["passwordCredentials"][0]["endDateTime"]) == ends
