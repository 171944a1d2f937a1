"""Secrets over years on the real engine, which `make nightly` runs: each test writes its figures into build/secrets.json.

Time is the tenant's: it is moved on from one `pulumi up` to the next, and at every step a client reads with the secret that is in
the Portal while the exposure meter runs.
"""

import re
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from tests.end_to_end.conftest import NewStack
from tests.support.order import story
from tests.support.portal import Portal, report
from tests.support.stack import Stack
from tests.support.tenant import Tenant

pytestmark = pytest.mark.nightly

MONTH = 365.25 / 12
IDENTIFIER = r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/appRoleAssignedTo/)[^/]+"
RIGHTS = (
    "Application.ReadWrite.OwnedBy",
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "Exchange.ManageAsApp",
)


def assert_nothing_was_dark_or_open(figures: dict[str, float]) -> None:
    assert figures["hours without a valid secret"] == 0
    assert figures["hours of avoidable exposure"] == 0
    assert figures["hours one secret away from exposure"] == 0


@pytest.mark.connected
def test_invariant_1_and_5_six_years_of_monthly_runs(stack: Stack, tenant: Tenant) -> None:
    """People hand over on the day of the renewal, in the middle of its window, and on the last day that the output names."""
    portal = Portal(stack, tenant)
    portal.hand_over()
    patience = cycle((0.0, 0.5, 0.98))
    for _ in range(72):
        portal.wait(MONTH)
        portal.up()
        state = stack.outputs()["handOver"]
        assert state["status"] in {"done", "pending"}
        if state["status"] == "pending":
            left = datetime.fromisoformat(state["by"]) - tenant.now()
            portal.wait(next(patience) * left / timedelta(days=1))
            portal.hand_over()
    figures = portal.figures()
    report("six years of monthly runs", figures)
    assert figures["secrets issued"] == 4
    assert_nothing_was_dark_or_open(figures)


@pytest.mark.connected
def test_invariant_1_and_5_six_years_of_yearly_runs(stack: Stack, tenant: Tenant) -> None:
    """`renewMonthsBefore` is half of the lifetime, so that a run a year is enough; hand-overs take half a year."""
    portal = Portal(stack, tenant)
    portal.configure(renewMonthsBefore=12)
    portal.hand_over()
    for _ in range(6):
        portal.wait(182)
        if stack.outputs()["handOver"]["status"] != "done":
            portal.hand_over()
        portal.wait(365.25 - 182)
        portal.up()
        assert stack.outputs()["handOver"]["status"] in {"done", "pending"}
    figures = portal.figures()
    report("six years of yearly runs", figures)
    assert figures["secrets issued"] == 7
    assert_nothing_was_dark_or_open(figures)


@pytest.mark.connected
def test_a_tenant_that_was_forgotten_for_three_years(stack: Stack, tenant: Tenant) -> None:
    """The secret ended, and the displays with it; one run issues exactly one new secret and says that it is overdue."""
    portal = Portal(stack, tenant)
    portal.hand_over()
    portal.wait_until(datetime.fromisoformat(stack.outputs()["secretExpiresOn"]) - timedelta(hours=1))
    portal.may_stand_still = True
    portal.wait(3 * 365.25 - 729)
    status = stack.script("secret_status", "--stack", stack.name, "--at", tenant.now().isoformat(), expect=8)
    assert "OVERDUE: client secret generation 0 ended on" in status.text
    said = portal.up().text
    assert "generation 1 will be issued" in said
    assert "OVERDUE: client secret generation 1 is not recorded as handed over" in said
    outputs = stack.outputs()
    assert list(outputs["issuedSecrets"]) == ["1"]
    assert outputs["handOver"]["status"] == "overdue"
    portal.hand_over()
    portal.may_stand_still = False
    portal.up()
    assert stack.outputs()["handOver"] == {"status": "done"}
    figures = portal.figures()
    report("a tenant forgotten for three years", figures)
    assert figures["secrets issued"] == 2
    assert figures["hours of avoidable exposure"] == 0


@pytest.mark.parametrize("trouble", ["before", "after"])
def test_invariant_1_2_and_5_a_renewal_interrupted_at_every_request(
    new_stack: NewStack, tenant: Tenant, trouble: str
) -> None:
    """Each renewal of a stack loses the connection at another request, before or after it took effect.

    A renewal here issues a secret and removes the one that was handed over past. The next run ends well; at no time is the Portal
    without a valid secret, no generation is skipped, and nobody is told that what was handed over is dead. What a lost answer left
    is named by a run that follows, with the command that removes it.
    """
    stack = new_stack(secret={"lifetimeMonths": 4, "renewMonthsBefore": 1})
    stack.up()
    portal = Portal(stack, tenant)
    generation = portal.hand_over()
    failed: list[str] = []
    known, number = {each["keyId"] for each in stack.outputs()["issuedSecrets"].values()}, 0
    while True:
        renews_on = datetime.fromisoformat(stack.outputs()["secretRenewsOn"])
        portal.wait_until(renews_on + timedelta(days=1), every=30)
        begun = tenant.last_request()
        tenant.fault(action={"reset": trouble}, skip=number)
        interrupted = stack.up(expect=None)
        met = [entry for entry in tenant.requests(begun) if entry["status"] == "reset"]
        tenant.heal()
        portal.note()
        portal.look()
        if interrupted.code != 0:
            failed += [
                f"{entry['method']} {entry['cmdlet'] or re.sub(IDENTIFIER, '*', entry['path'])}" for entry in met
            ]
            portal.up()
        outputs = stack.outputs()
        known |= {each["keyId"] for each in outputs["issuedSecrets"].values()}
        assert int(outputs["secretGeneration"]) == generation + 1, f"at request {number}"
        the_portals = outputs["issuedSecrets"][str(generation)]["endsOn"]
        assert outputs["handOver"] == {"status": "pending", "by": the_portals}, f"at request {number}"
        generation = portal.hand_over()
        if not met:
            break
        number += 1
    figures = portal.figures()
    strays = set(portal.issued) - known
    found = {
        "requests of a renewal": number,
        "runs that failed": len(failed),
        "strays": len(strays),
        "failed at": failed,
    }
    report(f"a renewal interrupted {trouble} each request", {**figures, **found})
    said = "\n".join(stack.said)
    assert [key for key in strays if f'"keyId": "{key}"}}\' | scripts/run client_secret remove' not in said] == []
    assert bool(strays) == (trouble == "after")
    assert number > 20
    assert_nothing_was_dark_or_open(figures)


