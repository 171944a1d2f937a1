"""Where the azuread provider leaves something behind, or cannot go on: what the project has to live with.

Each of these is a bug or a gap of the provider, not of the project.  A test that fails after the provider was updated is good news:
the work-around of its docstring can go.  How often chance meets them, docs/provider-faults.md says.
"""

import pytest

from tests.provider.conftest import NewStack
from tests.provider.troubles import Trouble

# The provider's own behaviour: it changes with its version, and with the simulated tenant.
pytestmark = [pytest.mark.end_to_end, pytest.mark.nightly]


def test_an_application_whose_answer_was_lost_is_made_twice(new_stack: NewStack) -> None:
    """So the program looks for applications with its mark that the state does not hold."""
    stack = new_stack("application")
    Trouble("POST /applications", "reset after").ask_for(stack.tenant)
    assert "Could not create application" in stack.up(fails=True)
    stack.up()
    assert stack.tenant_holds().beyond(stack.state_holds()) == {"applications": 1}


def test_a_service_principal_whose_answer_was_lost_is_taken_over(new_stack: NewStack) -> None:
    """Thanks to use_existing; without it the next `up` would be refused."""
    stack = new_stack("application", "principal")
    Trouble("POST /servicePrincipals", "reset after").ask_for(stack.tenant)
    assert "Could not create service principal" in stack.up(fails=True)
    stack.up()
    assert stack.tenant_holds() == stack.state_holds()


def test_a_grant_whose_answer_was_lost_blocks_every_further_up(new_stack: NewStack) -> None:
    """So the program takes such a grant over by its id, with an import."""
    stack = new_stack("application", "principal", "grant")
    Trouble("POST appRoleAssignedTo", "reset after").ask_for(stack.tenant)
    stack.up(fails=True)
    assert "Permission being assigned already exists on the object" in stack.up(fails=True)
    assert stack.tenant_holds().beyond(stack.state_holds()) == {"grants": 1}

    state = stack.project.state()
    principal = state["principal"]["outputs"]["objectId"]
    (grant,) = stack.tenant.graph("GET", f"/servicePrincipals/{principal}/appRoleAssignments").json()["value"]
    stack.configure(imported={"grant": f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"})
    assert "1 imported" in stack.up()
    assert stack.tenant_holds() == stack.state_holds()


def test_a_password_whose_answer_was_lost_is_made_twice(new_stack: NewStack) -> None:
    """So a password's display name says its generation, and what the outputs do not know is named."""
    stack = new_stack("application", "password")
    Trouble("POST addPassword", "reset after").ask_for(stack.tenant)
    assert "Adding password for Application" in stack.up(fails=True)
    stack.up()
    assert stack.tenant_holds().beyond(stack.state_holds()) == {"passwords": 1}


def test_a_password_that_another_change_was_in_the_way_of_needs_another_up(new_stack: NewStack) -> None:
    stack = new_stack("application", "password")
    Trouble("POST addPassword", "409").ask_for(stack.tenant)
    assert "Directory_ConcurrencyViolation" in stack.up(fails=True)
    stack.up()
    assert stack.tenant_holds() == stack.state_holds()


def test_a_refresh_that_reads_too_early_forgets_what_it_cannot_see(new_stack: NewStack) -> None:
    """So nothing is refreshed right after it was made; a password that was forgotten so would be made twice."""
    stack = new_stack("application", "principal", "grant")
    stack.up()
    Trouble("GET appRoleAssignedTo/{id}", "404").ask_for(stack.tenant)
    assert "1 deleted" in stack.pulumi("refresh", "--yes", "--skip-preview")
    assert stack.tenant_holds().beyond(stack.state_holds()) == {"grants": 1}


def test_updates_whose_connection_was_cut_need_another_up(new_stack: NewStack) -> None:
    stack = new_stack("application", "principal")
    stack.up()
    Trouble("PATCH /applications/{id}", "reset before").ask_for(stack.tenant)
    Trouble("PATCH /servicePrincipals/{id}", "reset after").ask_for(stack.tenant)
    stack.configure(name="Renamed", notes="changed")
    for _ in range(2):  # the application's update stops the first, the service principal's the second
        stack.up(fails=True)
    stack.up()
    assert stack.tenant_holds() == stack.state_holds()
    ours = stack.tenant_holds().applications | stack.tenant_holds().principals
    snapshot = stack.tenant.snapshot()
    items = [each for each in (*snapshot["applications"], *snapshot["servicePrincipals"]) if each["id"] in ours]
    assert [each["properties"].get("notes") for each in items] == ["changed", "changed"]
