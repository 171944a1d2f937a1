"""Reading the stack's own outputs: while a file backend rewrites them, and when they cannot be read at all."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.last_outputs import read_last_outputs


def answers(monkeypatch: pytest.MonkeyPatch, *given: Any) -> list[Any]:
    left = list(given)

    def invoke(_token: str, _props: Any) -> Any:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(value={"outputs": answer})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    return left


def test_a_checkpoint_that_is_being_rewritten_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    half_written = Exception("readStackOutputs returned an error: failed to load checkpoint: EOF")
    left = answers(monkeypatch, half_written, half_written, {"clientId": "c", "clientSecret": "not kept"})
    found = read_last_outputs()
    assert found.client_id == "c"
    assert "not kept" not in repr(found)
    assert left == []


def test_anything_else_is_one_line_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Exception("rpc error:\n  stack not found"))
    with pytest.raises(pulumi.RunError, match="nothing was changed: rpc error: stack not found"):
        read_last_outputs()