@pytest.mark.connected
def test_a_tenant_that_allows_secrets_of_180_days(stack: Stack, tenant: Tenant) -> None:
    """Without the right to read the policy the tenant's own refusal, with the usual lifetimes beside it; with it the one that fits."""
    tenant.rights(*RIGHTS, "Policy.ReadWrite.ApplicationConfiguration")
    limit = {"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}
    body = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [limit]}}
    assert tenant.graph("PATCH", "/policies/defaultAppManagementPolicy", body).status_code == 204
    tenant.rights(*RIGHTS)
    portal = Portal(stack, tenant)
    portal.hand_over()
    portal.configure(generation=1)

    refused = portal.up(expect=None)
    assert refused.code != 0
    assert "CredentialInvalidLifetimeAsPerAppPolicy: Credential lifetime exceeds the max value" in refused.text
    assert (
        "for a limit of 180, 365 or 730 days: pulumi config set --path 'roomz:secret.lifetimeMonths' 5, 12 or 24"
        in refused.text
    )

    tenant.rights(*RIGHTS, "Policy.Read.All")
    before, begun = tenant.snapshot(), tenant.last_request()
    refused = portal.up(expect=None)
    assert refused.code != 0
    assert "Nothing was changed. roomz:secret.lifetimeMonths is 24" in refused.text
    assert "allows 180 days" in refused.text
    assert "pulumi config set --path 'roomz:secret.lifetimeMonths' 5" in refused.text
    assert tenant.snapshot() == before
    assert story(tenant.requests(begun)) == []

    stack.type("pulumi config set --path 'roomz:secret.lifetimeMonths' 5")
    portal.up()
    outputs = stack.outputs()
    lives = datetime.fromisoformat(outputs["secretExpiresOn"]) - tenant.now()
    assert timedelta(days=145) < lives <= timedelta(days=180)
    assert list(outputs["issuedSecrets"]) == ["0", "1"]
    portal.hand_over()
    portal.up()
    assert_nothing_was_dark_or_open(portal.figures())


@pytest.mark.connected
def test_how_long_a_leaked_secret_works_after_somebody_has_pressed_enter(stack: Stack, tenant: Tenant) -> None:
    """Measured, for docs/incident.md: with Exchange, without the preview before it, and without Exchange.

    Seconds depend on the machine; how much is asked until the secret is gone does not.
    """
    from tests.end_to_end.test_incident import NO_ANSWER, PAGE, REVOKE, Thief
    from tests.support.pages import commands

    portal = Portal(stack, tenant)
    found: dict[str, dict[str, float]] = {}
    whole, alone = commands(PAGE, REVOKE)[-1], commands(PAGE, NO_ANSWER)[-1]
    for name, last in (("with Exchange", whole), ("at once", f"{whole} --skip-preview"), ("without Exchange", alone)):
        thief = Thief(tenant, portal, stack.outputs(secrets=True)["clientSecret"])
        stack.type(*commands(PAGE, REVOKE)[:2])
        if name == "without Exchange":
            tenant.fault(api="exchange", action={"reset": "before"}, times=9999)
            stack.type(commands(PAGE, NO_ANSWER)[0])
        begun, enter = tenant.last_request(), tenant.now()
        thief.begin()
        run = stack.type(last)
        found[name] = {
            "the secret, seconds": round(thief.end(), 1),
            "the run, seconds": round(run.seconds, 1),
            **until_the_secret_is_gone(tenant, begun, enter),
            "a token of it, minutes": thief.minutes_of_the_token(),
        }
    report("a leaked secret", found)
    assert found["at once"]["requests"] < found["with Exchange"]["requests"]
    assert found["without Exchange"]["of them to Exchange"] == 0


def until_the_secret_is_gone(tenant: Tenant, begun: int, enter: datetime) -> dict[str, float]:
    """What the deployer asked until the first secret was removed, and when it came to what: seconds from Enter on."""
    ours = [entry for entry in tenant.requests(begun) if entry.get("callerAppId") == tenant.client_id]
    removed = next(number for number, entry in enumerate(ours) if entry["path"].endswith("/removePassword"))
    made = next(entry for entry in ours if entry["path"].endswith("/addPassword"))

    def after(entry: dict[str, Any]) -> float:
        return round((datetime.fromisoformat(entry["at"]) - enter) / timedelta(seconds=1), 1)

    return {
        "requests": removed + 1,
        "of them to Exchange": sum(entry["api"] == "exchange" for entry in ours[: removed + 1]),
        "the first request, seconds": after(ours[0]),
        "the new secret, seconds": after(made),
        "its removal, seconds": after(ours[removed]),
    }
