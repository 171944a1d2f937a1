"""RoomzConnector under recording mocks: what it declares, in which order and with which options."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_azuread as azuread
import pytest

from components.configuration import load
from components.desired_state import desired_state
from components.last_outputs import LastOutputs
from components.observation import ExchangeObservation, Grant
from components.outputs import OUTPUTS
from components.secret_rules import SecretPlanError
from tests.component.program import CONFIGURATION, LAST, MARK, Program, dependencies, observation, settled
from tests.component.recording import (
    CALENDARS_ROLE_ID,
    CALLER,
    CLIENT_ID,
    GRAPH_OBJECT_ID,
    SECRET_SIGNATURE,
    SERVICE_PRINCIPAL_ID,
)


def test_a_new_stack_declares_everything_once(program: Program) -> None:
    program.run(observation())
    assert {
        resource.type_token.rsplit(":", 1)[-1]: resource.name
        for resource in program.mocks.resources
        if "azuread" in resource.type_token
    } == {
        "Application": "roomz-application-application",
        "ServicePrincipal": "roomz-application-service-principal",
        "AppRoleAssignment": "roomz-consent-grant",
        "ApplicationPassword": "roomz-secret-0-password",
    }
    commands = {resource.name: resource.inputs for resource in program.mocks.of_type("Command")}
    assert {
        name: {key for key in ("create", "update", "delete") if inputs.get(key)} for name, inputs in commands.items()
    } == {
        "roomz-restriction-removal-command": {"delete"},
        "roomz-consent-removal": {"delete"},
        "roomz-room-access-policy": {"create", "update"},
        "roomz-secret-0-removal": {"delete"},
    }


def test_exactly_one_grant_of_calendars_read_write_is_made(program: Program) -> None:
    program.run(observation())
    (grant,) = program.mocks.of_type("AppRoleAssignment")
    assert grant.inputs["appRoleId"] == CALENDARS_ROLE_ID
    assert grant.inputs["resourceObjectId"] == GRAPH_OBJECT_ID
    (application,) = program.mocks.of_type(":Application")
    assert application.inputs["requiredResourceAccesses"] == [
        {
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccesses": [{"id": CALENDARS_ROLE_ID, "type": "Role"}],
        }
    ]


def test_invariant_1_everything_waits_for_what_restricts_it(program: Program) -> None:
    program.run(observation())
    options = program.options.options
    removal, policy = "roomz-restriction-removal-command", "roomz-room-access-policy"
    for name in ("roomz-application-application", "roomz-application-service-principal"):
        assert removal in dependencies(options[name]), name
    # The grant names both directly: through another resource the engine would remove the restriction beside a grant whose
    # deletion had failed.
    for name in ("roomz-consent-grant", "roomz-consent-removal"):
        assert {removal, policy} <= dependencies(options[name]), name
    for name in ("roomz-secret-0-password", "roomz-secret-0-removal"):
        assert {removal, "roomz-consent-grant", "roomz-consent-removal"} <= dependencies(options[name]), name
    (removal_command,) = [r for r in program.mocks.of_type("Command") if r.name == removal]
    assert CLIENT_ID not in json.dumps(removal_command.inputs)


def test_invariant_1_nothing_that_can_run_a_delete_early_is_used(program: Program) -> None:
    program.run(observation())
    for resource in program.mocks.of_type("Command"):
        assert "triggers" not in resource.inputs, resource.name
        assert not program.options.options[resource.name].delete_before_replace, resource.name


@pytest.mark.parametrize("protect", ["true", "false"])
def test_invariant_1_protection_and_deleted_with_exclude_each_other(program: Program, protect: str) -> None:
    program.run(observation(), protect=protect)
    options = program.options.options
    dependents = [
        "roomz-application-service-principal",
        "roomz-consent-grant",
        "roomz-consent-removal",
        "roomz-secret-0-password",
        "roomz-secret-0-removal",
        "roomz-room-access-policy",
    ]
    for name in dependents:
        assert (options[name].deleted_with is not None) == (protect == "false"), name
    assert options["roomz-restriction-removal-command"].deleted_with is None
    for name in (
        "roomz-application-application",
        "roomz-application-service-principal",
        "roomz-restriction-removal-command",
    ):
        assert options[name].protect is (protect == "true"), name


@pytest.mark.parametrize(
    ("last", "configured", "protect", "deleted_with"),
    [
        (None, "true", True, False),
        (None, "false", False, True),
        (True, "true", True, False),
        (False, "false", False, True),
        # A change takes one away in its first `up` and brings the other in the next: a run that fails in between leaves neither
        # resources that are forgotten with a protected application, nor the other way round.
        (False, "true", False, False),
        (True, "false", False, False),
    ],
)
def test_invariant_1_a_change_of_protect_never_lets_both_stand_together(
    program: Program, last: bool | None, configured: str, protect: bool, deleted_with: bool
) -> None:
    outputs = replace(LAST, protect=last) if last is not None else None
    program.run(settled() if outputs else observation(), outputs, protect=configured)
    options = program.options.options
    assert options["roomz-application-application"].protect is protect
    assert (options["roomz-consent-removal"].deleted_with is not None) is deleted_with
    assert (options["roomz-secret-0-removal"].deleted_with is not None) is deleted_with
    assert program.outputs["protect"] is (configured == "true")


def test_invariant_2_a_grant_that_the_tenant_has_is_taken_back_by_its_id(program: Program) -> None:
    program.run(settled(), LAST)
    options = program.options.options["roomz-consent-grant"]
    assert options.import_ == f"/servicePrincipals/{GRAPH_OBJECT_ID}/appRoleAssignedTo/a"
    assert options.retain_on_delete is True


def test_a_grant_is_not_taken_from_an_application_that_only_the_mark_points_at(program: Program) -> None:
    program.run(settled(), LastOutputs())
    assert program.options.options["roomz-consent-grant"].import_ is None


def test_children_get_only_their_parent_from_a_component(program: Program) -> None:
    program.run(observation())
    for name, token in program.options.types.items():
        options = program.options.options[name]
        if token.startswith("roomz:") and token != "roomz:index:RoomzConnector":
            given = {
                key for key, value in vars(options).items() if value not in (None, [], {}) and not key.startswith("_")
            }
            assert given <= {"parent"}, name


def test_component_type_tokens_are_a_promise(program: Program) -> None:
    program.run(observation())
    assert {token for token in program.options.types.values() if token.startswith("roomz:")} == {
        "roomz:index:RoomzConnector",
        "roomz:index:RoomzApplication",
        "roomz:index:CalendarsConsent",
        "roomz:index:ClientSecret",
        "roomz:index:RoomAccess",
        "roomz:index:RestrictionRemoval",
    }


def test_every_output_is_documented_and_only_the_secret_is_secret(program: Program) -> None:
    program.run(observation())
    assert set(program.outputs) == set(OUTPUTS)
    assert program.outputs["clientSecret"] == "value-of-roomz-secret-0-password"
    assert "value-of" not in json.dumps({k: v for k, v in program.outputs.items() if k != "clientSecret"})
    assert program.loop.run_until_complete(program.declared["clientSecret"].is_secret()) is True


def test_invariant_4_no_secret_goes_into_a_command(program: Program) -> None:
    program.run(observation())
    for resource in program.mocks.of_type("Command"):
        assert "value-of" not in json.dumps(resource.inputs)
        assert SECRET_SIGNATURE not in json.dumps(resource.inputs)


def test_owners_default_to_the_caller_and_are_left_alone_afterwards(program: Program) -> None:
    program.run(observation())
    (application,) = program.mocks.of_type(":Application")
    assert application.inputs["owners"] == [CALLER]
    assert program.options.options["roomz-application-application"].ignore_changes == ["owners"]


def test_owners_that_are_set_are_exact(program: Program) -> None:
    other = "99999999-9999-4999-8999-999999999999"
    program.run(observation(), owners=json.dumps([other, CALLER]))
    (application,) = program.mocks.of_type(":Application")
    assert application.inputs["owners"] == [other, CALLER]
    assert not program.options.options["roomz-application-application"].ignore_changes


def test_invariant_6_owners_without_the_caller_are_refused_before_anything_is_declared(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match=r"does not hold the caller.*roomz:owners\[1\]"):
        program.run(observation(), owners='["99999999-9999-4999-8999-999999999999"]')
    assert not program.mocks.of_type("Command")


def test_issued_secrets_stay_and_their_input_is_ignored(program: Program) -> None:
    program.run(settled(), LAST, secret='{"lifetimeMonths": 6, "handedOver": 0}')
    (password,) = program.mocks.of_type("ApplicationPassword")
    assert password.name == "roomz-secret-0-password"
    assert password.inputs["endDate"] == "2028-11-23T00:00:00Z"
    options = program.options.options["roomz-secret-0-password"]
    assert options.ignore_changes == ["displayName", "endDate"]
    assert options.retain_on_delete is True
    assert program.messages == []


def test_the_revision_stays_while_nothing_differs_and_moves_when_something_does(program: Program) -> None:
    program.run(settled(), LAST)
    (command,) = [r for r in program.mocks.of_type("Command") if "room-access" in r.name]
    assert command.inputs["environment"] == {"ROOMZ_EXCHANGE_REVISION": "2026-11-24T09:30:00Z"}
    assert program.outputs["exchangeRevision"] == "2026-11-24T09:30:00Z"


def test_drift_moves_the_revision_and_is_said(program: Program) -> None:
    drifted = settled().model_copy(
        update={"exchange": ExchangeObservation(restriction="present", differs=True, summary="1 room to add: Eiger")}
    )
    program.run(drifted, LAST)
    assert program.outputs["exchangeRevision"] == "2026-11-25T09:30:00Z"
    assert any("1 room to add: Eiger" in message for message in program.messages)


def test_the_number_of_rooms_is_that_of_whoever_has_seen_it_last(program: Program) -> None:
    """What `apply` read back may have been late, and a filter's rooms come and go: where nothing differs nothing runs."""
    rooms = {"number": 26, "inReach": 26, "withTitles": None}
    program.run(observation(rooms=rooms))
    assert program.outputs["rooms"] == {"number": 25, "inReach": 25, "withTitles": 25}, "as the command reported it"
    program.run(observation(rooms=rooms, differs=False))
    assert program.outputs["rooms"] == rooms
    program.run(None)
    assert program.outputs["rooms"]["number"] == 25


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"protect": "false"}, "--mark roomz:roomz/test --group rooms@contoso.com --tenant-id 5f0c1a52-"),
        ({"protect": "false", "access": "rbac", "group": "{}"}, "--mark roomz:roomz/test --access rbac --tenant-id "),
        ({"protect": "true"}, None),
    ],
)
def test_before_destroy_the_run_says_which_command_ends_what_stays(
    program: Program, settings: dict[str, Any], told: str | None
) -> None:
    """On a terminal Pulumi shows what `destroy` prints cut off, and then not at all."""
    last = replace(LAST, access=settings.get("access", "policy"))
    program.run(settled(grants=()), last, **settings)
    said = [message for message in program.messages if "exchange_policy remove --retired" in message]
    assert len(said) == (told is not None)
    assert all(str(told) in message for message in said)
    assert all("pulumi destroy --refresh" in message for message in said)


