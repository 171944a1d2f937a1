"""Every key that is wrong is refused with key, value, what is wrong and the command that mends it."""

import json
from typing import Any

import pytest

from components.configuration import SettingsError, load
from components.connector import desired_state

GOOD = {
    "azuread:tenantId": "5f0c1a52-9d1e-4e5e-8d2b-1c6f3a7b9e10",
    "roomz:access": "policy",
    "roomz:group": '{"primarySmtpAddress": "rooms@contoso.com"}',
}


def refusal(changes: dict[str, Any]) -> str:
    configuration = {
        **GOOD,
        **{key: value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()},
    }
    with pytest.raises(SettingsError) as error:
        load({key: value for key, value in configuration.items() if value != "UNSET"}, {})
    return str(error.value)


def test_a_small_good_configuration_has_safe_defaults() -> None:
    settings = load(GOOD, {})
    assert settings.display_name == "ROOMZGraph"
    assert settings.protect is True
    assert settings.removal == "later"
    assert settings.calendar == "unmanaged"
    assert settings.rooms.include == "all"
    assert settings.group.members == "exact"
    assert settings.group.adopt is False
    assert settings.group.hidden_from_address_lists is True
    assert settings.secret.lifetime_months == 24
    assert settings.observe is True


def test_values_arrive_as_pulumi_gives_them() -> None:
    settings = load(
        {
            **GOOD,
            "roomz:protect": "false",
            "roomz:secret": '{"lifetimeMonths": 12, "renewMonthsBefore": "3"}',
            "roomz:rooms": '{"include": ["a@contoso.com", "b@contoso.com"], "maxRemovals": "20%"}',
            "roomz:owners": '["3F2504E0-4F89-41D3-9A0C-0305E82C3301"]',
        },
        {},
    )
    assert settings.protect is False
    assert (settings.secret.lifetime_months, settings.secret.renew_months_before) == (12, 3)
    assert settings.rooms.include == ("a@contoso.com", "b@contoso.com")
    assert settings.owners == ("3f2504e0-4f89-41d3-9a0c-0305e82c3301",)


@pytest.mark.parametrize(
    "rooms", ["{}", '{"include": {"filter": "Office -eq \'Bern\'"}, "kinds": ["room", "equipment"]}']
)
def test_rbac_needs_no_group_where_a_filter_says_which_rooms(rooms: str) -> None:
    settings = load({**GOOD, "roomz:access": "rbac", "roomz:group": "{}", "roomz:rooms": rooms}, {})
    assert not settings.uses_group
    wanted = desired_state(settings, "roomz:roomz/test")
    assert wanted.group is None
    assert "RecipientTypeDetails" in str(wanted.scope_filter)


def test_consent_is_a_persons_in_policy_only() -> None:
    assert load({**GOOD, "roomz:consent": "admin"}, {}).consent_by_person
    assert not load(GOOD, {}).consent_by_person
    rbac = {**GOOD, "roomz:access": "rbac", "roomz:consent": "admin", "roomz:observe": "false"}
    assert not load(rbac, {}).consent_by_person


def test_the_providers_own_variables_fill_in_for_the_tenant() -> None:
    without = {key: value for key, value in GOOD.items() if key != "azuread:tenantId"}
    settings = load(without, {"ARM_TENANT_ID": GOOD["azuread:tenantId"]})
    assert settings.connection.tenant_id == GOOD["azuread:tenantId"]


