"""Every key that is wrong is refused with key, value, what is wrong and the command that mends it."""

import json

import pytest
from pydantic.alias_generators import to_camel

from components.configuration import (
    FORBIDDEN_PROVIDER_KEYS,
    HARMLESS_PROVIDER_KEYS,
    IDENTITY_PROVIDER_KEYS,
    SettingsError,
    ensure_credentials,
    load,
)
from components.desired_state import desired_state
from tests.unit.refused import GOOD, refusal


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
    assert settings.verify.control_mailbox is None


def test_values_arrive_as_pulumi_gives_them() -> None:
    settings = load(
        {
            **GOOD,
            "roomz:protect": "false",
            "roomz:secret": '{"lifetimeMonths": 12, "renewMonthsBefore": "3"}',
            "roomz:rooms": '{"include": ["a@contoso.com", "b@contoso.com"], "maxRemovals": "20%"}',
            "roomz:owners": '["3F2504E0-4F89-41D3-9A0C-0305E82C3301"]',
            "roomz:verify": '{"controlMailbox": "somebody@contoso.com"}',
        },
        {},
    )
    assert settings.protect is False
    assert (settings.secret.lifetime_months, settings.secret.renew_months_before) == (12, 3)
    assert settings.rooms.include == ("a@contoso.com", "b@contoso.com")
    assert settings.owners == ("3f2504e0-4f89-41d3-9a0c-0305e82c3301",)
    assert settings.verify.control_mailbox == "somebody@contoso.com"


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


@pytest.mark.parametrize("key", ["azuread:clientSecret", "azuread:clientCertificatePassword", "azuread:oidcToken"])
def test_invariant_4_credentials_in_the_stack_are_refused_and_never_repeated(key: str) -> None:
    text = refusal({key: "hunter2"})
    assert f"pulumi config rm {key}" in text
    assert "ARM_" in text
    assert "hunter2" not in text


def test_invariant_6_every_key_of_the_provider_is_refused_with_its_variable_or_says_nothing_of_identity() -> None:
    """A key that a later provider adds must not let it act as somebody whom the scripts do not know."""
    from pulumi_azuread.config.vars import _ExportableConfig

    names = [name for name, value in vars(_ExportableConfig).items() if isinstance(value, property)]
    known = {f"azuread:{to_camel(name)}" for name in names}
    assert len(known) > 15
    assert known == {*FORBIDDEN_PROVIDER_KEYS, *IDENTITY_PROVIDER_KEYS, *HARMLESS_PROVIDER_KEYS}
    for key, variable in {**FORBIDDEN_PROVIDER_KEYS, **IDENTITY_PROVIDER_KEYS}.items():
        said = refusal({key: "hunter2"})
        assert f"pulumi config rm {key}" in said
        assert variable in said
        assert "hunter2" not in said


def test_invariant_6_credentials_are_looked_at_before_anything_is_asked() -> None:
    settings = load(GOOD, {})
    ensure_credentials(settings, {"ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "hunter2"})
    for environment, said in (
        ({"ARM_CLIENT_SECRET": "hunter2"}, "ARM_CLIENT_ID not set"),
        ({"ARM_CLIENT_ID": "id", "ARM_CLIENT_CERTIFICATE": "aHVudGVyMg=="}, "no PKCS#12 archive"),
        ({"ARM_USE_CLI": "false"}, "not signed in"),
        ({"PATH": "/nowhere"}, "there is no `az` on PATH"),
    ):
        with pytest.raises(SettingsError, match="nothing was sent to the tenant") as error:
            ensure_credentials(settings, environment)
        assert said in str(error.value)
        assert "hunter2" not in str(error.value)


def test_what_is_accepted_here_is_accepted_by_the_scripts() -> None:
    """Bad input must not pass the first gate and end at the second in a traceback."""
    for address in ("room@contoso.com", "o'brien+x@sub.contoso.co.uk"):
        settings = load({**GOOD, "roomz:rooms": json.dumps({"include": [address]})}, {})
        assert desired_state(settings, "roomz:roomz/test").rooms.include == (address,)


def test_the_namespace_of_the_project_is_its_programs_own() -> None:
    configuration = {**GOOD, "rooms:floor": "3"}
    with pytest.raises(SettingsError, match="Did you mean `roomz`"):
        load(configuration, {})
    assert load(configuration, {}, "rooms").access == load(GOOD, {}).access


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
