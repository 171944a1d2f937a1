"""Consent by a person: where it is given, whether it has been, and what people are told."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.admin_consent import (
    ExpectedConsent,
    consent_news,
    consent_pages,
    consent_state,
    consent_warning,
    restriction_stands,
)
from components.last_outputs import LastOutputs
from components.observation import (
    ApplicationObservation,
    EntraObservation,
    ExchangeObservation,
    Grant,
    Observation,
    RequestedPermission,
    ServicePrincipalObservation,
)
from microsoft365.connection import Connection

TENANT = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
CLIENT_ID = "33333333-3333-4333-8333-333333333333"
OTHER_ID = "44444444-4444-4444-8444-444444444444"
ROLE = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
GRANT = Grant(id="a", app_role_id=ROLE.upper(), resource_id="GRAPH")
EXPECTED = ExpectedConsent(
    connection=Connection(tenant_id=TENANT),
    display_name="ROOMZGraph",
    role_id=ROLE,
    resource_object_id="graph",
    client_id=CLIENT_ID,
)
LAST = LastOutputs(client_id=CLIENT_ID, access="policy", consent="waiting", consent_mode="admin")
NEW = LastOutputs()
REQUESTED = RequestedPermission(resource_app_id="g", id=ROLE)
APPLICATION = ApplicationObservation(client_id=CLIENT_ID.upper(), object_id="o", requested_permissions=(REQUESTED,))


def seen(restriction: str = "present", **entra: Any) -> Observation:
    """A tenant with application and restriction, in which nobody has consented."""
    parts = {
        "applications": (APPLICATION,),
        "service_principal": ServicePrincipalObservation(object_id="s"),
        **entra,
    }
    return Observation(
        observed_at=datetime(2026, 11, 24, tzinfo=UTC),
        exchange=ExchangeObservation(restriction=restriction, differs=restriction != "present", summary=""),
        entra=EntraObservation(**parts),
    )


@pytest.mark.parametrize(
    ("environment", "sign_in", "portal"),
    [
        ("public", "login.microsoftonline.com", "entra.microsoft.com"),
        ("global", "login.microsoftonline.com", "entra.microsoft.com"),
        ("usgovernment", "login.microsoftonline.us", "entra.microsoft.us"),
        ("dod", "login.microsoftonline.us", "entra.microsoft.us"),
        ("china", "login.chinacloudapi.cn", "entra.microsoftonline.cn"),
    ],
)
def test_the_pages_are_those_of_the_tenants_cloud(environment: Any, sign_in: str, portal: str) -> None:
    pages = consent_pages(Connection(tenant_id=TENANT, environment=environment), CLIENT_ID)
    consent = urlsplit(pages.consent)
    assert (consent.scheme, consent.netloc, consent.path) == ("https", sign_in, f"/{TENANT}/adminconsent")
    assert parse_qs(consent.query) == {"client_id": [CLIENT_ID]}
    assert urlsplit(pages.api_permissions).netloc == portal
    assert pages.api_permissions.endswith(f"/CallAnAPI/appId/{CLIENT_ID}")


def test_a_cloud_of_its_own_is_signed_in_to_at_its_metadata_host() -> None:
    own = Connection(tenant_id=TENANT, metadata_host="127.0.0.1:18543", exchange_host="localhost:18543")
    assert consent_pages(own, CLIENT_ID).consent.startswith(f"https://127.0.0.1:18543/{TENANT}/adminconsent?")


@pytest.mark.parametrize(
    ("last", "entra", "state"),
    [
        (LAST, {"grants": (GRANT,)}, "granted"),
        (LAST, {}, "waiting"),
        # The same permission's id, of another service; and another permission.
        (LAST, {"grants": (GRANT.model_copy(update={"resource_id": "exchange"}),)}, "waiting"),
        (LAST, {"grants": (GRANT.model_copy(update={"app_role_id": "mail-read"}),)}, "waiting"),
        # A reading about another application: the one that a lost state made, or one that this run replaces.
        (replace(LAST, client_id=OTHER_ID), {"grants": (GRANT,)}, "waiting"),
        (NEW, {"grants": (GRANT,)}, "granted"),
        (NEW, {"grants": (GRANT,), "applications": ()}, "waiting"),
        (
            NEW,
            {
                "grants": (GRANT,),
                "applications": (APPLICATION, APPLICATION.model_copy(update={"client_id": OTHER_ID})),
            },
            "waiting",
        ),
    ],
)
def test_consent_is_granted_when_a_reading_of_this_application_shows_it(
    last: LastOutputs, entra: dict[str, Any], state: str
) -> None:
    observation = seen(**entra)
    assert consent_state(observation, last, EXPECTED) == state
    assert (consent_warning(observation, last, EXPECTED) is None) == (state == "granted")


def test_what_is_missing_is_said_with_who_does_what_and_both_pages() -> None:
    message = consent_warning(seen(), LAST, EXPECTED)
    assert message is not None
    pages = consent_pages(EXPECTED.connection, CLIENT_ID)
    for words in (
        "Calendars.ReadWrite is not granted yet",
        "a Privileged Role Administrator opens",
        pages.consent,
        pages.api_permissions,
        "Grant admin consent",
        "ROOMZGraph requests, which is Calendars.ReadWrite alone",
        "The next `pulumi up` sees it",
    ):
        assert words in message
    assert "--refresh" not in message


def test_a_grant_that_goes_again_is_said_with_the_page_and_no_command() -> None:
    message = consent_warning(seen(), replace(LAST, consent="granted"), EXPECTED)
    assert message is not None
    assert "is gone: the displays cannot read" in message
    assert consent_pages(EXPECTED.connection, CLIENT_ID).consent in message
    assert "--refresh" not in message


@pytest.mark.parametrize(
    "requested",
    [(), (REQUESTED, RequestedPermission(resource_app_id="g", id="mail-read"))],
    ids=["nothing", "more"],
)
def test_invariant_1_nobody_is_sent_to_a_page_that_would_grant_something_else(requested: Any) -> None:
    application = APPLICATION.model_copy(update={"requested_permissions": requested})
    for last in (LAST, NEW):
        message = consent_warning(seen(applications=(application,)), last, EXPECTED)
        assert message is not None
        assert "Nobody should consent yet" in message
        assert "pulumi up --refresh" in message
        assert "https://" not in message


def test_what_must_be_made_anew_first_is_left_to_the_words_about_it() -> None:
    for entra in ({"applications": (), "application_is_gone": True}, {"service_principal": None}):
        assert consent_warning(seen(**entra), LAST, EXPECTED) is None
    # A run that is only now making them sends people there.
    assert consent_warning(seen(applications=(), service_principal=None), NEW, EXPECTED) is not None


def test_invariant_1_a_preview_may_say_where_only_when_this_applications_restriction_is_seen() -> None:
    assert restriction_stands(seen(), LAST)
    assert not restriction_stands(seen("absent"), LAST)
    assert not restriction_stands(seen(), replace(LAST, client_id=OTHER_ID))
    assert not restriction_stands(seen(), NEW)


def test_news_is_told_once() -> None:
    granted = seen(grants=(GRANT,))
    assert consent_news(granted, LAST, EXPECTED) is not None
    assert consent_news(granted, replace(LAST, consent="granted"), EXPECTED) is None
    assert consent_news(seen(), LAST, EXPECTED) is None
