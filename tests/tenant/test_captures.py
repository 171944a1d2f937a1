"""The simulated tenant against what Microsoft's pages and public captures show of the real one.

Each file in `captures/` holds a request, the answer that its source shows, and the source: written from these alone, never from the
simulator and never from a client.  Owns how a capture is asked for.  What an answer's likeness is, `likeness.py` owns.
"""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tenant import scenes
from tests.tenant.client import TenantClient
from tests.tenant.likeness import annotation_faults, differences

CAPTURES = sorted(Path(__file__).with_name("captures").glob("*.json"))
EVIDENCE = {"captured", "documented", "reported", "inferred"}
"""How sure the source is: a recorded answer, Microsoft's own page, what people report, what follows from the others."""


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def filled(value: Any, names: dict[str, str]) -> Any:
    """The same with `{name}` replaced by what the scene calls so."""
    if isinstance(value, dict):
        return {filled(key, names): filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def ask(tenant: TenantClient, request: dict[str, Any]) -> httpx.Response:
    """Make a capture's request; `as` is a bearer token, the administrator's without it, none where it is empty."""
    if "token" in request:
        return tenant.sign_in(**request["token"])
    if "graph" in request:
        method, path = request["graph"].split(" ", 1)
        address = f"{tenant.server.url}/v1.0{path}"
        audience = "graph"
    else:
        method, address = "POST", tenant.invoke_url + request.get("query", "")
        audience = "exchange"
    if "get" in request:
        method, address = "GET", tenant.server.url + request["get"]
    if "batch" in request:
        address = tenant.invoke_url.replace("InvokeCommand", "$batch")
    bearer = request.get("as", tenant.fresh(audience))
    headers = {**({"authorization": f"Bearer {bearer}"} if bearer else {}), **request.get("headers", {})}
    return tenant.http.request(method, address, json=_body(tenant, request, bearer), headers=headers)


def _body(tenant: TenantClient, request: dict[str, Any], bearer: str) -> Any:
    if "cmdlet" in request:
        return {"CmdletInput": {"CmdletName": request["cmdlet"], "Parameters": request.get("parameters", {})}}
    if "batch" in request:
        own = {"Authorization": f"Bearer {bearer}", "Prefer": "odata.continue-on-error"}
        return {
            "requests": [
                {
                    "id": each["id"],
                    "method": "POST",
                    "url": f"{tenant.invoke_url}?",
                    "headers": own,
                    "body": _body(tenant, each, bearer),
                }
                for each in request["batch"]
            ]
        }
    return request.get("body")


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_answer_is_like_its_capture(tenant: TenantClient, path: Path) -> None:
    capture = read(path)
    names = {"tenant": tenant.tenant_id, "graph": tenant.server.url, "exchange": tenant.server.exchange_url}
    names |= getattr(scenes, capture.get("scene", "nothing"))(tenant)
    answer, wanted = ask(tenant, filled(capture["request"], names)), filled(capture["answer"], names)
    assert answer.status_code == wanted["status"], answer.text
    found = json.loads(answer.content) if answer.content else None
    if isinstance(found, dict) and "responses" in found:
        found["responses"].sort(key=lambda each: str(each["id"]))  # they are matched by id; their order says nothing
    differing = list(differences(wanted["body"], found))
    for name, value in wanted.get("headers", {}).items():
        differing += differences(value, answer.headers.get(name), name)
    if "claims" in wanted:
        differing += differences(wanted["claims"], claims(answer.json()["access_token"]), "claims")
    if answer.url.path.startswith("/adminapi/") and found is not None:
        for body in [each["body"] for each in found["responses"]] if "responses" in found else [found]:
            differing += annotation_faults(body)
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_capture_names_its_source(path: Path) -> None:
    capture = read(path)
    assert capture.keys() <= {"source", "evidence", "shows", "scene", "request", "answer"}
    assert capture["source"].startswith("https://")
    assert capture["evidence"] in EVIDENCE
    assert capture["shows"].endswith(".")


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "...": "..."}, {"b": 2}),
        ({"a": 1}, {"a": True}),
        ({"a": "<integer>"}, {"a": True}),
        ({"a": "<integer>"}, {"a": "1"}),
        ({"a": None}, {"a": ""}),
        ({"a": "id <guid>."}, {"a": "id 7cdbe897-3c7f-4fb6-a369-56408d68081f"}),
        ({"a": "<moment>"}, {"a": "2026-01-01T00:00:00"}),
        (["x", "..."], []),
        (["x", "..."], ["x", "y"]),
        (["x"], ["x", "x"]),
        ([], {}),
    ],
)
def test_likeness_sees_what_differs(expected: Any, found: Any) -> None:
    assert list(differences(expected, found)) != []


@pytest.mark.parametrize(
    "row",
    [
        {"Guid": "7cdbe897-3c7f-4fb6-a369-56408d68081f", "Guid@data.type": "System.Guid", "Guid@odata.type": "#Guid"},
        {"Guid@odata.type": "#Guid", "Guid@data.type": "System.Guid", "Guid": "7cdbe897-3c7f-4fb6-a369-56408d68081f"},
        {"Other@data.type": "System.Int32", "Capacity": 8},
        {"Capacity": 8},
        {"ManagedBy": []},
        {"Name@data.type": "System.String", "Name": "x"},
        {"Enabled@data.type": "System.Boolean", "Enabled": True},
        {"WhenCreatedUTC": "2026-01-01T00:00:00.0000000Z"},
        {"value": [{"Capacity": 8}]},
    ],
)
def test_wrong_annotations_are_seen(row: dict[str, Any]) -> None:
    assert list(annotation_faults(row)) != []


def test_right_annotations_pass() -> None:
    row = {
        "Guid@data.type": "System.Guid",
        "Guid@odata.type": "#Guid",
        "Guid": "7cdbe897-3c7f-4fb6-a369-56408d68081f",
        "Capacity@data.type": "System.Int32",
        "Capacity": 8,
        "Copies@data.type": "System.Int16",
        "Copies@odata.type": "#Int16",
        "Copies": 0,
        "Custom@odata.type": "#Collection(String)",
        "Custom": [],
        "Created@data.type": "System.DateTime",
        "Created": "2024-04-10T08:56:22.0000000+00:00",
        "ObjectId": "7cdbe897-3c7f-4fb6-a369-56408d68081f",
        "Type": None,
    }
    envelope = {"adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": [], "value": [row]}
    assert list(annotation_faults(envelope)) == []
