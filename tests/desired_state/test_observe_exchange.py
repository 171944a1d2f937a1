"""What `observe` makes of Exchange's answers, over a wire that a test scripts."""

from collections.abc import Mapping
from typing import Any

import pytest

from microsoft365.exchange.observe import observe
from microsoft365.exchange.observed import Observed
from tests.desired_state.builders import an_id, desired
from tests.desired_state.test_apply_lag import Quiet
from tests.desired_state.wires import Exchange, bad, good


def recipient(name: str, kind: str, **more: Any) -> dict[str, Any]:
    address = f"{name}@contoso.example"
    return {
        "ExternalDirectoryObjectId": an_id(f"object {name}"),
        "Guid": an_id(f"guid {name}"),
        "PrimarySmtpAddress": address,
        "DisplayName": name,
        "EmailAddresses": [f"SMTP:{address}", f"smtp:old-{address}"],
        "RecipientTypeDetails": kind,
        **more,
    }


class Hybrid:
    """A tenant with one room here and what a test says elsewhere."""

    def __init__(self, *remote: dict[str, Any], failure: dict[str, Any] | None = None) -> None:
        self.exchange = Exchange()
        self.exchange.answer = self._answer
        self._remote, self._failure = list(remote), failure

    def _answer(self, cmdlet: str, parameters: Mapping[str, Any], _url: str) -> dict[str, Any]:
        if cmdlet == "Get-Mailbox":
            return good([recipient("here", "RoomMailbox")])
        if cmdlet == "Get-Recipient":
            assert parameters["RecipientTypeDetails"] == ["MailUser", "RemoteRoomMailbox"]
            assert parameters["Filter"] == "ResourceType -eq 'Room'"
            return self._failure or good(self._remote)
        return bad("ManagementObjectNotFoundException") if cmdlet == "Get-DistributionGroup" else good([])

    def read(self) -> Observed:
        return observe(self.exchange.transport(), desired(calendar="unmanaged"), Quiet())


@pytest.mark.parametrize(
    "row", [{"kind": "RemoteRoomMailbox"}, {"kind": "MailUser"}, {"kind": "MailUser", "ResourceType": "Room"}]
)
def test_rooms_on_premises_are_read_in_the_first_round(row: dict[str, str]) -> None:
    tenant = Hybrid(recipient("there", **row))
    found = tenant.read()
    assert [room.address for room in found.rooms] == ["here@contoso.example"]
    assert found.on_premises is not None
    (there,) = found.on_premises
    assert there.addresses == {"there@contoso.example", "old-there@contoso.example"}
    asked = ["RemoteRoomMailbox" in request.content.decode() for request in tenant.exchange.requests]
    # What follows looks for roles of an application without a policy.
    assert asked == [True, False]


def test_recipients_of_another_kind_are_no_rooms() -> None:
    """Some cmdlets answer with everything where a parameter is not to their liking."""
    beamer, vera = recipient("beamer", "MailUser", ResourceType="Equipment"), recipient("vera", "UserMailbox")
    assert Hybrid(beamer, vera).read().on_premises == ()


@pytest.mark.parametrize("kind", ["ParameterTransformationException", "ManagementObjectNotFoundException"])
def test_a_refusal_to_name_them_is_no_empty_list_and_stops_nobody(kind: str) -> None:
    found = Hybrid(failure=bad(kind, status=400)).read()
    assert found.on_premises is None
    assert len(found.rooms) == 1
