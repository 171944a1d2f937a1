"""A directory that lags behind its own writes, seen by a tenant of a few lines: waiting, looking again, and saying so."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from microsoft365.errors import BadInput, GaveUp, Guarded, OutcomeUnknown, TenantRefused
from microsoft365.exchange.apply import apply
from microsoft365.exchange.failures import Failure
from microsoft365.exchange.transport import Answer, Call, Progress
from tests.desired_state.builders import ADDRESS, CLIENT, TENANT, an_id, desired
from tests.desired_state.wires import Clock

NOT_FOUND = Failure(404, "ManagementObjectNotFoundException", "gibt es nicht")
EXISTS = Failure(400, "ADObjectAlreadyExistsException", "gibt es schon")
GUID = an_id("new group")


class Quiet:
    """Tells nobody anything."""

    def begin(self, _label: str, _total: int) -> Progress:
        return lambda _: None


class Directory:
    """Two rooms, and whatever is made. `failures` gives each cmdlet's next failures, `hidden` its empty readings."""

    def __init__(self) -> None:
        self.group: dict[str, Any] | None = None
        self.members: list[str] = []
        self.policies: list[dict[str, Any]] = []
        self.titled: set[str] = set()
        # Rooms that were set and do not show it yet.
        self.titled_late: set[str] = set()
        self.failures: dict[str, list[Failure | Exception | str]] = {}
        self.hidden: dict[str, int] = {}
        self.ran: list[str] = []

    def run(self, calls: Sequence[Call], progress: Progress | None = None) -> list[Answer]:
        return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Answer:
        self.ran.append(call.cmdlet)
        planned = self.failures.get(call.cmdlet)
        failure = planned.pop(0) if planned else None
        if isinstance(failure, Failure):
            return Answer(call, failure=failure)
        if isinstance(failure, Exception):
            raise failure
        answer = getattr(self, "_" + call.cmdlet.replace("-", "_").lower())(call.parameters)
        if failure == "lost":
            raise OutcomeUnknown("lost")
        if self.hidden.get(call.cmdlet, 0) > 0 and self.group is not None:
            self.hidden[call.cmdlet] -= 1
            answer = []
        return Answer(call, failure=answer) if isinstance(answer, Failure) else Answer(call, tuple(answer))

    def _get_mailbox(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "ExternalDirectoryObjectId": an_id(f"object {name}"),
                "Guid": an_id(f"guid {name}"),
                "PrimarySmtpAddress": f"{name}@contoso.example",
                "RecipientTypeDetails": "RoomMailbox",
            }
            for name in ("one", "two")
        ]

    def _get_recipient(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        return []

    def _get_serviceprincipal(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        return []

    def _get_group(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [self.group] if self.group else []

    def _get_distributiongroup(self, _: Mapping[str, Any]) -> list[dict[str, Any]] | Failure:
        return [self.group] if self.group else NOT_FOUND

    def _get_distributiongroupmember(self, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = self._get_mailbox({})
        return [row for row in rows if row["Guid"] in self.members]

    def _get_applicationaccesspolicy(self, _: Mapping[str, Any]) -> list[dict[str, Any]] | Failure:
        return self.policies or NOT_FOUND

    def _get_calendarprocessing(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        kept = parameters["Identity"] not in self.titled - self.titled_late
        return [dict.fromkeys(("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty"), kept)]

    def _new_distributiongroup(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]] | Failure:
        if self.group is not None:
            return EXISTS
        self.group = {
            **{name: parameters[name] for name in ("Name", "Alias", "PrimarySmtpAddress", "Notes")},
            "Guid": GUID,
            "ExternalDirectoryObjectId": an_id("new group object"),
            "RecipientTypeDetails": "MailUniversalSecurityGroup",
            "HiddenFromAddressListsEnabled": False,
        }
        self.members = list(parameters["Members"])
        return [self.group]

    def _set_distributiongroup(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert self.group is not None
        self.group.update({name: value for name, value in parameters.items() if name in self.group})
        return []

    def _new_applicationaccesspolicy(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert self.group is not None
        scope = f"S-1-5;{self.group['ExternalDirectoryObjectId']}"
        row = {"Identity": f"{TENANT}\\{CLIENT}:{scope}", "AppId": CLIENT.upper(), "ScopeIdentityRaw": scope}
        self.policies.append({**row, "AccessRight": "RestrictAccess", "Description": parameters["Description"]})
        return self.policies[-1:]

    def _set_calendarprocessing(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.titled.add(parameters["Identity"])
        return []


def perform(directory: Directory, clock: Clock | None = None, **changes: Any) -> Any:
    return apply(directory, desired(**changes), Quiet(), (clock or Clock()).pace)


def test_the_little_tenant_is_set_up_and_left_alone() -> None:
    directory = Directory()
    assert perform(directory).in_reach == 2
    assert perform(directory).plan.actions == ()


@pytest.mark.parametrize("cmdlet", ["Set-DistributionGroup", "New-ApplicationAccessPolicy"])
def test_a_group_that_is_not_known_everywhere_yet_is_waited_for(cmdlet: str) -> None:
    directory, clock = Directory(), Clock()
    directory.failures[cmdlet] = [NOT_FOUND] * 4
    perform(directory, clock)
    assert directory.ran.count(cmdlet) == 5
    assert 1 < clock.seconds < 90


@pytest.mark.parametrize("cmdlet", ["Set-DistributionGroup", "New-ApplicationAccessPolicy"])
def test_a_group_that_never_comes_is_an_error(cmdlet: str) -> None:
    directory, clock = Directory(), Clock()
    directory.failures[cmdlet] = [NOT_FOUND] * 99
    with pytest.raises(TenantRefused, match=cmdlet):
        perform(directory, clock)
    assert clock.seconds <= 90


@pytest.mark.parametrize("cmdlet", ["New-DistributionGroup", "New-ApplicationAccessPolicy"])
@pytest.mark.parametrize("lost", ["lost", OutcomeUnknown("lost before the effect")])
def test_invariant_2_what_got_no_answer_is_looked_for_before_it_is_made_again(cmdlet: str, lost: Any) -> None:
    directory = Directory()
    directory.failures[cmdlet] = [lost]
    perform(directory)
    assert directory.ran.count(cmdlet) == (1 if lost == "lost" else 2)
    assert len(directory.policies) == 1


def test_a_group_made_by_a_lost_attempt_that_shows_late_is_found() -> None:
    directory = Directory()
    directory.failures["New-DistributionGroup"] = ["lost"]
    directory.hidden["Get-Group"] = 2
    perform(directory)
    assert directory.ran.count("New-DistributionGroup") == 3
    assert directory.members


def test_a_name_that_somebody_else_has_is_an_error_soon() -> None:
    directory, clock = Directory(), Clock()
    directory.failures["New-DistributionGroup"] = [EXISTS]
    with pytest.raises(TenantRefused, match="gibt es schon"):
        perform(directory, clock)
    assert directory.ran.count("New-DistributionGroup") == 1
    assert clock.seconds <= 15


def test_invariant_3_what_an_earlier_run_made_and_exchange_lists_late_is_not_gone_on_with_unseen() -> None:
    """Its members were not looked at when the plan was made: a person among them would be in reach."""
    directory, clock = Directory(), Clock()
    perform(directory)
    directory.policies.clear()
    directory.hidden.update({"Get-Group": 3, "Get-DistributionGroup": 2})
    directory.ran.clear()
    with pytest.raises(GaveUp, match="It is this stack's own, made a moment ago"):
        perform(directory, clock)
    assert not [one for one in directory.ran if one.startswith(("New-Application", "Set-", "Add-"))]
    assert perform(directory).plan.counts == {"createPolicy": 1}


def test_invariant_1_a_policy_that_never_shows_is_no_success() -> None:
    directory = Directory()
    directory.hidden["Get-ApplicationAccessPolicy"] = 99
    with pytest.raises(GaveUp, match="nothing may be granted"):
        perform(directory)


def test_what_else_is_late_is_said() -> None:
    directory, clock = Directory(), Clock()
    directory.hidden["Get-DistributionGroupMember"] = 99
    applied = perform(directory, clock)
    assert any("2 rooms as members" in notice for notice in applied.notices)
    assert clock.seconds <= 60


def test_rooms_on_which_exchange_does_not_show_titles_are_not_counted() -> None:
    directory, clock = Directory(), Clock()
    directory.titled_late.add(an_id("guid two"))
    directory.policies.append({"Identity": "all", "AppId": "*", "AccessRight": "DenyAccess"})
    applied = perform(directory, clock)
    assert applied.with_titles == 1
    # What only this run can tell comes before what every preview repeats.
    assert "calendar processing of 1 of the 2 rooms looked at" in applied.notices[0]
    assert "a policy for all applications exists" in applied.notices[-1]
    directory.titled_late.clear()
    assert perform(directory).with_titles == 2


def test_what_is_late_for_a_moment_is_waited_for() -> None:
    directory = Directory()
    directory.hidden = {"Get-DistributionGroupMember": 1, "Get-ApplicationAccessPolicy": 2}
    assert not [notice for notice in perform(directory).notices if "yet" in notice]


def test_a_guard_stops_before_anything_is_done() -> None:
    directory = Directory()
    perform(directory)
    assert directory.group is not None
    directory.group["Notes"] = "of the reception"
    directory.policies.clear()
    directory.ran.clear()
    with pytest.raises(Guarded, match="nothing was changed"):
        perform(directory)
    assert not [cmdlet for cmdlet in directory.ran if not cmdlet.startswith("Get-")]


def test_without_a_client_id_nothing_is_even_read() -> None:
    directory = Directory()
    with pytest.raises(BadInput):
        perform(directory, application={})
    assert directory.ran == []


class Generous(Directory):
    """Answers a group that does not exist with all groups there are, as Get-DistributionGroup's page warns."""

    def _get_distributiongroup(self, _: Mapping[str, Any]) -> list[dict[str, Any]] | Failure:
        foreign = {
            "Name": "Everybody",
            "Alias": "everybody",
            "PrimarySmtpAddress": "everybody@contoso.example",
            "Guid": an_id("everybody"),
            "RecipientTypeDetails": "MailUniversalSecurityGroup",
        }
        return [foreign, *([self.group] if self.group else [])]


def test_a_get_that_answers_with_all_objects_is_not_taken_at_its_word() -> None:
    applied = perform(Generous())
    assert applied.group is not None
    assert applied.group.address == ADDRESS
    assert applied.group.object_id == an_id("new group object")