def test_a_first_run_leaves_nothing_that_had_to_be_ended(program: Program) -> None:
    program.run(observation(), protect="false")
    assert not [message for message in program.messages if "--retired" in message]


def test_a_grant_that_is_gone_is_warned_of_with_the_command_that_mends_it(program: Program) -> None:
    program.run(settled(grants=()), LAST)
    assert any("grant" in message and "pulumi up --refresh" in message for message in program.messages)


def test_invariant_2_a_grant_that_a_first_run_lost_is_named_with_the_import_of_this_very_resource(
    program: Program,
) -> None:
    """Below a parent its URN is another one, which only that program knows: there the grant is taken away."""
    program.run(settled())
    (grant,) = program.mocks.of_type("AppRoleAssignment")
    (said,) = [message for message in program.messages if "already exists on the object" in message]
    assert f"AppRoleAssignment {grant.name} /servicePrincipals/{GRAPH_OBJECT_ID}/appRoleAssignedTo/a --parent" in said
    program.messages.clear()
    program.run(settled(), options=_below_a_parent)
    (said,) = [message for message in program.messages if "already exists on the object" in message]
    assert "pulumi import" not in said
    assert "calendars_consent remove" in said


def test_a_secret_that_is_gone_is_followed_by_the_next_generation(program: Program) -> None:
    observed = settled()
    bare = observed.entra.applications[0].model_copy(update={"passwords": ()})
    program.run(settled(applications=(bare,)), LAST)
    assert [resource.name for resource in program.mocks.of_type("ApplicationPassword")] == ["roomz-secret-1-password"]
    assert any("generation 0" in message and "counts as revoked" in message for message in program.messages)


