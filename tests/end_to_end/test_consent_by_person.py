"""A stack whose deployer may grant nothing: restriction and secret are made, a person consents, and the way back stays closed."""

from tests.end_to_end.conftest import NewStack
from tests.support.order import assert_closed_at_every_instant, story
from tests.support.stack import Stack
from tests.support.tenant import Tenant

LEAST = ["Application.ReadWrite.OwnedBy", "Application.Read.All", "Exchange.ManageAsApp"]
REMOVAL = "roomz-restriction-removal-command"


def token(stack: Stack, tenant: Tenant) -> str:
    """Sign in with the secret that the stack issued, as ROOMZ does."""
    outputs = stack.outputs(secrets=True)
    signed_in = tenant.sign_in(outputs["clientId"], outputs["clientSecret"])
    assert signed_in.status_code == 200, signed_in.text
    return str(signed_in.json()["access_token"])


def grants(stack: Stack, tenant: Tenant, person: str) -> list[str]:
    """Paths of what the application holds in Microsoft Entra."""
    path = f"/servicePrincipals/{stack.outputs()['servicePrincipalObjectId']}/appRoleAssignments"
    held = tenant.graph("GET", path, token=person).json()["value"]
    return [f"/servicePrincipals/{each['resourceId']}/appRoleAssignedTo/{each['id']}" for each in held]


def test_invariant_1_a_person_consents_after_the_restriction_and_the_restriction_outlives_the_grant(
    new_stack: NewStack, tenant: Tenant
) -> None:
    person = tenant.token("graph")
    tenant.control("PUT", f"/tenants/{tenant.id}/rights/{tenant.client_id}", {"appRoles": LEAST})
    before = tenant.snapshot()
    room, control = f"room-eiger@{tenant.domain}", f"control.mailbox@{tenant.domain}"
    stack = new_stack(consent="admin", protect=True)

    first = stack.up()
    assert story(tenant.requests()) == ["application made", "group made", "policy made", "secret made"]
    outputs = stack.outputs()
    access = outputs["access"]
    assert (access["model"], access["consent"], access["consentMode"]) == ("policy", "waiting", "admin")
    for page in (outputs["consentUrl"], outputs["apiPermissionsUrl"]):
        assert page in first.text
    assert grants(stack, tenant, person) == []
    bearer = token(stack, tenant)
    assert {tenant.calendar_status(address, bearer) for address in (room, control)} == {401}
    sheet = stack.script("hand_over", "show").text
    assert "Consent is waited for" in sheet
    assert outputs["apiPermissionsUrl"] in sheet

    tenant.consent(outputs["consentUrl"])
    seen = stack.preview("--expect-no-changes")
    assert "somebody consented since the last `up`" in seen.text
    stack.up()
    assert stack.changes() == {}
    assert stack.outputs()["access"]["consent"] == "granted"
    bearer = token(stack, tenant)
    assert (tenant.calendar_status(room, bearer), tenant.calendar_status(control, bearer)) == (200, 403)

    # Gone again: the page, and no command that the deployer may not run.
    (grant,) = grants(stack, tenant, person)
    assert tenant.graph("DELETE", grant, token=person).status_code == 204
    warned = stack.preview("--expect-no-changes")
    assert "is gone: the displays cannot read" in warned.text
    assert outputs["consentUrl"] in warned.text
    assert "--refresh" not in warned.text
    tenant.consent(outputs["consentUrl"])

    # The grant is a person's, so no deletion of the engine's ends it; what restricts it stays until it is gone.
    document = stack.resources()[REMOVAL]["inputs"]["stdin"]
    forced = stack.destroy("--continue-on-error", expect=None)
    assert (forced.code != 0, "protect" in forced.text) == (True, True)
    refused = stack.script("exchange_policy", "remove", stdin=document, expect=6)
    assert outputs["clientId"] in refused.text
    (policy,) = [row for row in tenant.exchange("Get-ApplicationAccessPolicy") if "roomz:" in row["Description"]]
    assert "retired" not in policy["Description"]
    assert len(grants(stack, tenant, person)) == 1
    assert tenant.calendar_status(control, bearer) == 403

    stack.pulumi("state", "unprotect", "--all", "--yes")
    stack.destroy()
    after = tenant.snapshot()
    for kept in ("applications", "servicePrincipals", "grants", "groups", "policies"):
        assert after[kept] == before[kept], kept
    assert_closed_at_every_instant(tenant.requests())