# Key and value, and the words that the refusal must hold: the key, the value, what is wrong, and the remedy.
BAD: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"roomz:access": "UNSET"},
        ["roomz:access is missing", "`policy`", "`rbac`", "pulumi config set roomz:access rbac"],
    ),
    (
        {"roomz:access": "rbac", "roomz:group": "UNSET", "roomz:rooms": {"include": ["a@contoso.com"]}},
        ["group.primarySmtpAddress is missing", "a list of rooms or an exclusion needs one"],
    ),
    (
        {"roomz:access": "rbac", "roomz:group": "UNSET", "roomz:rooms": {"exclude": ["a@contoso.com"]}},
        ["group.primarySmtpAddress is missing"],
    ),
    ({"roomz:access": "all"}, ["roomz:access is 'all'", "'policy' or 'rbac'", "pulumi config set roomz:access"]),
    ({"roomz:consent": "person"}, ["roomz:consent is 'person'", "'grant' or 'admin'"]),
    (
        {"roomz:consent": "admin", "roomz:observe": "false"},
        ["observe is `false`", "consent `admin`", "pulumi config rm roomz:observe"],
    ),
    ({"roomz:exchange": {"transport": "runbook"}}, ["transport `runbook` is not supported yet"]),
    (
        {"roomz:verify": {"controlMailbox": "a@contoso.com"}},
        ["roomz:verify is not supported yet", "config rm roomz:verify"],
    ),
    (
        {"roomz:rooms": {"include": {"filter": "x) -or (Name -like '*'"}}},
        ["roomz:rooms.include.filter", "x) -or (Name -like '*'", "x is no property to filter rooms by"],
    ),
    (
        {"roomz:rooms": {"include": {"filter": "Offic -eq 'Bern'"}}},
        ["roomz:rooms.include.filter", "did you mean Office?"],
    ),
    (
        {"roomz:rooms": {"include": {"filter": "RecipientTypeDetails -eq 'UserMailbox'"}}},
        ["roomz:rooms.include.filter", "roomz:rooms.kinds"],
    ),
    ({"roomz:rooms": {"include": {"filters": "Office -eq 'Bern'"}}}, ["roomz:rooms.include.filter is missing"]),
    ({"roomz:rooms": {"kinds": ["room", "desk"]}}, ["roomz:rooms.kinds is 'desk'", "'workspace'"]),
    ({"roomz:rooms": {"kinds": ["room", "room"]}}, ["roomz:rooms.kinds", "lists room more than once"]),
    ({"roomz:rooms": {"kinds": []}}, ["kinds is empty"]),
    (
        {"roomz:rooms": {"include": "some"}},
        ["include is 'some'", "`all`, a list of addresses, or a filter", "rooms.include.filter"],
    ),
    ({"roomz:rooms": {"include": []}}, ["empty list"]),
    ({"roomz:rooms": {"include": ["nobody"]}}, ["roomz:rooms.include", "'nobody'"]),
    ({"roomz:rooms": {"include": ["a@contoso.com", "A@contoso.com"]}}, ["lists A@contoso.com more than once"]),
    ({"roomz:rooms": {"include": ["a@contoso.com"], "exclude": ["a@contoso.com"]}}, ["in include and in exclude"]),
    ({"roomz:rooms": {"maxRemovals": "many"}}, ["maxRemovals is 'many'", "a share from 0% to 100%"]),
    ({"roomz:rooms": {"maxRemovals": "101%"}}, ["maxRemovals is '101%'"]),
    (
        {"roomz:secret": {"lifetimeMonths": 36}},
        ["roomz:secret.lifetimeMonths is 36", "24", "--path 'roomz:secret.lifetimeMonths'"],
    ),
    ({"roomz:secret": {"lifetimeMonths": 1}}, ["roomz:secret.lifetimeMonths is 1"]),
    (
        {"roomz:secret": {"renewMonthsBefore": 13}},
        ["renewMonthsBefore is 13", "more than half", "renewMonthsBefore' 12"],
    ),
    ({"roomz:secret": {"generation": "next"}}, ["roomz:secret.generation is 'next'", "integer"]),
    (
        {"roomz:secret": {"lifetimeMonth": 12}},
        ["roomz:secret.lifetimeMonth is no key", "Did you mean roomz:secret.lifetimeMonths?"],
    ),
    (
        {"roomz:secret.generation": "1"},
        ["flat key", "config rm 'roomz:secret.generation'", "set --path 'roomz:secret.generation' '1'"],
    ),
    ({"roomz:dispalyName": "x"}, ["roomz:dispalyName is no key", "Did you mean roomz:displayName?"]),
    ({"roomz:displayName": ""}, ["roomz:displayName is ''"]),
    ({"roomz:group": {}}, ["group.primarySmtpAddress is missing", "--path 'roomz:group.primarySmtpAddress'"]),
    ({"roomz:group": "RoomzResources"}, ["roomz:group is 'RoomzResources'"]),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "alias": "two words"}},
        ["roomz:group.alias is 'two words'"],
    ),
    ({"roomz:group": {"primarySmtpAddress": "r@contoso.com", "name": "x" * 65}}, ["roomz:group.name", "64"]),
    (
        {"roomz:removal": "now"},
        ["removal is `now`", "for the local tenant only", "pulumi config set roomz:removal later"],
    ),
    ({"roomz:protect": "perhaps"}, ["roomz:protect is 'perhaps'", "boolean"]),
    ({"roomz:owners": ["me"]}, ["roomz:owners", "'me'"]),
    (
        {"roomz:endpoints": {"exchange": "https://outlook.office365.com"}},
        ["roomz:endpoints.exchange", "'https://outlook.office365.com'"],
    ),
    ({"azuread:tenantId": "contoso.com"}, ["azuread:tenantId is 'contoso.com'", "pulumi config set azuread:tenantId"]),
    ({"azuread:environment": "chna"}, ["azuread:environment is 'chna'", "Did you mean china?"]),
    ({"roomz:endpoints": {"exchange": "localhost.:443"}}, ["roomz:endpoints.exchange", "'localhost.:443'"]),
    ({"roomz:group": {"primarySmtpAddress": "r@contoso.com", "name": " Rooms "}}, ["roomz:group.name", "' Rooms '"]),
    (
        {"roomz:group": {"primarySmtpAddress": "rooms@räume.example"}},
        ["roomz:group.primarySmtpAddress", "rooms@räume.example"],
    ),
    ({"roomz:rooms": {"include": ["a@b.c-"]}}, ["roomz:rooms.include", "'a@b.c-'"]),
    ({"azuread:clientId": "x"}, ["azuread:clientId", "ARM_CLIENT_ID", "pulumi config rm azuread:clientId"]),
    ({"azuread:useOidc": "true"}, ["azuread:useOidc", "another identity"]),
    ({"azuread:metadataHost": "login.example"}, ["roomz:endpoints.exchange"]),
]


