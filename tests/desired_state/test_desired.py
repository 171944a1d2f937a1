"""The document that the program hands over: its shape, its refusals, and where a connection leads."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from microsoft365.connection import CLOUDS, Connection
from microsoft365.exchange.desired import DesiredState, Rooms
from tests.desired_state.builders import MARK, TENANT, desired

DOCUMENT: dict[str, Any] = {
    "connection": {"tenantId": TENANT, "environment": "public", "metadataHost": None, "exchangeHost": None},
    "mark": MARK,
    "access": "policy",
    "application": {"clientId": None, "objectId": None, "servicePrincipalId": None, "displayName": None},
    "rooms": {"include": "all", "exclude": [], "kinds": ["room"], "maxRemovals": None},
    "group": {
        "name": "RoomzResources",
        "alias": "RoomzResources",
        "primarySmtpAddress": "r@contoso.example",
        "members": "exact",
        "adopt": False,
        "hiddenFromAddressLists": True,
    },
    "calendar": "titles",
    "calendarOnRemoval": "keep",
    "removal": "now",
    "transport": "runbook",
    "awaitsRestriction": True,
}


def test_the_document_comes_through_unchanged() -> None:
    assert json.loads(DesiredState.model_validate(DOCUMENT).model_dump_json(by_alias=True)) == DOCUMENT


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("mark", "roomz", "roomz:PROJECT/STACK"),
        ("mark", "roomz:a/b c", "roomz:PROJECT/STACK"),
        ("access", "both", "policy"),
        ("calendar", "all", "titles"),
        ("removal", "never", "later"),
        ("rooms.include", {"filter": "x) -or (Name -like '*'"}, "x is no property"),
        ("rooms.include", ["a@b.example", "nonsense"], "'nonsense'"),
        ("rooms.include", ["a@b.example", "A@B.example"], "more than once"),
        ("rooms.include", ["a'b@c.example, x"], "not an e-mail address"),
        ("rooms.kinds", ["room", "desk"], "'workspace'"),
        ("rooms.kinds", [], "no room would be covered"),
        ("rooms.kinds", ["room", "room"], "more than once"),
        ("rooms.maxRemovals", -1, "negative"),
        ("rooms.maxRemovals", "many", "10%"),
        ("rooms.maxRemovals", "101%", "10%"),
        ("group.name", "x" * 65, "64"),
        ("group.name", " x", "space"),
        ("group.primarySmtpAddress", "RoomzResources", "accepted domains"),
        ("group.adopted", True, "Extra"),
        ("application.clientId", "ROOMZGraph", "GUID"),
        ("connection.tenantId", "contoso.example", "GUID"),
        ("connection.environment", "moon", "china"),
        ("connection.exchangeHost", "https://x.example", "without https://"),
        ("connection.metadataHost", "x.example/path", "without a path"),
    ],
)
def test_invariant_6_bad_input_is_refused_with_key_and_remedy(path: str, value: Any, said: str) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    *parents, key = path.split(".")
    place = document
    for parent in parents:
        place = place[parent]
    place[key] = value
    with pytest.raises(ValidationError) as raised:
        DesiredState.model_validate(document)
    assert said in str(raised.value)
    assert path.split(".")[0] in str(raised.value)


@pytest.mark.parametrize(
    ("limit", "in_reach", "allowed"),
    [(None, 5, 3), (None, 30, 3), (None, 31, 3), (None, 40, 4), (0, 9, 0), ("50 %", 9, 4)],
)
def test_how_many_rooms_one_run_may_take(limit: int | str | None, in_reach: int, allowed: int) -> None:
    assert Rooms(max_removals=limit).removal_limit(in_reach) == allowed


def test_every_cloud_has_its_own_three_doors() -> None:
    assert Connection(tenant_id=TENANT).endpoints() == CLOUDS["public"]
    assert Connection(tenant_id=TENANT, environment="dod").endpoints().exchange == "https://outlook-dod.office365.us"
    assert Connection(tenant_id=TENANT, exchange_host="x.example").endpoints().exchange == "https://x.example"


METADATA = {
    "authentication": {"loginEndpoint": "https://127.0.0.1:1/"},
    "microsoftGraphResourceId": "https://127.0.0.1:1",
}


def test_a_metadata_host_says_where_login_and_graph_are() -> None:
    connection = Connection(tenant_id=TENANT, metadata_host="127.0.0.1:1", exchange_host="localhost:1")
    assert connection.metadata_address() == "https://127.0.0.1:1/metadata/endpoints?api-version=2022-09-01"
    assert tuple(connection.endpoints(METADATA)) == (
        "https://127.0.0.1:1",
        "https://127.0.0.1:1",
        "https://localhost:1",
    )


def test_a_metadata_host_alone_could_send_changes_to_another_tenant() -> None:
    with pytest.raises(ValueError, match=r"roomz:endpoints\.exchange"):
        Connection(tenant_id=TENANT, metadata_host="127.0.0.1:1").endpoints(METADATA)


def test_a_useless_metadata_document_is_named() -> None:
    connection = Connection(tenant_id=TENANT, metadata_host="127.0.0.1:1", exchange_host="localhost:1")
    for document in ({}, {"authentication": "x"}, {**METADATA, "microsoftGraphResourceId": ""}):
        with pytest.raises(ValueError, match="metadata document"):
            connection.endpoints(document)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        (None, False),
        ("localhost:443", True),
        ("127.0.0.1:18543", True),
        ("[::1]:443", True),
        ("outlook.office365.com", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_what_counts_as_this_machine(host: str | None, loopback: bool) -> None:
    assert Connection(tenant_id=TENANT, exchange_host=host).exchange_is_loopback is loopback


def test_builders_agree_with_the_model() -> None:
    assert desired().mark == MARK
