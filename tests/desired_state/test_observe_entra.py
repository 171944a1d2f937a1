"""Whether the application is gone: a list that does not show it is not believed."""

from collections.abc import Callable

import httpx
import pytest

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.graph.applications import observe_entra
from tests.desired_state.builders import CLIENT, MARK, OTHER_CLIENT
from tests.desired_state.directory import Directory

OBJECT = f"object {CLIENT}"


def lagging() -> Directory:
    """Return a directory whose list does not show the application that exists."""
    directory = Directory()
    directory.add(CLIENT)
    directory.unlisted.append(directory.applications.pop())
    return directory


def about(
    directory: Directory, client_id: str | None = CLIENT, object_id: str | None = OBJECT
) -> tuple[bool | None, list[str]]:
    document, _ = observe_entra(directory.graph(), MARK, client_id, object_id)
    return document["applicationIsGone"], [one["clientId"] for one in document["applications"]]


def test_what_the_list_shows_is_there() -> None:
    directory = Directory()
    directory.add(CLIENT)
    assert about(directory) == (False, [CLIENT])
    assert directory.asked.count(f"/applications/{OBJECT}") == 0


def test_without_a_client_id_nothing_is_said() -> None:
    directory = Directory()
    directory.add(CLIENT)
    assert about(directory, None, None) == (None, [CLIENT])
    assert about(Directory(), None, None) == (None, [])


@pytest.mark.parametrize("object_id", [OBJECT, None, f"object {OTHER_CLIENT}"])
def test_invariant_3_a_list_that_lags_is_not_believed(object_id: str | None) -> None:
    directory = lagging()
    directory.add(OTHER_CLIENT, mark="theirs")
    assert about(directory, object_id=object_id) == (False, [CLIENT])
    assert directory.clock.waits == []


def test_invariant_3_an_application_that_shows_a_moment_later_is_there() -> None:
    directory = lagging()
    directory.gone.add(OBJECT)

    def later(_: httpx.Request) -> None:
        if directory.clock.seconds > 1:
            directory.gone.clear()

    directory.early = later
    assert about(directory) == (False, [CLIENT])


def test_what_is_deleted_is_gone_at_once() -> None:
    directory = lagging()
    directory.delete(CLIENT)
    assert about(directory) == (True, [])
    assert directory.clock.waits == []


def test_invariant_3_what_is_gone_for_good_is_asked_for_twice() -> None:
    directory = Directory()
    assert about(directory) == (True, [])
    assert directory.asked.count(f"/applications/{OBJECT}") == 2
    assert directory.asked.count(f"/applications(appId='{CLIENT}')") == 2
    assert len(directory.clock.waits) == 1


def test_invariant_3_there_and_deleted_at_once_cannot_be_decided() -> None:
    directory = lagging()
    directory.delete(CLIENT)
    directory.gone.clear()
    with pytest.raises(TenantRefused, match="incomplete reading"):
        about(directory)
    assert len(directory.clock.waits) == 1


def test_there_and_deleted_until_graph_agrees_is_gone() -> None:
    directory = lagging()
    directory.delete(CLIENT)
    gone, directory.gone = directory.gone, set()

    def agree(_: httpx.Request) -> None:
        directory.gone = gone if directory.clock.waits else set()

    directory.early = agree
    assert about(directory) == (True, [])


def only_directly(answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response | None]:
    def early(request: httpx.Request) -> httpx.Response | None:
        path = request.url.path
        return answer if path.startswith(("/v1.0/applications/", "/v1.0/applications(")) else None

    return early


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"value": []}),
        httpx.Response(200, text="{"),
        httpx.Response(200, json=[]),
        httpx.Response(400, json={"error": {"code": "BadRequest"}}),
        httpx.Response(404, text="a proxy knows no such page"),
    ],
)
def test_invariant_3_an_answer_that_says_neither_is_an_incomplete_reading(answer: httpx.Response) -> None:
    directory = lagging()
    directory.early = only_directly(answer)
    with pytest.raises(TenantRefused, match=f"incomplete reading: .*{CLIENT}.*nothing was changed"):
        about(directory)


def test_invariant_3_deleted_items_that_cannot_be_read_are_no_proof() -> None:
    directory = Directory()
    directory.early = lambda request: httpx.Response(403) if "deletedItems" in request.url.path else None
    with pytest.raises(NoAccess):
        about(directory)
