"""The end of each azuread resource, under troubles: which of them the provider survives.

The provider waits 20 s for the tenant to agree after each deletion but that of a grant, so each test deletes one thing.
"""

import pytest

from tests.provider.conftest import NewStack
from tests.provider.troubles import Trouble
from tests.support.holdings import Holdings

# The provider's own behaviour: it changes with its version, and with the simulated tenant.
pytestmark = [pytest.mark.end_to_end, pytest.mark.nightly]


def destroy(*targets: str) -> list[str]:
    """The arguments of a destroy of these resources, of everything without any."""
    return ["destroy", "--yes", "--skip-preview", *[each for name in targets for each in ("--target", f"**::{name}")]]


@pytest.mark.parametrize(
    ("declared", "target", "request_", "kind"),
    [
        (("application", "principal"), "principal", "DELETE /servicePrincipals/{id}", "429 with Retry-After"),
        (("application", "password"), "password", "POST removePassword", "503"),
        (("application", "principal", "grant"), "grant", "DELETE appRoleAssignedTo/{id}", "429"),
    ],
    ids=["principal", "password", "grant"],
)
def test_one_destroy_deletes(
    new_stack: NewStack, declared: tuple[str, ...], target: str, request_: str, kind: str
) -> None:
    stack = new_stack(*declared)
    stack.up()
    Trouble(request_, kind).ask_for(stack.tenant)
    stack.pulumi(*destroy(target))
    assert stack.tenant_holds() == stack.state_holds()
    assert target not in stack.project.state()


def test_the_deletion_of_an_application_ends_all_that_hangs_on_it(new_stack: NewStack) -> None:
    stack = new_stack("application", "principal", "grant", together=True)
    stack.up()
    Trouble("DELETE /applications/{id}", "429").ask_for(stack.tenant)
    began = stack.tenant.last_request()
    stack.pulumi(*destroy())
    assert stack.tenant_holds() == Holdings()
    deletions = [each["path"] for each in stack.tenant.requests(began) if each["method"] == "DELETE"]
    assert len(set(deletions)) == 1
    assert "/applications/" in deletions[0]


def test_a_grant_that_is_gone_already_cannot_be_deleted_without_refresh(new_stack: NewStack) -> None:
    """So a command of the project's takes grants away, and is content when there is nothing to take."""
    stack = new_stack("application", "principal", "grant")
    stack.up()
    Trouble("DELETE appRoleAssignedTo/{id}", "reset after").ask_for(stack.tenant)
    stack.pulumi(*destroy("grant"), fails=True)
    assert stack.tenant_holds().grants == set()
    assert "404" in stack.pulumi(*destroy("grant"), fails=True)
    stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "grant" not in stack.project.state()
