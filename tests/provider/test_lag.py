"""The provider against a tenant whose readers stay behind its writers, as Microsoft Entra's do.

The tenant's clock stands for time: it is moved on where a person would wait.  What the provider does not survive is a bug or a gap
of the provider, as in `test_traps.py`.  Source: Microsoft, "Designing for Eventual Consistency for Microsoft Entra".
"""

import pytest

from tests.provider.conftest import NewStack
from tests.provider.running import NAME

# The provider's own behaviour: it changes with its version, and with the simulated tenant.
pytestmark = [pytest.mark.end_to_end, pytest.mark.nightly]

SECONDS = 2
LONG = 3600
"""Longer than any `up` of these tests takes: what is new stays hidden until the clock is moved on."""


def test_an_application_and_a_password_wait_until_they_can_be_read(new_stack: NewStack) -> None:
    stack = new_stack("application", "password")
    stack.lag(graphCreateSeconds=SECONDS, graphChangeSeconds=SECONDS)
    stack.up()
    assert stack.tenant_holds() == stack.state_holds()


def test_a_service_principal_does_not_wait_and_the_next_up_finishes_it(new_stack: NewStack) -> None:
    """It says "Timed out", at once."""
    stack = new_stack("application", "principal")
    stack.up("--target", "**::application")
    stack.lag(graphCreateSeconds=LONG)
    assert "waiting for new service principal to be replicated" in stack.up(fails=True)
    stack.tenant.advance(seconds=LONG)
    stack.up()
    assert stack.tenant_holds() == stack.state_holds()


def test_a_grant_that_cannot_be_read_at_once_is_forgotten(new_stack: NewStack) -> None:
    """Waiting does not help: it is there, and the provider makes it again.  So the program imports it."""
    stack = new_stack("application", "principal")
    stack.up()
    stack.lag(graphCreateSeconds=LONG)
    stack.configure(declared=["application", "principal", "grant"])
    assert "expected non-nil error with nil state" in stack.up(fails=True)
    stack.tenant.advance(seconds=LONG)
    assert "Permission being assigned already exists on the object" in stack.up(fails=True)
    assert stack.tenant_holds().beyond(stack.state_holds()) == {"grants": 1}


def test_a_refresh_behind_a_change_believes_the_former_state_until_the_next(new_stack: NewStack) -> None:
    stack = new_stack("application", "principal")
    stack.up()
    stack.lag(graphChangeSeconds=LONG)
    stack.configure(name="Renamed", notes="changed")
    assert "2 updated" in stack.up()
    assert "2 updated" in stack.pulumi("refresh", "--yes", "--skip-preview")
    stack.tenant.advance(seconds=LONG)
    stack.up("--refresh")
    assert stack.project.state()["application"]["outputs"]["displayName"] == "Renamed"
    assert stack.tenant_holds() == stack.state_holds()


def test_an_import_of_what_cannot_be_read_yet_fails_and_can_be_repeated(new_stack: NewStack) -> None:
    stack = new_stack("application")
    stack.lag(graphCreateSeconds=LONG)
    made = stack.tenant.graph("POST", "/applications", {"displayName": NAME}).json()
    stack.configure(imported={"application": f"/applications/{made['id']}"})
    assert "does not exist" in stack.up(fails=True)
    stack.tenant.advance(seconds=LONG)
    assert "1 imported" in stack.up()
    assert stack.tenant_holds() == stack.state_holds()
