"""Round trips at 25 rooms, as docs/performance.md tells them: a run asks Exchange no more than it says there."""

import re
from collections.abc import Iterator

import pytest

from tests.bench.round_trips import MODELS, SITUATIONS, count
from tests.desired_state.tenant import PROJECT, Tenant

ROOM = "room-eiger"


def documented() -> dict[tuple[str, str], tuple[int, ...]]:
    """Return requests, batches and cmdlets at 25 rooms, by access model and situation."""
    page = (PROJECT / "docs" / "performance.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ([a-z ]+) \| 25 \| (\d+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    return {(model, situation): tuple(map(int, counts)) for model, situation, *counts in rows}


def counted(tenant: Tenant, model: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each situation and what its run asked."""
    application = tenant.application()
    desired = tenant.desired(
        application["clientId"],
        access=model,
        application={"clientId": application["clientId"], "servicePrincipalId": application["principalId"]},
    )
    for situation in SITUATIONS:
        if situation == "room_added":
            document = {"address": f"room-new@{tenant.administrator['domain']}", "kind": "RoomMailbox", "name": "New"}
            tenant.control.post(f"/tenants/{tenant.id}/mailboxes", json=document).raise_for_status()
        if situation == "drifted":
            tenant.cmdlet("Set-CalendarProcessing", Identity=ROOM, DeleteSubject=True)
        tenant.forget_requests()
        assert tenant.run("apply", stdin=desired).code == 0
        trips = count(tenant.requests())
        yield SITUATIONS[situation], (trips.requests, trips.batches, trips.cmdlets)


@pytest.mark.parametrize("model", MODELS)
def test_a_run_asks_as_often_as_is_documented(tenant: Tenant, model: str) -> None:
    expected = documented()
    for situation, counts in counted(tenant, model):
        assert counts == expected[model, situation], f"{situation}: measure again (make bench) and say why"
