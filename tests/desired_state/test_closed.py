"""Asking Microsoft Graph who still holds a grant for calendars, also while Graph contradicts itself after a deletion."""

import json
from typing import Any

import httpx
import pytest

from microsoft365.errors import GaveUp, Guarded, NoAccess, TenantRefused
from microsoft365.exchange.closed import Applications, ensure_closed
from microsoft365.graph.applications import all_applications, observe_entra
from tests.desired_state.builders import CLIENT, MARK, OTHER_CLIENT
from tests.desired_state.directory import (
    BASE,
    CALENDARS,
    EXCHANGE_APP,
    FULL_ACCESS,
    GRAPH_APP,
    MAIL,
    MANAGE,
    Directory,
)


def check(directory: Directory, *client_ids: str, mark: str | None = MARK) -> None:
    ensure_closed(directory.graph(), mark, client_ids, directory.clock.pace)


def test_an_empty_tenant_is_closed() -> None:
    check(Directory(), CLIENT)


def test_invariant_1_a_grant_for_calendars_is_named_with_its_application() -> None:
    directory = Directory()
    directory.add(CLIENT)
    with pytest.raises(Guarded, match=rf"ROOMZGraph \({CLIENT}\), which holds Calendars\.ReadWrite"):
        check(directory)
    assert directory.clock.waits == []


def test_invariant_1_a_grant_of_exchange_itself_counts_like_one_of_graph() -> None:
    directory = Directory()
    directory.add(CLIENT, roles=(FULL_ACCESS,))
    with pytest.raises(Guarded, match=rf"ROOMZGraph \({CLIENT}\), which holds full_access_as_app"):
        check(directory)


@pytest.mark.parametrize("roles", [(), (MAIL,), (MANAGE,)])
def test_other_grants_do_not_matter(roles: tuple[str, ...]) -> None:
    directory = Directory()
    directory.add(CLIENT, roles=roles)
    check(directory)


@pytest.mark.parametrize("path", ["/v1.0/servicePrincipals", "appRoleAssignments", "/v1.0/applications"])
def test_invariant_1_one_empty_answer_about_what_exists_is_not_believed(path: str) -> None:
    directory = Directory()
    directory.add(CLIENT)
    empty = iter([True])

    def lagging(request: httpx.Request) -> httpx.Response | None:
        about_us = path in request.url.path and not any(app in str(request.url) for app in (GRAPH_APP, EXCHANGE_APP))
        return httpx.Response(200, json={"value": []}) if about_us and next(empty, False) else None

    directory.early = lagging
    with pytest.raises(Guarded, match="Calendars"):
        check(directory, CLIENT)


def test_an_application_of_nobody_we_know_does_not_matter() -> None:
    directory = Directory()
    directory.add(OTHER_CLIENT, mark="theirs")
    check(directory, CLIENT)
    with pytest.raises(Guarded):
        check(directory, OTHER_CLIENT)


def test_a_service_principal_without_a_registration_counts() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.applications.clear()
    with pytest.raises(Guarded, match="Calendars"):
        check(directory, CLIENT)


def test_invariant_1_graph_that_contradicts_itself_is_waited_for() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.delete(CLIENT)

    def agree_later(_: httpx.Request) -> None:
        if directory.clock.seconds > 20:
            directory.applications.clear()
            directory.principals.clear()

    directory.early = agree_later
    check(directory)
    assert 20 < directory.clock.seconds < 60


@pytest.mark.parametrize("still", ["application", "principal"])
def test_invariant_1_graph_that_never_agrees_ends_with_nothing_removed(still: str) -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.delete(CLIENT)
    if still == "application":
        directory.principals.clear()
    else:
        directory.applications.clear()
    with pytest.raises(GaveUp, match=r"nothing was removed.*although deleted"):
        check(directory, CLIENT)
    assert directory.clock.seconds <= 60


def test_a_list_that_lags_is_checked_against_the_object_itself() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.gone.add(f"principal {CLIENT}")
    with pytest.raises(GaveUp):
        check(directory)


def test_grants_that_vanish_with_their_principal_are_not_taken_for_none() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.early = lambda request: httpx.Response(404) if "appRoleAssignments" in request.url.path else None
    with pytest.raises(GaveUp):
        check(directory)