def test_invariant_6_a_guard_stops_the_run_before_anything_is_declared(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match="12 rooms would be taken out of reach"):
        program.run(observation(guard="12 rooms would be taken out of reach"))
    assert not program.mocks.of_type("Command")


def test_invariant_6_a_plan_of_secrets_that_is_impossible_stops_the_run(program: Program) -> None:
    with pytest.raises(SecretPlanError, match=r"secret\.generation is 5"):
        program.run(observation(), secret='{"generation": 5}')
    assert not program.mocks.of_type("Command")


def test_another_access_model_on_a_live_stack_is_refused(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match="made with 'rbac'"):
        program.run(settled(), LastOutputs(client_id=CLIENT_ID, access="rbac"))


def test_a_tenant_without_the_permission_is_an_error_that_names_it(program: Program) -> None:
    program.mocks.role_ids = {"Mail.Read": "x"}
    with pytest.raises(pulumi.RunError, match=r"Calendars\.ReadWrite"):
        program.run(observation())


def test_last_outputs_never_keep_the_client_secret() -> None:
    assert "must not be kept" not in repr(LAST)


def test_the_document_for_exchange_holds_what_the_configuration_says() -> None:
    settings = load({**CONFIGURATION, "roomz:calendar": "titles", "roomz:rooms": '{"exclude": ["a@contoso.com"]}'}, {})
    document = json.loads(desired_state(settings, MARK, LAST).model_dump_json(by_alias=True))
    assert document["calendar"] == "titles"
    assert document["rooms"]["exclude"] == ["a@contoso.com"]
    assert document["application"]["clientId"] == CLIENT_ID
    assert document["mark"] == MARK


