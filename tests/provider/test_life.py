"""Create, read, update and import of each azuread resource that the project uses, with and without transient troubles.

Whatever the tenant refuses for a moment (429 with and without Retry-After, 500, 503), and at whichever request, one `pulumi up`
ends well, and state and tenant hold the same.  `test_traps.py` has what does not end so well, `test_deletion.py` the end.
"""

from typing import Any

import pytest

from tests.provider.conftest import NewStack
from tests.provider.running import ProviderStack
from tests.provider.troubles import READS, WRITES, Trouble

pytestmark = pytest.mark.end_to_end

KINDS = ("429 with Retry-After", "503", "429", "500")
"""What the next of each request meets, dealt out in turn."""
IMPORTED = ("application", "principal", "grant")
"""A password has no import: its value is shown only once."""


def trouble_everything(stack: ProviderStack) -> None:
    """Let the next of each request meet one of the troubles."""
    stack.tenant.heal()
    for index, request in enumerate(WRITES | READS):
        Trouble(request, KINDS[index % len(KINDS)]).ask_for(stack.tenant)


def met(stack: ProviderStack) -> list[str]:
    """The requests that met a trouble, by method and path."""
    faults = stack.tenant.control("GET", "/faults")["faults"]
    return [f"{each['match']['method']} {each['match']['path']}" for each in faults if each["seen"]]


def application_of(stack: ProviderStack) -> dict[str, Any]:
    """The one application that the tenant has since the stack began."""
    (made,) = stack.tenant_holds().applications
    found: list[dict[str, Any]] = stack.tenant.snapshot()["applications"]
    return next(each for each in found if each["id"] == made)


@pytest.mark.parametrize(
    "troubled",
    [
        pytest.param(False, id="no-trouble"),
        pytest.param(True, id="every-request-refused-once", marks=pytest.mark.nightly),
    ],
)
def test_one_up_creates_changes_and_imports(new_stack: NewStack, troubled: bool) -> None:
    stack = new_stack()
    if troubled:
        trouble_everything(stack)
    stack.up()
    assert not troubled or len(met(stack)) == len(WRITES | READS)
    assert stack.tenant_holds() == stack.state_holds()
    made = application_of(stack)
    assert (made["properties"]["displayName"], len(made["passwords"])) == ("Provider test", 1)
    assert made["passwords"][0]["endDateTime"] == "2028-01-31T00:00:00Z"

    if troubled:
        trouble_everything(stack)
    stack.configure(name="Renamed", notes="changed")
    assert "2 updated" in stack.up("--refresh")
    assert not troubled or len(met(stack)) >= 2 + len(READS)
    changed = application_of(stack)
    assert (changed["properties"]["displayName"], changed["properties"]["notes"]) == ("Renamed", "changed")
    assert changed["passwords"] == made["passwords"]

    if troubled:
        trouble_everything(stack)
    state = stack.project.state()
    other = new_stack(*IMPORTED, imported={name: state[name]["id"] for name in IMPORTED}, notes="changed")
    other.configure(name="Renamed")
    assert "3 imported" in other.up()
    assert {name: each["id"] for name, each in other.project.state().items() if name in IMPORTED} == {
        name: state[name]["id"] for name in IMPORTED
    }


def test_a_change_by_hand_is_seen_by_refresh_and_by_nothing_else(new_stack: NewStack) -> None:
    stack = new_stack("application", "principal", "grant")
    stack.up()
    application, grant = application_of(stack), stack.project.state()["grant"]["id"]
    renamed = stack.tenant.graph("PATCH", f"/applications/{application['id']}", {"displayName": "By hand"})
    assert renamed.status_code == 204
    assert stack.tenant.graph("DELETE", grant).status_code == 204
    assert "4 unchanged" in stack.up()
    stack.up("--refresh")
    assert stack.tenant_holds() == stack.state_holds()
    assert len(stack.tenant_holds().grants) == 1
    assert application_of(stack)["properties"]["displayName"] == "Provider test"