@pytest.mark.parametrize(
    "answer", [httpx.Response(403), httpx.Response(404), httpx.Response(200, json={}), httpx.Response(200, text="{")]
)
@pytest.mark.parametrize("path", ["/v1.0/applications", "deletedItems", "/v1.0/servicePrincipals"])
def test_invariant_1_what_cannot_be_read_counts_as_held(path: str, answer: httpx.Response) -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.early = lambda request: answer if path in request.url.path else None
    with pytest.raises(Guarded, match="cannot be told"):
        check(directory, CLIENT)


@pytest.mark.parametrize("app", [GRAPH_APP, EXCHANGE_APP])
def test_without_the_names_of_permissions_nothing_can_be_told(app: str) -> None:
    directory = Directory()
    directory.early = lambda request: httpx.Response(200, json={"value": []}) if app in str(request.url) else None
    with pytest.raises(Guarded, match="cannot be told"):
        check(directory, CLIENT)


def test_only_the_named_ones_are_looked_at_without_a_mark() -> None:
    directory = Directory()
    directory.add(CLIENT)
    check(directory, mark=None)
    assert directory.asked == []
    check(directory, OTHER_CLIENT, mark=None)


def test_gone_for_good_is_neither_present_nor_deleted() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.add(OTHER_CLIENT, mark="theirs")
    directory.applications.pop(0)
    directory.delete(CLIENT)
    found = Applications.read(directory.graph(), MARK)
    assert not found.exists(CLIENT)
    assert found.exists(OTHER_CLIENT)
    assert found.restorable_until(CLIENT) == "2026-12-24"
    assert found.restorable_until("somebody else") is None
    assert not found.marked_exists()


def test_pages_are_followed_and_stay_on_the_host() -> None:
    directory = Directory()

    def pages(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/v1.0/applications":
            return None
        if "skiptoken" in str(request.url):
            return httpx.Response(200, json={"value": [{"appId": "two"}]})
        link = f"{BASE}/v1.0/applications?$skiptoken=x"
        return httpx.Response(200, json={"value": [{"appId": "one"}], "@odata.nextLink": link})

    directory.early = pages
    assert [one["appId"] for one in all_applications(directory.graph())] == ["one", "two"]
    unprotected = f"http://{BASE.removeprefix('https://')}/v1.0/applications"
    for link in ("https://elsewhere.example/x", unprotected):
        more = {"value": [], "@odata.nextLink": link}

        def leads_away(request: httpx.Request, link: str = link, more: dict[str, Any] = more) -> httpx.Response:
            return httpx.Response(200, json={"value": []} if str(request.url) == link else more)

        directory.early = leads_away
        with pytest.raises(TenantRefused, match="another host, or not by HTTPS"):
            all_applications(directory.graph())


def test_a_stale_token_is_renewed_once() -> None:
    directory = Directory()
    tokens: list[str] = []

    def picky(request: httpx.Request) -> httpx.Response | None:
        tokens.append(request.headers["Authorization"])
        return httpx.Response(401) if tokens[-1] == "Bearer first" else None

    directory.early = picky
    assert all_applications(directory.graph()) == []
    assert tokens == ["Bearer first", "Bearer fresh"]
    directory.early = lambda _: httpx.Response(
        401, json={"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
    )
    with pytest.raises(NoAccess, match=r"Application\.Read\.All"):
        all_applications(directory.graph())


def test_an_observation_shows_no_more_than_it_should() -> None:
    directory = Directory()
    directory.add(CLIENT)
    directory.applications[0]["passwordCredentials"] = [
        {
            "keyId": "k",
            "displayName": "d",
            "startDateTime": "s",
            "endDateTime": "e",
            "secretText": "oops",
            "hint": "oop",
        }
    ]
    directory.early = lambda request: httpx.Response(200, json={"value": []}) if "owners" in request.url.path else None
    document, client_id = observe_entra(directory.graph(), MARK, None)
    assert client_id == CLIENT
    assert "oop" not in json.dumps(document)
    assert [grant["appRoleId"] for grant in document["grants"]] == [CALENDARS]
