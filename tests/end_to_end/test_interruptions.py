"""A run that is interrupted: the next `up` goes on from there, what is left over is named, and nothing was open in between.

The first test is the campaign's short form (`tests/campaign/`, `make campaign`): the cases in which most was found.
"""

from pathlib import Path

import pytest

from tests.campaign.judging import COMMAND
from tests.campaign.likeness import likeness
from tests.campaign.plan import LAG, Planned
from tests.campaign.requests import Request
from tests.campaign.running import connected, run_case, run_undisturbed, scene
from tests.campaign.scenarios import FIRST, SCENARIOS
from tests.support.order import assert_closed_at_every_instant
from tests.support.stack import Stack
from tests.support.tenant import CALENDARS_READ_WRITE, Tenant

IN_POLICY = f"policy: {FIRST}"


def short_form(scenario: str, api: str, what: str, kind: str) -> Planned:
    return Planned(scenario, Request(api, what), 0, 1, kind)


SECRET = "POST /applications/{id}/addPassword"
SHORT_FORM = {
    # The provider has no way back to what it made: `up` goes on with another one, and names the first.
    short_form(IN_POLICY, "graph", "POST /applications", "reset after"): COMMAND,
    # A grant that it has made and cannot read yet is lost to the state, and cannot be made twice: the preview names the import.
    short_form(IN_POLICY, "directory", "new objects cannot be read once", LAG): COMMAND,
    short_form(IN_POLICY, "graph", SECRET, "run killed after"): COMMAND,
    short_form(IN_POLICY, "exchange", "New-ApplicationAccessPolicy", "maker killed before"): "1",
    short_form("rbac: secret revoked", "graph", "POST /applications/{id}/removePassword", "maker killed after"): "1",
}
NIGHTLY_FORM = {
    short_form(IN_POLICY, "graph", "POST /servicePrincipals", "maker killed after"): "1",
    short_form(IN_POLICY, "exchange", "New-ApplicationAccessPolicy", "run killed after"): "1",
}


@pytest.mark.parametrize(
    "case",
    [*SHORT_FORM, *(pytest.param(case, marks=pytest.mark.nightly) for case in NIGHTLY_FORM)],
    ids=lambda case: case.name,
)
def test_invariant_1_and_2_and_4_a_run_that_is_interrupted_ends_well_by_plain_runs_or_by_what_they_print(
    case: Planned, templates: Path
) -> None:
    scenario = SCENARIOS[case.scenario]
    first = scenario.begins_with_nothing
    wanted = connected(scenario, templates) if first else run_undisturbed(case.scenario, templates).wanted
    done = run_case(case, wanted, templates)
    assert not done.failed, done
    assert done.outcome == {**SHORT_FORM, **NIGHTLY_FORM}[case], done
    assert bool(done.killed) is ("killed" in case.kind)
    assert done.cancelled is ("run" in done.kind.split()[:1])


def test_the_campaign_notices_exposure_leaks_and_what_is_left(templates: Path) -> None:
    """Its alarms ring: by hand is done what no run may do."""
    with scene(SCENARIOS["policy: room added"], templates) as here:
        here.watch()
        wanted = likeness(here.tenant.snapshot())
        assert here.judge(wanted).converged
        assert (here.exposures(), here.leaks()) == (0, [])
        ours = next(
            row for row in here.tenant.exchange("Get-ApplicationAccessPolicy") if "roomz:" in row["Description"]
        )
        here.tenant.exchange("Remove-ApplicationAccessPolicy", Identity=ours["Identity"], Confirm=False)
        application = here.stack.resources()["roomz-application-application"]["id"].rpartition("/")[2]
        made = here.tenant.graph("POST", f"/applications/{application}/addPassword", {"passwordCredential": {}}).json()
        (here.stack.folder / "state" / "left").write_text(made["secretText"])
        assert here.exposures() > 0
        assert here.leaks() == ["a client secret"]
        found = here.judge(wanted)
        assert found.orphan_ids == {made["keyId"]}
        assert not found.converged
        assert any(difference.startswith("policies: missing") for difference in found.differences)


@pytest.mark.connected
def test_invariant_2_a_destroy_that_failed_is_followed_by_an_up_that_works(stack: Stack, tenant: Tenant) -> None:
    """The engine forgets service principal, grant and secret before it fails to delete the application."""
    before = stack.outputs(secrets=True)
    denied = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    tenant.fault(action={"status": 403, "body": denied}, times=50, method="DELETE", path=r"/v1\.0/applications/[^/]+$")
    assert stack.destroy(expect=None).code != 0
    tenant.heal()
    stack.up()
    after = stack.outputs(secrets=True)
    assert after["clientId"] == before["clientId"]
    assert tenant.sign_in(after["clientId"], after["clientSecret"]).status_code == 200
    path = f"/servicePrincipals/{after['servicePrincipalObjectId']}/appRoleAssignments"
    assert len(tenant.graph("GET", path).json()["value"]) == 1
    stack.up()
    assert stack.changes() == {}
    stack.destroy()
    assert_closed_at_every_instant(tenant.requests())


@pytest.mark.connected(protect=True)
def test_a_grant_that_a_person_revoked_and_gave_again_is_taken_over_and_removed_in_the_end(
    stack: Stack, tenant: Tenant
) -> None:
    _revoke_grant(tenant)
    _grant_again(tenant, stack.outputs()["servicePrincipalObjectId"])
    stack.up()
    stack.up()
    assert stack.changes() == {}
    stack.configure(protect=False)
    stack.up()
    stack.destroy()
    assert_closed_at_every_instant(tenant.requests())


@pytest.mark.connected
def test_invariant_3_an_empty_list_of_applications_takes_no_secret_away(stack: Stack, tenant: Tenant) -> None:
    outputs = stack.outputs(secrets=True)
    tenant.advance(hours=2)
    empty = {"@odata.context": "x", "value": []}
    tenant.fault(action={"status": 200, "body": empty}, times=50, method="GET", path=r"/v1\.0/applications$")
    stack.up(expect=None)
    tenant.heal()
    stack.up()
    assert tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).status_code == 200
    assert list(stack.outputs()["issuedSecrets"]) == ["0"]


def _grants(tenant: Tenant) -> list[dict[str, str]]:
    found = tenant.graph("GET", "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'").json()
    graph = found["value"][0]["id"]
    held = tenant.graph("GET", f"/servicePrincipals/{graph}/appRoleAssignedTo").json()["value"]
    return [
        grant
        for grant in held
        if grant["appRoleId"] == CALENDARS_READ_WRITE and "ROOMZ" in grant["principalDisplayName"]
    ]


def _revoke_grant(tenant: Tenant) -> None:
    (grant,) = _grants(tenant)
    path = f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"
    assert tenant.graph("DELETE", path).status_code == 204


def _grant_again(tenant: Tenant, principal_object_id: str) -> None:
    found = tenant.graph("GET", "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'").json()
    graph = found["value"][0]["id"]
    document = {"principalId": principal_object_id, "resourceId": graph, "appRoleId": CALENDARS_READ_WRITE}
    assert tenant.graph("POST", f"/servicePrincipals/{graph}/appRoleAssignedTo", document).status_code == 201