def test_invariant_1_rbac_requests_and_grants_nothing_and_the_secret_waits_for_the_assignment(program: Program) -> None:
    program.run(observation(), access="rbac", group="{}")
    assert program.mocks.of_type("AppRoleAssignment") == []
    (application,) = program.mocks.of_type(":Application")
    assert "requiredResourceAccesses" not in application.inputs
    options = program.options.options
    removal, access = "roomz-restriction-removal-command", "roomz-room-access-policy"
    for name in ("roomz-application-application", "roomz-application-service-principal"):
        assert removal in dependencies(options[name]), name
    for name in ("roomz-secret-0-password", "roomz-secret-0-removal"):
        assert {removal, access} <= dependencies(options[name]), name
    assert removal in dependencies(options[access])
    (command,) = [each for each in program.mocks.of_type("Command") if each.name == access]
    document = json.loads(command.inputs["stdin"])
    assert document["access"] == "rbac"
    assert document["application"] == {
        "clientId": CLIENT_ID,
        "objectId": None,
        # The enterprise application's object id, not the registration's.
        "servicePrincipalId": SERVICE_PRINCIPAL_ID,
        "displayName": None,
    }
    (undo,) = [each for each in program.mocks.of_type("Command") if each.name == removal]
    assert CLIENT_ID not in json.dumps(undo.inputs)
    assert json.loads(undo.inputs["stdin"])["access"] == "rbac"


