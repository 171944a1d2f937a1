"""Filters and kinds of rooms against the simulated tenant: the tenant reads the filter, and nobody else."""

from typing import Any

import pytest

from tests.desired_state.tenant import Tenant


def members(tenant: Tenant, wish: dict[str, Any]) -> set[str]:
    group = wish["group"]["primarySmtpAddress"]
    rows = tenant.cmdlet("Get-DistributionGroupMember", Identity=group, ResultSize="Unlimited")
    return {row["PrimarySmtpAddress"] for row in rows}


def mailboxes(tenant: Tenant, **wanted: str) -> set[str]:
    """The resource mailboxes of the tenant by its own snapshot, without any filter of Exchange's."""
    return {
        mailbox["address"]
        for mailbox in tenant.snapshot()["mailboxes"]
        if mailbox.get("resourceType") and all(mailbox.get(name) == value for name, value in wanted.items())
    }


def apply(tenant: Tenant, **rooms: Any) -> dict[str, Any]:
    wish = tenant.desired(tenant.application()["clientId"], rooms=rooms)
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    return wish


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Office -eq 'Bern'", {"office": "Bern"}),
        ("city -eq 'Genève'", {"city": "Genève"}),
        ("-not (Office -ne 'Bern')", {"office": "Bern"}),
    ],
)
def test_the_rooms_of_a_filter_are_the_group(tenant: Tenant, text: str, wanted: dict[str, str]) -> None:
    wish = apply(tenant, include={"filter": text})
    expected = mailboxes(tenant, resourceType="Room", **wanted)
    assert expected
    assert members(tenant, wish) == expected


def test_a_filter_with_an_exclusion_and_a_capacity(tenant: Tenant) -> None:
    wish = apply(tenant, include={"filter": "ResourceCapacity -ge 8"})
    large = members(tenant, wish)
    assert large
    one = sorted(large)[0]
    wish["rooms"] = {"include": {"filter": "ResourceCapacity -ge 8"}, "exclude": [one]}
    assert tenant.run("apply", stdin=wish).code == 0
    assert members(tenant, wish) == large - {one}


def test_a_room_that_comes_to_match_is_picked_up_and_one_that_goes_is_dropped(tenant: Tenant) -> None:
    wish = apply(tenant, include={"filter": "Office -eq 'Bern'"})
    before = members(tenant, wish)
    domain = tenant.administrator["domain"]
    body = {"address": f"room-new@{domain}", "name": "New", "resourceType": "Room", "office": "Bern"}
    tenant.control.post(f"/tenants/{tenant.id}/mailboxes", json=body).raise_for_status()
    gone = sorted(before)[0]
    tenant.cmdlet("Set-User", Identity=gone, Office="Elsewhere", Confirm=False)
    assert tenant.run("apply", stdin=wish).code == 0
    assert members(tenant, wish) == before - {gone} | {f"room-new@{domain}"}


@pytest.mark.parametrize(
    ("kinds", "types"),
    [
        (["room"], {"Room"}),
        (["workspace"], {"Workspace"}),
        (["equipment"], {"Equipment"}),
        (["room", "workspace", "equipment"], {"Room", "Workspace", "Equipment"}),
    ],
)
def test_only_the_kinds_that_are_asked_for_are_in_reach(tenant: Tenant, kinds: list[str], types: set[str]) -> None:
    wish = apply(tenant, kinds=kinds)
    expected = set[str]().union(*(mailboxes(tenant, resourceType=one) for one in types))
    assert members(tenant, wish) == expected
    tenant.forget_requests()
    assert tenant.run("apply", stdin=wish).code == 0
    assert [entry for entry in tenant.cmdlets() if not entry["cmdlet"].startswith("Get-")] == []


def test_a_filter_that_matches_nothing_stops_before_anything_is_made(tenant: Tenant) -> None:
    wish = tenant.desired(tenant.application()["clientId"], rooms={"include": {"filter": "Office -eq 'Atlantis'"}})
    before = tenant.snapshot()
    done = tenant.run("apply", stdin=wish)
    assert done.code == 2
    assert "no room is left to connect" in done.err
    assert tenant.snapshot() == before


