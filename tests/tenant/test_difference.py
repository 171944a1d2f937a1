"""What differs between two snapshots."""

from typing import Any

import pytest

from simulator.control.difference import differences
from tests.tenant.client import EIGER, TenantClient, expect


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [("a.b", 1, None), ("a.c", None, 1)]),
        ({"a": ["x", "y"]}, {"a": ["y", "z"]}, [("a[x]", "x", None), ("a[z]", None, "z")]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, []),
        ({"a": [{"id": "1", "v": 1}, {"id": "2"}]}, {"a": [{"id": "2"}, {"id": "1", "v": 2}]}, [("a[1].v", 1, 2)]),
        ({"a": []}, {"a": [{"id": "1", "name": "N"}]}, [("a[N 1]", None, {"id": "1", "name": "N"})]),
        ({"a": None}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
        (
            {"m": [{"objectId": "1", "address": "a@b", "office": "x"}]},
            {"m": [{"objectId": "1", "address": "a@b", "office": "y"}]},
            [("m[a@b].office", "x", "y")],
        ),
    ],
)
def test_differences(before: Any, after: Any, expected: list[tuple[str, Any, Any]]) -> None:
    assert differences(before, after) == [{"path": p, "before": b, "after": a} for p, b, a in expected]


def test_what_happened_since_a_snapshot(tenant: TenantClient) -> None:
    place = "/tenants/alpenblick.example/snapshot"
    before = tenant.snapshot()
    assert tenant.control("POST", f"{place}/diff", before) == []
    tenant.rows("Set-CalendarProcessing", {"Identity": EIGER, "DeleteSubject": False})
    group = tenant.make_group()
    made = expect(tenant.graph("POST", "/applications", {"displayName": "x"}), 201)
    found = {each["path"]: each for each in tenant.control("POST", f"{place}/diff", before)}
    setting = found.pop(f"mailboxes[{EIGER}].calendarProcessing.DeleteSubject")
    assert (setting["before"], setting["after"]) == (True, False)
    assert found[f"applications[x {made['id']}]"]["before"] is None
    assert found["groups[RoomzResources@alpenblick.example]"]["after"]["guid"] == group["Guid"]
    assert len(found) == 2
    since = tenant.snapshot()
    given = {"Identity": "RoomzResources", "Member": "room-rigi", "BypassSecurityGroupManagerCheck": True}
    tenant.rows("Add-DistributionGroupMember", given)
    paths = [each["path"].partition("[")[2] for each in tenant.control("POST", f"{place}/diff", since)]
    assert any(path.startswith("RoomzResources@alpenblick.example].members[room-rigi@") for path in paths)


@pytest.mark.parametrize("content", ["", "[]", "{}", "no JSON"])
def test_what_is_no_snapshot_is_refused(tenant: TenantClient, content: str) -> None:
    answer = tenant.plain.post("/tenants/alpenblick.example/snapshot/diff", content=content)
    assert answer.status_code == 400
    assert "earlier snapshot" in answer.json()["error"]
