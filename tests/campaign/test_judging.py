"""What counts as the same tenant, as an orphan, and as the command that ends it.  No engine, no tenant."""

import copy
import json
from typing import Any

import pytest

from tests.campaign import judging
from tests.campaign.likeness import differences, likeness
from tests.engine.running import CHECKOUT

OTHERS = {"id": "app-0", "appId": "client-0", "properties": {"displayName": "Deployment"}, "passwords": []}
CLIENT_IDS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")


def application(number: int, *keys: str) -> dict[str, Any]:
    passwords = [
        {"keyId": key, "displayName": "generation 0", "startDateTime": f"2026-11-2{number}T10:00:00Z"} for key in keys
    ]
    properties: Any = {"displayName": "ROOMZGraph", "notes": "roomz:roomz/test"}
    return {"id": f"app-{number}", "appId": CLIENT_IDS[number - 1], "properties": properties, "passwords": passwords}


def tenant(*applications: dict[str, Any], grants: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    principals = [{"id": f"{each['id']}-principal", "appId": each["appId"], "properties": {}} for each in applications]
    kinds = ("groups", "policies", "exchangeServicePrincipals", "managementScopes", "roleAssignments", "mailboxes")
    return {
        "applications": [OTHERS, *applications],
        "servicePrincipals": principals,
        "grants": [{"principalId": principal, "value": "Calendars.ReadWrite"} for principal in grants],
        "deletedItems": {"applications": []},
        **{kind: [] for kind in kinds},
        **more,
    }


def state(number: int, *keys: str, grant: bool = False) -> list[dict[str, Any]]:
    azuread = "azuread:index"
    held: list[dict[str, Any]] = [
        {"type": f"{azuread}/application:Application", "id": f"/applications/app-{number}"},
        {"type": f"{azuread}/servicePrincipal:ServicePrincipal", "id": f"/servicePrincipals/app-{number}-principal"},
        *({"type": f"{azuread}/applicationPassword:ApplicationPassword", "id": f"app/password/{key}"} for key in keys),
    ]
    if grant:
        inputs = {"principalObjectId": f"app-{number}-principal"}
        held.append({"type": f"{azuread}/appRoleAssignment:AppRoleAssignment", "id": "grant", "inputs": inputs})
    return held


WHOLE = tenant(application(1, "key-1"), grants=("app-1-principal",))
BEFORE = tenant()


def judged(after: dict[str, Any], resources: list[dict[str, Any]], printed: str = "") -> judging.Finding:
    return judging.judge(likeness(WHOLE), BEFORE, after, resources, printed)


def test_ids_and_dates_do_not_count_and_everything_else_does() -> None:
    again = tenant(application(2, "key-9"), grants=("app-2-principal",))
    assert differences(likeness(WHOLE), likeness(again)) == []
    again["deletedItems"] = {"applications": [application(1)]}
    assert differences(likeness(WHOLE), likeness(again)) == []
    again["applications"][1]["properties"]["api"] = {"oauth2PermissionScopes": None, "knownClientApplications": []}
    assert differences(likeness(WHOLE), likeness(again)) == []
    again["applications"][1]["properties"]["api"] = {"oauth2PermissionScopes": ["one"]}
    assert differences(likeness(WHOLE), likeness(again))
    for changed in (
        tenant(application(1, "key-1")),
        tenant(application(1), grants=("app-1-principal",)),
        tenant(application(1, "key-1", "key-2"), grants=("app-1-principal",)),
        tenant(application(1, "key-1"), grants=("app-1-principal",), isCustomized=True),
        tenant(
            application(1, "key-1"), grants=("app-1-principal",), mailboxes=[{"address": "room@x", "objectId": "o"}]
        ),
    ):
        assert differences(likeness(WHOLE), likeness(changed)), changed


def test_a_tenant_as_it_was_meant_has_converged() -> None:
    found = judged(copy.deepcopy(WHOLE), state(1, "key-1", grant=True))
    assert found.converged
    assert found.orphan_ids == set()
    assert not judged(WHOLE, state(1, "key-1", "key-7", grant=True)).converged, "the state has a secret that is gone"


def test_an_orphaned_application_takes_what_hangs_on_it_along_and_needs_its_own_command() -> None:
    after = tenant(application(1, "key-1"), application(2, "key-2"), grants=("app-1-principal", "app-2-principal"))
    resources = state(1, "key-1", grant=True)
    assert judged(after, resources).orphan_ids == {"app-2"}
    assert not judged(after, resources).converged
    wrong = f"delete that one: az ad app delete --id {CLIENT_IDS[0]} (or …)"
    assert not judged(after, resources, wrong).converged, "the command for another one"
    right = f"delete that one: az ad app delete --id {CLIENT_IDS[1]} (or …)"
    found = judged(after, resources, right)
    assert found.converged
    assert found.remedies == {"app-2": f"az ad app delete --id {CLIENT_IDS[1]}"}
    assert judging.kind_of(found.remedies["app-2"]) == "az ad app delete --id CLIENT_ID"


def test_an_orphaned_secret_needs_the_command_with_its_own_key_id() -> None:
    after = tenant(application(1, "key-1", "key-2"), grants=("app-1-principal",))

    def command(key: str) -> str:
        return f"echo '{json.dumps({'connection': {}, 'keyId': key})}' | scripts/run client_secret remove"

    resources = state(1, "key-1", grant=True)
    assert not judged(after, resources, f"remove it with: {command('key-1')}").converged
    found = judged(after, resources, f"{command('key-1')}\nremove it with: {command('key-2')}")
    assert found.converged
    assert found.remedies == {"key-2": command("key-2")}
    assert judging.kind_of(command("key-2")) == "echo … | scripts/run client_secret remove"


def test_a_grant_that_the_state_does_not_know_is_an_orphan_and_missing_as_well() -> None:
    """It is the very one that is wanted: its command alone does not end the case, a run after it does."""
    document = json.dumps({"grant": "/servicePrincipals/g/appRoleAssignedTo/x"})
    removal = f"echo '{document}' | scripts/run calendars_consent remove"
    grant = (
        "azuread:index/appRoleAssignment:AppRoleAssignment roomz-consent-grant /servicePrincipals/g/appRoleAssignedTo/x"
    )
    adoption = f"pulumi import --stack test {grant} --parent 'consent=urn:a$b::c' --protect=false --generate-code=false"
    assert judged(WHOLE, state(1, "key-1")).remedies == {}
    for command in (removal, adoption):
        found = judged(WHOLE, state(1, "key-1"), f"and run `pulumi up` again: {command}\n")
        assert found.remedies == {"app-1-principal": command}
        assert not found.converged
    assert judging.kind_of(adoption) == "pulumi import … roomz-consent-grant …"


def test_what_is_missing_is_no_orphan_and_no_convergence() -> None:
    found = judged(tenant(application(1, "key-1")), state(1, "key-1"))
    assert not found.converged
    assert any("missing" in difference for difference in found.differences)


def test_what_the_readme_is_said_to_name_stands_in_it() -> None:
    table = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    said = (
        'sdk.helper_schema: deleting Application (Application: "a"): unexpected status 404 (404 Not Found) with error'
    )
    command = judging.documented(f"error: {said}")
    assert command == "pulumi destroy --refresh"
    (row,) = [line for line in table.splitlines() if line.startswith("|") and f"`{command}`" in line]
    assert "fails with `deleting Application`, `404`" in row
    assert judging.documented("error: deleting Application: unexpected status 403 (403 Forbidden)") is None
    assert judging.kind_of(command) == command


@pytest.mark.parametrize(
    ("codes", "met", "converged", "by_command", "outcome"),
    [
        ([0], True, True, False, judging.AT_ONCE),
        ([1, 0], True, True, False, "1"),
        ([-9, 1, 0], True, True, False, "2"),
        ([1, 0], True, True, True, judging.COMMAND),
        ([1, 1, 1], True, False, False, judging.NOT_CONVERGED),
        ([0], True, False, False, judging.NOT_CONVERGED),
        ([0], False, True, False, judging.NOT_MET),
    ],
)
def test_the_word_for_a_case(codes: list[int], met: bool, converged: bool, by_command: bool, outcome: str) -> None:
    assert judging.outcome(codes, met=met, converged=converged, by_command=by_command) == outcome


def test_a_command_of_the_readme_is_told_from_one_that_was_printed() -> None:
    assert judging.outcome([1, 1, 1, 0], met=True, converged=True, by_command=False, by_page=True) == judging.DOCUMENTED
    assert (
        judging.outcome([1, 1, 1, 1], met=True, converged=False, by_command=False, by_page=True)
        == judging.NOT_CONVERGED
    )
