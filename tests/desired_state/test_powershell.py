"""Whatever a text holds, in a script it is that text and nothing else: read back from the syntax tree, by the language's rules."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as some

from microsoft365.exchange.observed import Observed
from microsoft365.exchange.plan import plan
from microsoft365.exchange.powershell import call, literal, remark, remarks, table
from microsoft365.exchange.runbook import render
from microsoft365.exchange.transport import Call
from tests.desired_state.builders import desired, fresh, group, member, policy, rooms
from tests.desired_state.hostile import texts
from tests.desired_state.wires import Exchange
from tests.support.powershell import syntax
from tests.support.powershell.interpreter import Interpreter
from tests.support.powershell.session import ExchangeSession
from tests.support.powershell.values import Row

MADE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Recorder(ExchangeSession):
    """A session that runs nothing, and notes what it was to run."""

    def __init__(self) -> None:
        super().__init__(None, "", "tenant", lambda: "")  # type: ignore[arg-type]

    def run(self, cmdlet: str, parameters: Mapping[str, Any]) -> list[Any]:
        self.ran.append((cmdlet, parameters))
        return [Row({"Guid": "x"})]


def run(code: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Run a line of PowerShell and return the cmdlets that were called, with what their parameters were."""
    session = Recorder()
    Interpreter(session).run(f"param([switch]$Apply)\r\n{code}\r\n")
    return session.ran


@settings(max_examples=300, deadline=None)
@given(texts)
@example("\u2019; Remove-Mailbox everybody; \u2019")
@example("\ud800")
def test_a_text_is_that_text_and_nothing_else(value: str) -> None:
    written = call("Set-Group", {"Identity": value, "Notes": [value, "b"], "Confirm": False})
    assert written.isascii()
    assert "\n" not in written
    assert "\r" not in written
    assert run(written) == [("Set-Group", {"Identity": value, "Notes": [value, "b"], "Confirm": False})]


@settings(max_examples=100, deadline=None)
@given(some.lists(texts, max_size=4))
def test_so_is_a_text_in_a_table(values: list[str]) -> None:
    rows = table([{"Guid": "g", "Name": value} for value in values])
    lines = [
        f"$Rows = {rows[0]}",
        *rows[1:],
        "foreach ($Row in $Rows) {",
        "    Set-Group -Notes $Row.Name -ErrorAction Stop",
        "}",
    ]
    assert run("\r\n".join(lines)) == [("Set-Group", {"Notes": value}) for value in values]


@settings(max_examples=200, deadline=None)
@given(texts)
def test_a_comment_is_one_comment_and_nothing_else(text: str) -> None:
    for lines in ([remark("Group:", text)], remarks("Group:", text)):
        written = "\r\n".join([*lines, "Get-Group", ""])
        assert written.isascii()
        root = syntax.parse(written)
        comments = [node for node in syntax.walk(root) if node.type == "comment"]
        assert [syntax.source(comment).rstrip() for comment in comments] == lines
        assert [one.name for one in syntax.commands(root)] == ["Get-Group"]
        # Neither what the engine reads before it runs anything, nor the beginning of a signature.
        assert not [line for line in lines if line.startswith(("#Requires", "# SIG #"))]


def test_a_literal_reads_as_a_person_would_write_it() -> None:
    assert literal("Room 1") == "'Room 1'"
    assert literal("Chef's") == "'Chef''s'"
    assert literal("Zürich") == "(-join ('Z', [char]0x00FC, 'rich'))"
    assert literal("") == "''"
    assert remark("Group:", "Zürich\n") == "# Group: Z{U+00FC}rich{U+000A}"


def test_the_reader_sees_a_literal_that_ends_too_early() -> None:
    """The proof of the proof: PowerShell ends a literal at a typographic quotation mark too."""
    for quote in ("'", "\u2019"):
        try:
            assert syntax.verbatim(f"'a{quote} b'") != "a b"
        except syntax.Malformed:
            continue
        raise AssertionError(quote)


@settings(max_examples=60, deadline=None)
@given(texts, texts, texts)
def test_a_whole_script_with_such_names_parses_and_calls_what_it_should(name: str, notes: str, address: str) -> None:
    """Names of rooms, of the group, of policies, and notes: whatever they hold, the same commands, and comments stay comments."""
    plain = commands_of("name", "notes", "a@b")
    assert commands_of(name, notes, address) == plain


def commands_of(name: str, notes: str, address: str) -> list[tuple[str, tuple[str, ...]]]:
    named = [replace(room, address=f"{address}{number}", name=name) for number, room in enumerate(rooms(12))]
    ours = group(name=name or "x", notes=notes, members=(member(named[0]),), hidden=False)
    policies = (policy(ours, description="roomz:roomz/old", scope_name=name),)
    observed = Observed(tuple(named), (ours,), policies, fresh(12).calendars)
    wish = desired(group={"adopt": True}, rooms={"max_removals": 12})
    found = plan(wish, observed)
    assert found.guard is None
    text = render(wish, observed, found, MADE)
    assert text.isascii()
    return [(one.name, tuple(one.parameters)) for one in syntax.commands(syntax.parse(text))]


@settings(max_examples=100, deadline=None)
@given(some.lists(texts, min_size=1, max_size=12))
def test_over_rest_they_are_unharmed_as_well(values: list[str]) -> None:
    exchange = Exchange()
    calls = [Call("Set-Group", {"Identity": value, "Notes": value, "Confirm": False}) for value in values]
    exchange.transport().run(calls)
    assert sorted(str(dict(given)) for _, given in exchange.cmdlets) == sorted(
        str(dict(one.parameters)) for one in calls
    )
