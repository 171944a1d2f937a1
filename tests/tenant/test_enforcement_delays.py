"""As tested and as enforced differ in time: policies by a delay, RBAC for Applications by what Graph remembers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator import access
from simulator.conditions import Lag
from simulator.server import SimulatorServer
from simulator.tenant import Tenant
from tests.tenant import rbac
from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, expect
from tests.tenant.test_calendars import BYPASS

RIGI = "room-rigi@alpenblick.example"
HOUR = 3600


@pytest.fixture
def roomz(tenant: TenantClient) -> dict[str, Any]:
    """An application that Exchange knows."""
    made = tenant.make_application()
    rbac.register(tenant, made["appId"], made["servicePrincipalId"])
    return {**made, "ObjectId": made["servicePrincipalId"]}


@pytest.fixture
def state(server: SimulatorServer, tenant: TenantClient) -> Tenant:
    """The tenant itself."""
    return server.simulator.store.first


def delay(state: Tenant, **seconds: float) -> None:
    state.conditions.lag = Lag(**seconds)


def later(tenant: TenantClient, seconds: float) -> None:
    """Let time pass; the deployer signs in anew, as its token may have ended."""
    tenant.advance(seconds)
    tenant._tokens.clear()


def reads(tenant: TenantClient, application: dict[str, Any], *mailboxes: str) -> list[int]:
    token = tenant.token(client_id=application["appId"])
    return [tenant.graph("GET", f"/users/{m}/calendar", token=token).status_code for m in mailboxes]


def as_tested(tenant: TenantClient, application: dict[str, Any], mailbox: str) -> str:
    rows = tenant.rows("Test-ApplicationAccessPolicy", {"Identity": mailbox, "AppId": application["appId"]})
    return str(rows[0]["AccessCheckResult"])


def test_a_new_policy_is_enforced_later_than_it_is_tested(
    tenant: TenantClient, state: Tenant, roomz: dict[str, Any]
) -> None:
    delay(state, policy_seconds=HOUR)
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    assert [as_tested(tenant, roomz, m) for m in (EIGER, CONTROL_MAILBOX)] == ["Granted", "Denied"]
    assert reads(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 200]
    later(tenant, HOUR - 60)
    assert reads(tenant, roomz, CONTROL_MAILBOX) == [200]
    later(tenant, 61)
    assert reads(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 403]


def test_members_and_a_removed_policy_are_enforced_later_as_well(
    tenant: TenantClient, state: Tenant, roomz: dict[str, Any]
) -> None:
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    tenant.make_group()
    policy = tenant.restrict(roomz["appId"], "RoomzResources")
    delay(state, policy_seconds=HOUR)
    later(tenant, 2 * HOUR)
    tenant.rows("Add-DistributionGroupMember", {"Identity": "RoomzResources", "Member": RIGI, **BYPASS})
    tenant.rows("Remove-DistributionGroupMember", {"Identity": "RoomzResources", "Member": EIGER, **BYPASS})
    assert [as_tested(tenant, roomz, m) for m in (EIGER, RIGI)] == ["Denied", "Granted"]
    assert reads(tenant, roomz, EIGER, RIGI) == [200, 403]
    later(tenant, HOUR / 2)
    tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": policy["Identity"], "Confirm": False})
    later(tenant, HOUR / 2 + 1)
    assert reads(tenant, roomz, EIGER, RIGI, CONTROL_MAILBOX) == [403, 200, 403]
    later(tenant, HOUR / 2)
    assert reads(tenant, roomz, EIGER, RIGI, CONTROL_MAILBOX) == [200, 200, 200]


def test_a_group_made_anew_takes_effect_late(tenant: TenantClient, state: Tenant, roomz: dict[str, Any]) -> None:
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    delay(state, policy_seconds=HOUR)
    later(tenant, 2 * HOUR)
    tenant.rows("Remove-DistributionGroup", {"Identity": "RoomzResources", **BYPASS})
    assert (as_tested(tenant, roomz, EIGER), reads(tenant, roomz, EIGER)) == ("Denied", [200])
    later(tenant, HOUR + 1)
    assert reads(tenant, roomz, EIGER) == [403]


def test_policies_do_not_wait_for_what_rbac_remembers(
    tenant: TenantClient, state: Tenant, roomz: dict[str, Any]
) -> None:
    delay(state, rbac_idle_seconds=HOUR, rbac_longest_seconds=2 * HOUR)
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    assert reads(tenant, roomz, CONTROL_MAILBOX) == [200]
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    assert reads(tenant, roomz, CONTROL_MAILBOX) == [403]


def test_polling_keeps_a_refusal_alive(tenant: TenantClient, state: Tenant, roomz: dict[str, Any]) -> None:
    delay(state, rbac_idle_seconds=1800, rbac_longest_seconds=2 * HOUR)
    assert reads(tenant, roomz, EIGER) == [401]
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    for _ in range(7):
        later(tenant, 1000)
        assert reads(tenant, roomz, EIGER) == [401]
    later(tenant, 201)
    assert reads(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 403]


def test_idling_lets_graph_look_anew(tenant: TenantClient, state: Tenant, roomz: dict[str, Any]) -> None:
    delay(state, rbac_idle_seconds=1800, rbac_longest_seconds=2 * HOUR)
    assignment = rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reads(tenant, roomz, EIGER) == [200]
    tenant.rows("Remove-ManagementRoleAssignment", {"Identity": assignment["Identity"], "Confirm": False})
    later(tenant, 1700)
    assert reads(tenant, roomz, EIGER) == [200]
    later(tenant, 1700)
    assert reads(tenant, roomz, EIGER) == [200]
    later(tenant, 1801)
    assert reads(tenant, roomz, EIGER) == [401]


def test_the_first_call_looks_at_once(tenant: TenantClient, state: Tenant, roomz: dict[str, Any]) -> None:
    delay(state, rbac_idle_seconds=1800, rbac_longest_seconds=2 * HOUR)
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reads(tenant, roomz, EIGER) == [200]


def test_looking_at_what_is_in_force_keeps_nothing_alive(
    tenant: TenantClient, state: Tenant, roomz: dict[str, Any]
) -> None:
    delay(state, rbac_idle_seconds=1800, rbac_longest_seconds=2 * HOUR)
    assert reads(tenant, roomz, EIGER) == [401]
    rbac.assign(tenant, roomz)
    later(tenant, 1000)
    assert access.restrictions_in_force(state, roomz["appId"]).assignments == ()
    later(tenant, 801)
    assert len(access.restrictions_in_force(state, roomz["appId"]).assignments) == 1
    assert reads(tenant, roomz, EIGER) == [200]


def test_boundaries_are_exact(tenant: TenantClient, state: Tenant, roomz: dict[str, Any]) -> None:
    delay(state, policy_seconds=HOUR, rbac_idle_seconds=1800, rbac_longest_seconds=2 * HOUR)
    app_id, begin = roomz["appId"], state.now()
    reads(tenant, roomz, EIGER)
    called = state.now()
    tenant.make_group()
    tenant.restrict(app_id, "RoomzResources")
    rbac.assign(tenant, roomz)

    def at(moment: datetime) -> tuple[int, int]:
        found = access.restrictions_in_force(state, app_id, moment)
        return sum(p.app_id == app_id for p in found.policies), len(found.assignments)

    seen = [at(called)]
    boundaries: list[float] = []
    moment = access.next_change_after(state, app_id, called)
    while moment is not None and len(seen) < 20:
        assert at(moment - timedelta(microseconds=1)) == seen[-1]
        seen.append(at(moment))
        boundaries.append((moment - called).total_seconds())
        moment = access.next_change_after(state, app_id, moment)
    # Graph forgets its look after half an hour; an hour after they were made count, one by one, the service principal
    # (which no policy asks for), the group, the policy, and the assignment.
    assert seen == [(0, 0), (0, 1), (0, 1), (0, 1), (1, 1), (1, 1)]
    assert boundaries == pytest.approx([1800, HOUR, HOUR, HOUR, HOUR], abs=5)
    assert at(begin) == (0, 0)
    assert reads(tenant, roomz, EIGER) == [401]


def test_a_clock_that_is_set_back_keeps_what_was_done(
    tenant: TenantClient, state: Tenant, roomz: dict[str, Any]
) -> None:
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    later(tenant, 24 * HOUR)
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    later(tenant, -24 * HOUR)
    assert reads(tenant, roomz, CONTROL_MAILBOX) == [403]
    delay(state, policy_seconds=HOUR)
    assert reads(tenant, roomz, CONTROL_MAILBOX) == [200]
    later(tenant, HOUR)
    assert reads(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 403]
