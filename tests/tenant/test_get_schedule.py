"""getSchedule: each schedule answered by itself, and of an event no more than the caller may see."""

from typing import Any

import pytest

from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, expect, graph_error

RIGI = "room-rigi@alpenblick.example"
PATH = f"/users/{EIGER}/calendar/getSchedule"
DAY = "2029-12-03"


@pytest.fixture
def token(tenant: TenantClient) -> str:
    """A token of an application that reaches Eiger and Rigi."""
    made = tenant.make_application()
    expect(tenant.grant(made["servicePrincipalId"]), 201)
    tenant.make_group("Reached", [EIGER, RIGI])
    tenant.restrict(made["appId"], "Reached")
    return tenant.token(client_id=made["appId"])


def at(hour: str, zone: str = "UTC", day: str = DAY) -> dict[str, str]:
    return {"dateTime": f"{day}T{hour}:00", "timeZone": zone}


def ask(schedules: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return {"schedules": schedules or [EIGER], "startTime": at("08:00"), "endTime": at("12:00"), **fields}


def book(tenant: TenantClient, token: str, begin: str, end: str, **fields: Any) -> None:
    body = {"subject": "Review", "start": at(begin), "end": at(end), **fields}
    expect(tenant.graph("POST", f"/users/{EIGER}/events", body, token=token), 201)


def schedules(tenant: TenantClient, token: str, body: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = expect(tenant.graph("POST", PATH, body, token=token, headers=headers), 200)
    assert answer["@odata.context"].endswith("/$metadata#Collection(microsoft.graph.scheduleInformation)")
    rows = answer["value"]
    assert isinstance(rows, list)
    return rows


def test_view_and_items(tenant: TenantClient, token: str) -> None:
    book(tenant, token, "08:15", "09:00", location={"displayName": "Eiger"})
    book(tenant, token, "09:00", "09:30", showAs="tentative")
    book(tenant, token, "10:00", "10:30", showAs="oof", sensitivity="private", subject="Salary")
    book(tenant, token, "10:15", "11:10", showAs="workingElsewhere")
    book(tenant, token, "11:45", "13:00")
    (row,) = schedules(tenant, token, ask())
    assert (row["scheduleId"], row["availabilityView"]) == (EIGER, "22103002")
    assert row["workingHours"]["daysOfWeek"][0] == "monday"
    items = row["scheduleItems"]
    assert [item["status"] for item in items] == ["busy", "tentative", "oof", "workingElsewhere", "busy"]
    assert (items[0]["subject"], items[0]["location"], items[0]["isPrivate"]) == ("Review", "Eiger", False)
    assert set(items[2]) == {"isPrivate", "status", "start", "end"}
    assert items[2]["isPrivate"] is True
    assert items[0]["start"] == {"dateTime": f"{DAY}T08:15:00.0000000", "timeZone": "UTC"}


def test_slots_and_zones(tenant: TenantClient, token: str) -> None:
    book(tenant, token, "08:15", "08:30")
    zones = {
        "StartTime": at("09:00", "W. Europe Standard Time"),
        "EndTime": at("10:00", "Europe/Zurich"),
        "Schedules": [EIGER],
        "AvailabilityViewInterval": "15",
    }
    (row,) = schedules(tenant, token, zones, prefer='outlook.timezone="Europe/Zurich"')
    assert row["availabilityView"] == "0200"
    assert row["scheduleItems"][0]["start"] == {"dateTime": f"{DAY}T09:15:00.0000000", "timeZone": "Europe/Zurich"}


def test_each_schedule_is_answered_by_itself(tenant: TenantClient, token: str) -> None:
    nobody = "nobody@alpenblick.example"
    rows = schedules(tenant, token, ask([CONTROL_MAILBOX, nobody, RIGI]))
    assert [row["scheduleId"] for row in rows] == [CONTROL_MAILBOX, nobody, RIGI]
    assert rows[0]["error"]["responseCode"] == "ErrorNoFreeBusyAccess"
    assert rows[1]["error"] == {
        "message": f"Unable to resolve e-mail address {nobody} to an Active Directory object.",
        "responseCode": "5009",
    }
    assert [set(row) for row in rows[:2]] == [{"scheduleId", "error"}] * 2
    assert rows[2]["availabilityView"] == "00000000"


def test_the_mailbox_of_the_path_must_be_in_reach(tenant: TenantClient, token: str) -> None:
    answer = tenant.graph("POST", f"/users/{CONTROL_MAILBOX}/calendar/getSchedule", ask(), token=token)
    assert answer.status_code == 403
    assert "RAOP" in answer.text


def test_longer_than_62_days(tenant: TenantClient, token: str) -> None:
    body = ask(endTime=at("08:00", day="2030-02-04"))
    assert schedules(tenant, token, {**body, "endTime": at("08:00", day="2030-02-03")})[0]["availabilityView"]
    (row,) = schedules(tenant, token, body)
    assert row["error"]["responseCode"] == "5006"
    assert "62 days; the actual limit = 63 days." in row["error"]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"schedules": [f"room-{n}@alpenblick.example" for n in range(21)]},
        {"schedules": []},
        {"schedules": "room-eiger"},
        {"availabilityViewInterval": 4},
        {"availabilityViewInterval": 1441},
        {"availabilityViewInterval": None},
        {"availabilityViewInterval": 241},
        {"endTime": at("08:00")},
        {"startTime": None},
        {"colour": "red"},
    ],
)
def test_bad_bodies(tenant: TenantClient, token: str, fields: dict[str, Any]) -> None:
    assert tenant.graph("POST", PATH, {**ask(), **fields}, token=token).status_code == 400


def test_distribution_lists_are_not_imitated(tenant: TenantClient, token: str) -> None:
    answer = tenant.graph("POST", PATH, ask(["all-staff@alpenblick.example"]), token=token)
    assert graph_error(answer)[:2] == (501, "NotImitated")
