"""How every script ends: whatever a person wrote wrongly is one line and an exit code, never a traceback."""

import io
import json
import sys

import pytest
from pydantic import BaseModel

from microsoft365.errors import BadInput, GaveUp
from scripts.ending import patient, read_input, told


class Sheet(BaseModel):
    """A document that somebody may write wrongly."""

    number: int
    secret: int = 0


@pytest.mark.parametrize("document", [{"number": "many"}, {"number": 1, "secret": "hunter2"}, {}])
def test_invariant_4_and_6_a_value_of_a_wrong_form_is_one_line_without_the_value(
    capsys: pytest.CaptureFixture[str], document: dict[str, object]
) -> None:
    with pytest.raises(SystemExit) as ended, told():
        Sheet.model_validate(document)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "number: " in said or "secret: " in said
    assert "hunter2" not in said


def test_a_document_that_is_none_is_called_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), told():
        Sheet.model_validate_json("{")
    assert capsys.readouterr().err.startswith("error: Sheet: Invalid JSON")


def test_the_program_that_asked_gets_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told(errors_as_json=True):
        Sheet.model_validate({})
    found = capsys.readouterr()
    assert ended.value.code == 0
    assert json.loads(found.out) == {"schemaVersion": 1, "error": "number: Field required", "exitCode": 2}
    assert found.err == ""


def test_other_problems_keep_their_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told():
        raise GaveUp("not\nyet")
    assert ended.value.code == 5
    assert capsys.readouterr().err == "error: not yet\n"


def test_input_that_is_no_text_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{\xff}"), encoding="utf-8"))
    with pytest.raises(BadInput, match="the wish, on standard input, is not UTF-8"):
        read_input("the wish")


def test_a_long_wait_is_told_with_its_reason_and_not_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    pace = patient()
    pace.tell(0.5, "a moment")
    pace.tell(3.0, "Reading a second time")
    pace.tell(3.0, "too soon to say it again")
    assert capsys.readouterr().err == "Reading a second time; waiting 3 s\n"