def test_the_outputs_of_rbac_name_scope_and_assignment_and_no_page_to_consent_at(program: Program) -> None:
    program.run(observation(), access="rbac", group="{}")
    assert set(program.outputs) == set(OUTPUTS)
    access = program.outputs["access"]
    assert access["model"] == "rbac"
    assert {"scope", "assignment", "servicePrincipal"} <= set(access)
    assert "policy" not in access
    assert "http" not in program.outputs["consentUrl"]


@pytest.mark.parametrize("observed", [True, False])
def test_invariant_1_a_grant_in_rbac_stops_every_run_with_the_command_that_ends_it(
    program: Program, observed: bool
) -> None:
    grant = Grant(
        id="g1", app_role_id=CALENDARS_ROLE_ID, resource_id=GRAPH_OBJECT_ID, resource_display_name="Microsoft Graph"
    )
    last = replace(LAST, access="rbac")
    with pytest.raises(pulumi.RunError, match=r"holds a grant in Microsoft Entra.*g1.*calendars_consent remove"):
        program.run(settled() if observed else None, last, (grant,), access="rbac", group="{}")
    assert program.mocks.of_type("Command") == []


@pytest.mark.parametrize(("made_with", "wanted"), [("policy", "rbac"), ("rbac", "policy")])
def test_invariant_6_another_access_model_on_a_live_stack_is_refused(
    program: Program, made_with: str, wanted: str
) -> None:
    with pytest.raises(pulumi.RunError, match=f"made with '{made_with}'.*config set roomz:access {made_with}"):
        program.run(settled(), replace(LAST, access=made_with), access=wanted)
    assert program.mocks.of_type("Command") == []


def test_permissions_that_rbac_does_not_request_are_warned_of(program: Program) -> None:
    program.run(settled(grants=()), replace(LAST, access="rbac"), access="rbac", group="{}")
    assert any(
        "requests permissions, and with roomz:access rbac it must request none" in said for said in program.messages
    )
    assert not any(
        "New-ApplicationAccessPolicy" in said or "Access model `policy`" in said for said in program.messages
    )


@pytest.mark.parametrize(
    ("provider", "page"),
    [
        ({}, "https://entra.microsoft.com/#view/"),
        ({"azuread:environment": "usgovernment"}, "https://entra.microsoft.us/#view/"),
        ({"azuread:environment": "dod"}, "https://entra.microsoft.us/#view/"),
        ({"azuread:environment": "china"}, "https://entra.microsoftonline.cn/#view/"),
        ({"azuread:metadataHost": "login.example"}, "Microsoft Entra admin center > App registrations > "),
    ],
)
def test_the_portals_page_is_in_the_stacks_own_cloud(program: Program, provider: dict[str, str], page: str) -> None:
    endpoints = '{"exchange": "mail.example"}' if provider.get("azuread:metadataHost") else "{}"
    found = program.run(provider=provider, endpoints=endpoints).outputs["apiPermissionsUrl"]
    assert found.startswith(page)
    assert CLIENT_ID in found


def _through_its_parent() -> pulumi.ResourceOptions:
    parent = pulumi.ComponentResource("test:index:Team", "team", None, _by_name())
    return pulumi.ResourceOptions(parent=parent)


def _below_a_parent() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=pulumi.ComponentResource("test:index:Team", "team"))


def _by_name() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers={"azuread": azuread.Provider("somebody-else", tenant_id="t")})


def _alone() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=azuread.Provider("somebody-else", tenant_id="t"))


@pytest.mark.parametrize("options", [_alone, _by_name, _through_its_parent])
def test_a_provider_of_its_own_is_refused_since_exchange_would_be_changed_by_somebody_else(
    program: Program, options: Callable[[], pulumi.ResourceOptions]
) -> None:
    with pytest.raises(pulumi.RunError, match="was given an azuread provider of its own"):
        program.run(observation(), options=options)
    assert [each for each in program.mocks.of_type("") if "azuread:index" in each.type_token] == []