@pytest.mark.parametrize(("changes", "words"), BAD, ids=[json.dumps(changes)[:60] for changes, _ in BAD])
def test_invariant_6_a_bad_value_is_refused_with_key_value_and_remedy(
    changes: dict[str, Any], words: list[str]
) -> None:
    text = refusal(changes)
    assert "nothing was sent to the tenant" in text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("key", ["azuread:clientSecret", "azuread:clientCertificatePassword", "azuread:oidcToken"])
def test_invariant_4_credentials_in_the_stack_are_refused_and_never_repeated(key: str) -> None:
    text = refusal({key: "hunter2"})
    assert f"pulumi config rm {key}" in text
    assert "ARM_" in text
    assert "hunter2" not in text


def test_what_is_accepted_here_is_accepted_by_the_scripts() -> None:
    """Bad input must not pass the first gate and end at the second in a traceback."""
    for address in ("room@contoso.com", "o'brien+x@sub.contoso.co.uk"):
        settings = load({**GOOD, "roomz:rooms": json.dumps({"include": [address]})}, {})
        assert desired_state(settings, "roomz:roomz/test").rooms.include == (address,)


def test_every_problem_is_named_at_once() -> None:
    text = refusal({"roomz:secret": {"lifetimeMonths": 36}, "roomz:calendar": "title", "roomz:acess": "x"})
    assert "3 problems" in text


def test_removal_now_is_allowed_where_exchange_is_this_machine() -> None:
    configuration = {
        **GOOD,
        "roomz:removal": "now",
        "azuread:metadataHost": "127.0.0.1:18543",
        "roomz:endpoints": '{"exchange": "localhost:18543"}',
    }
    assert load(configuration, {}).removal == "now"


def test_the_group_alias_follows_the_name() -> None:
    settings = load({**GOOD, "roomz:group": '{"primarySmtpAddress": "r@contoso.com", "name": "Räume für ROOMZ"}'}, {})
    assert settings.group.alias_or_default == "RumefrROOMZ"
