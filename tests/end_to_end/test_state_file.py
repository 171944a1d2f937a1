"""tests/support/state_file.py reads what `pulumi` shows: the tests rely on it for the state, outputs and changes of their stacks."""

import json

import pytest

from tests.support import state_file
from tests.support.stack import Stack


@pytest.mark.connected
def test_the_files_say_what_pulumi_says(stack: Stack) -> None:
    backend = stack.folder / "state"
    stack.configure(displayName="Renamed")
    stack.up()
    exported = json.loads(stack.pulumi("stack", "export").text)["deployment"]["resources"]
    assert state_file.resources(backend, stack.name) == exported
    shown = json.loads(stack.pulumi("stack", "output", "--json").text)
    assert state_file.HIDDEN in shown.values()
    assert state_file.outputs(backend, stack.name) == shown
    (update,) = json.loads(stack.pulumi("stack", "history", "--json", "--page-size", "1").text)
    found = state_file.last_update(backend, stack.name)
    assert found["resourceChanges"] == update["resourceChanges"]
    assert found["resourceChanges"]["update"] >= 1
    with pytest.raises(FileNotFoundError):
        state_file.resources(backend, "another")
