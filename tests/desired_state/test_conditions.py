"""However Exchange answers (in which form, in which language, late, with more than was asked for), a run reaches the same tenant."""

from typing import Any

import pytest

from microsoft365.errors import GaveUp
from tests.desired_state.canonical import canonical
from tests.desired_state.scenes import SCENES, Scene
from tests.desired_state.test_fault_sweep import planned
from tests.desired_state.wires import Clock
from tests.desired_state.without_sockets import InProcess

CONDITIONS: dict[str, dict[str, Any]] = {
    # Among others "not found", which Get-ApplicationAccessPolicy throws where there is no policy, as in policy_first.
    "German": {"exchangeLanguage": "de"},
    "errors as JSON in JSON": {"exchangeErrorForm": "json"},
    "errors without details": {"exchangeErrorForm": "internal", "exchangeLanguage": "de"},
    "all objects for one that is not there": {"exchangeMissingIdentityReturnsAll": True},
    "the directory behind it fails": {"exchangeFailingWrites": 2},
    "other domain controllers are 5 s late": {"lag": {"exchangeCreateSeconds": 5}},
    "as late as Microsoft says": {"preset": "microsoft"},
}


class MovingClock(Clock):
    """A clock by which the tenant's moves as well: whoever waits comes back to a later tenant."""

    def __init__(self, tenant: InProcess) -> None:
        super().__init__()
        self._tenant = tenant

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        document = {"advanceSeconds": seconds}
        self._tenant.control.put(f"/tenants/{self._tenant.id}/clock", json=document).raise_for_status()


def pairs() -> list[tuple[str, str]]:
    """Return each condition with half of the states, so that each state meets three or four."""
    return [
        (name, condition)
        for number, condition in enumerate(CONDITIONS)
        for position, name in enumerate(SCENES)
        if (number + position) % 2 == 0
    ]


@pytest.mark.parametrize(("name", "condition"), pairs())
def test_invariant_1_and_2_whatever_the_conditions_the_same_tenant_is_reached_and_nothing_opens(
    in_process: InProcess, name: str, condition: str
) -> None:
    tenant = in_process
    scene = SCENES[name](tenant)
    # What is there was not made a moment ago.
    tenant.advance(3)
    start = tenant.keep()
    tenant.apply(scene.wish)
    undisturbed = canonical(tenant.snapshot())
    tenant.restore(start)
    tenant.watch(scene.client_id)
    tenant.control.put(f"/tenants/{tenant.id}/conditions", json=CONDITIONS[condition]).raise_for_status()
    tenant.apply(scene.wish, MovingClock(tenant))
    assert canonical(tenant.snapshot()) == undisturbed
    assert tenant.avoidable() == []
    tenant.control.put(f"/tenants/{tenant.id}/conditions", json={"preset": "none"}).raise_for_status()
    assert planned(tenant, scene).actions == ()


@pytest.mark.parametrize("name", ["policy_first", "rbac_first", "rbac_first_with_a_group"])
def test_a_run_on_the_heels_of_another_ends_with_5_or_well_and_the_one_after_it_well(
    in_process: InProcess, name: str
) -> None:
    """What the first made is on one domain controller, and the second asks another."""
    tenant = in_process
    scene = SCENES[name](tenant)
    tenant.control.put(f"/tenants/{tenant.id}/conditions", json={"lag": {"exchangeCreateSeconds": 40}})
    clock = MovingClock(tenant)
    tenant.apply(scene.wish, clock)
    made = canonical(tenant.snapshot())
    second = outcome(tenant, scene, clock)
    assert second is None or "run the same command again" in second
    assert canonical(tenant.snapshot()) == made
    tenant.advance(0.02)
    assert outcome(tenant, scene, clock) is None
    assert canonical(tenant.snapshot()) == made
    assert planned(tenant, scene).actions == ()


def outcome(tenant: InProcess, scene: Scene, clock: Clock) -> str | None:
    """Return what a run gave up with; None where it ended well."""
    try:
        tenant.apply(scene.wish, clock)
    except GaveUp as problem:
        return str(problem)
    return None
