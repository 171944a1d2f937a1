"""Beyond the numbers that Exchange stops at: 1,000 rows of a list, 10,000 members of a group in one call."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from microsoft365.exchange.apply import apply
from microsoft365.exchange.failures import Failure
from tests.desired_state.builders import an_id, desired
from tests.desired_state.scenes import wish_for
from tests.desired_state.test_apply_lag import Directory
from tests.desired_state.wires import Clock
from tests.desired_state.without_sockets import InProcess, Quiet

ROOMS = 10_001
MOST_MEMBERS = 10_000
"""New-DistributionGroup and Update-DistributionGroupMember, -Members."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with InProcess(tmp_path_factory.mktemp("large")) as tenant:
        tenant.seed(rooms=ROOMS, people=2)
        yield tenant


def ran(tenant: InProcess) -> Counter[str]:
    return Counter(entry["cmdlet"] for entry in tenant.cmdlets())


def with_members(tenant: InProcess, number: int) -> dict[str, Any]:
    """Set up `policy` with so many of the rooms in the group, as if by an earlier run."""
    rooms = [one for one in tenant.simulator.store.first.mailboxes if one.resource_type == "Room"]
    wish = wish_for(tenant, tenant.application(), "policy", calendar="unmanaged")
    tenant.apply({**wish, "rooms": {"include": [one.address for one in rooms[:3]]}})
    group = next(one for one in tenant.simulator.store.first.groups if one.name == "RoomzResources")
    group.member_ids = [one.object_id for one in rooms[:number]]
    tenant.simulator.store.changed()
    tenant.simulator.log.clear()
    return wish


def test_a_group_of_more_members_than_one_call_takes_is_changed_member_by_member(large: InProcess) -> None:
    wish = with_members(large, ROOMS - 11)
    applied = large.apply(wish)
    assert applied.in_reach == ROOMS
    made = ran(large)
    assert made["Add-DistributionGroupMember"] == 11
    assert made["Update-DistributionGroupMember"] == 0
    assert made["Get-Mailbox"] == 11, "a page holds 1,000"
    assert made["Get-DistributionGroupMember"] == 10 + 11, "before and after"


def test_rbac_costs_no_call_for_a_room(large: InProcess) -> None:
    wish = wish_for(large, large.application(mark="roomz:roomz/large"), "rbac", calendar="unmanaged")
    wish["mark"] = "roomz:roomz/large"
    large.simulator.log.clear()
    assert large.apply(wish).in_reach == ROOMS
    changes = {name: number for name, number in ran(large).items() if not name.startswith("Get-")}
    assert changes == {"New-ServicePrincipal": 1, "New-ManagementScope": 1, "New-ManagementRoleAssignment": 1}


class Large(Directory):
    """A tenant of a few lines with as many rooms; it refuses more members at once than Exchange takes."""

    def _get_mailbox(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not hasattr(self, "_rows"):
            self._rows = [
                {
                    "ExternalDirectoryObjectId": an_id(f"object {number}"),
                    "Guid": an_id(f"guid {number}"),
                    "PrimarySmtpAddress": f"room-{number}@contoso.example",
                    "RecipientTypeDetails": "RoomMailbox",
                }
                for number in range(ROOMS)
            ]
        return self._rows

    def _get_distributiongroupmember(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        present = set(self.members)
        return [row for row in self._get_mailbox({}) if row["Guid"] in present]

    def _new_distributiongroup(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]] | Failure:
        assert len(parameters["Members"]) <= MOST_MEMBERS
        return super()._new_distributiongroup(parameters)

    def _add_distributiongroupmember(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.members.append(parameters["Member"])
        return []


def test_a_new_group_gets_as_many_members_as_one_call_takes_and_the_rest_one_by_one() -> None:
    directory = Large()
    applied = apply(directory, desired(calendar="unmanaged"), Quiet(), Clock().pace)
    assert applied.in_reach == ROOMS
    assert len(set(directory.members)) == len(directory.members) == ROOMS