def test_listed_rooms_of_other_kinds_are_named_all_at_once(tenant: Tenant) -> None:
    (workspace,), equipment = (
        mailboxes(tenant, resourceType="Workspace"),
        sorted(mailboxes(tenant, resourceType="Equipment")),
    )
    wish = tenant.desired(rooms={"include": [workspace, equipment[0], f"nobody@{tenant.administrator['domain']}"]})
    done = tenant.run("plan", stdin=wish)
    assert done.code == 2
    assert f"{workspace} is a workspace, which roomz:rooms.kinds does not name" in done.err
    assert f"{equipment[0]} is equipment, which roomz:rooms.kinds does not name" in done.err
    assert f"nobody@{tenant.administrator['domain']} is nobody in this tenant" in done.err
    assert "did you mean" not in done.err


def test_a_typing_error_names_the_room_that_was_probably_meant(tenant: Tenant) -> None:
    domain = tenant.administrator["domain"]
    done = tenant.run("plan", stdin=tenant.desired(rooms={"include": [f"room-Niesn@{domain}"]}))
    assert done.code == 2
    assert f"room-Niesn@{domain} is nobody in this tenant (did you mean room-niesen@{domain}?)" in done.err


def test_a_group_of_a_domain_that_is_not_the_tenants_says_which_key_to_set(tenant: Tenant) -> None:
    """Microsoft's words name the domain, and neither the key nor where the tenant's domains are listed."""
    group = {"primarySmtpAddress": "rooms@elsewhere.example"}
    done = tenant.run("apply", stdin=tenant.desired(tenant.application()["clientId"], group=group))
    assert done.code == 4
    (said,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert "'elsewhere.example'" in said
    assert "set roomz:group.primarySmtpAddress to an address of a domain that" in said


def test_a_filter_that_exchange_lists_and_the_rooms_do_not_is_no_reading(tenant: Tenant) -> None:
    """An answer to one of the two calls that lacks a room is never taken for the whole."""
    wish = tenant.desired(tenant.application()["clientId"], rooms={"include": {"filter": "City -eq 'Bern'"}})
    body = {"@odata.context": "x", "@adminapi.warnings": [], "value": []}
    tenant.fault({"cmdlet": "Get-Mailbox"}, {"status": 200, "body": body})
    done = tenant.run("plan", stdin=wish)
    assert done.code == 4
    assert "incomplete reading" in done.err


def test_a_room_on_premises_is_named_and_refused_in_a_list_by_what_it_is(tenant: Tenant) -> None:
    """How Exchange shows one is unverified: the simulated tenant and the client follow the same reading of several pages."""
    away = f"room-saanen@{tenant.administrator['domain']}"
    body = {"address": away, "name": "Saanen", "resourceType": "Room", "isDirSynced": True, "livesOnPremises": True}
    tenant.control.post(f"/tenants/{tenant.id}/mailboxes", json=body).raise_for_status()
    wish = tenant.desired(tenant.application()["clientId"])
    planned = tenant.run("plan", "--json", stdin=wish)
    assert planned.code == 0, planned.err
    assert [
        said for said in planned.document["notices"] if f"{away} cannot be reached: its mailbox is on-premises" in said
    ]
    room = sorted(mailboxes(tenant, resourceType="Room") - {away})[0]
    settled = tenant.snapshot()
    refused = tenant.run("apply", stdin={**wish, "rooms": {"include": [room, away]}})
    assert refused.code == 2
    assert f"{away} is a room whose mailbox is on-premises" in refused.err
    assert tenant.snapshot() == settled
    # Among the excluded it is known, and named no more.
    planned = tenant.run("plan", "--json", stdin={**wish, "rooms": {"exclude": [away]}})
    assert planned.code == 0, planned.err
    assert [said for said in planned.document["notices"] if away in said] == []
