"""Generations of secrets on the real engine: 26 months of one stack, in which people do by hand what people do.

Six years, yearly runs, forgotten tenants and interrupted renewals are in test_secrets_over_years.py, which `make nightly` runs.
"""

from datetime import datetime, timedelta

import pytest

from tests.support.portal import Portal
from tests.support.stack import Stack
from tests.support.tenant import Tenant


@pytest.mark.connected
def test_invariant_1_and_5_twenty_six_months_in_which_a_display_never_stands_still(
    stack: Stack, tenant: Tenant
) -> None:
    """Renewal, hand-over and the end of the first secret; another lifetime, a person's password and a deletion by hand.

    At every step a client reads with the secret that is in the Portal, the exposure meter runs, and no issued secret moves.
    """
    portal = Portal(stack, tenant)
    first = stack.outputs(secrets=True)
    assert first["handOver"] == {"status": "pending", "by": first["secretExpiresOn"]}
    stack.configure(verify={"controlMailbox": f"control.mailbox@{tenant.domain}"})
    file = stack.folder / "secret"
    shown = stack.script("hand_over", "show", "--secret-file", str(file))
    assert "Verified: the control mailbox is refused; the verification as a whole is green" in shown.text
    assert file.read_text() == first["clientSecret"]
    assert portal.hand_over(recorded=False) == 0
    assert "records that the ROOMZ Portal has generation 0" in stack.script("hand_over", "confirm").text
    stack.read_configuration()

    portal.wait(days=300)
    path = f"/applications/{first['applicationObjectId']}"
    body = {"passwordCredential": {"displayName": "by hand", "endDateTime": "2029-05-06T00:00:00Z"}}
    person = tenant.graph("POST", f"{path}/addPassword", body)
    assert person.status_code == 200
    # Counts for the next secret, and moves none that exists.
    portal.configure(lifetimeMonths=6)

    portal.wait_until(datetime.fromisoformat(first["secretExpiresOn"]) - timedelta(days=29))
    preview = stack.preview().text
    assert "generation 1 will be issued" in preview
    assert "To do within 30 days: client secret generation 0 ends on" in preview
    assert f"'by hand', key id {person.json()['keyId']}, ends on 2029-05-06T00:00:00Z. It is left alone" in preview
    portal.up()
    second = stack.outputs(secrets=True)
    assert (second["secretGeneration"], list(second["issuedSecrets"])) == (1, ["0", "1"])
    assert second["issuedSecrets"]["0"] == first["issuedSecrets"]["0"]
    assert second["handOver"] == {"status": "pending", "by": first["secretExpiresOn"]}
    assert portal.reads(first["clientSecret"]), (
        "the secret that the Portal has must live on until the new one is handed over"
    )
    assert portal.reads(second["clientSecret"])
    issued, ends = (datetime.fromisoformat(second["issuedSecrets"]["1"][name]) for name in ("issuedOn", "endsOn"))
    assert 178 <= (ends - issued).days <= 184

    portal.wait(days=20)
    portal.hand_over()
    said = portal.up().text
    assert "secret.handedOver" in said
    assert not portal.reads(first["clientSecret"])
    assert stack.outputs()["handOver"] == {"status": "done"}

    portal.wait_until(datetime.fromisoformat(first["secretExpiresOn"]) + timedelta(days=60))
    portal.up()
    assert stack.changes() == {}

    # Somebody deletes the newest in the portal of Microsoft Entra: the displays stand still, and the next run notices.
    portal.may_stand_still = True
    key_id = second["issuedSecrets"]["1"]["keyId"]
    assert tenant.graph("POST", f"{path}/removePassword", {"keyId": key_id}).status_code == 204
    portal.note()
    portal.wait(days=1 / 24)
    preview = stack.preview().text
    assert f"generation 1 (key id {key_id})" in preview
    assert "counts as revoked" in preview
    said = portal.up().text
    assert "OVERDUE: client secret generation 2 is not recorded as handed over" in said
    portal.hand_over()
    assert list(stack.outputs()["issuedSecrets"]) == ["2"]
    portal.may_stand_still = False
    portal.look()
    left = {password["keyId"] for password in tenant.graph("GET", path).json()["passwordCredentials"]}
    assert person.json()["keyId"] in left

    figures = portal.figures()
    assert figures["secrets issued"] == 3
    assert figures["hours of avoidable exposure"] == 0
    assert figures["hours one secret away from exposure"] == 0
    # The hour from the deletion by hand to the hand-over of what followed it, and no other.
    assert 1 <= figures["hours without a valid secret"] < 2
