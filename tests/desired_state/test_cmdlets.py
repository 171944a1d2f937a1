"""Every cmdlet and every parameter is one that Microsoft documents for Exchange Online, over REST and in scripts alike.

What any test sends to the simulated tenant is checked in conftest.py; here is what else there is: names in the code that no test
might call, and every script.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from microsoft365.exchange.actions import WORDS
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.ending import Ending
from microsoft365.exchange.observed import Observed
from microsoft365.exchange.plan import plan
from microsoft365.exchange.runbook import render
from microsoft365.exchange.runbook_removal import render_removal
from tests.desired_state import builders, rbac_builders
from tests.desired_state.builders import MARK, desired, group, member, person, policy, rooms
from tests.desired_state.cmdlet_table import CMDLETS, unknown
from tests.desired_state.rbac_builders import assignment, principal, scope, wish
from tests.desired_state.tenant import PROJECT
from tests.support.powershell import syntax
from tools.python_source import syntax_tree

MADE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NAME = re.compile(r"(?:Get|Set|New|Add|Remove|Update|Test|Enable|Connect)-[A-Z][A-Za-z]+")
# PowerShell's own, and the functions of our scripts.
LANGUAGE = {"Get-Date", "Set-StrictMode", "Add-Type"}
LISTED = builders.settled(12)
ROOMS = rooms(12)


def drifted(**changes: object) -> Observed:
    """Return a tenant of `policy` in which everything differs that can."""
    ours = group(
        [member(one) for one in ROOMS[2:]] + [person("vera")],
        notes=f"of the reception\n{builders.retired()}",
        name="Other",
        alias="Other",
        address="old@contoso.example",
        addresses=frozenset({builders.ADDRESS.casefold(), "old@contoso.example"}),
        hidden=False,
    )
    gone = group(guid=builders.an_id("gone"), object_id=builders.an_id("gone too"))
    policies = (policy(ours, description="roomz:roomz/old"), policy(gone, identity="left over"))
    return replace(builders.fresh(12), groups=(ours,), policies=policies, **changes)  # type: ignore[arg-type]


RBAC_DRIFTED = rbac_builders.settled(
    3,
    principal=principal(display_name="by hand"),
    scopes=(
        scope(name="roomz:roomz/old", text="RecipientTypeDetails -eq 'UserMailbox'"),
        scope(guid="x", name="Everybody"),
    ),
    assignments=(
        assignment(name=f"roomz:roomz/old {rbac_builders.PRINCIPAL[:8]}", scope="roomz:roomz/old"),
        assignment(guid="y", scope="Everybody", enabled=False),
    ),
)
FORMER = rbac_builders.settled(3, principal=principal(object_id=builders.an_id("former")))
MANY = {"max_removals": 1000}
CASES: dict[str, tuple[DesiredState, Observed]] = {
    "policy, first": (desired(), builders.fresh(3)),
    "policy, many": (desired(), builders.fresh(12)),
    "policy, drifted": (desired(rooms=MANY), drifted()),
    "policy, at least": (desired(group={"members": "atLeast"}), replace(builders.fresh(12), groups=(group(),))),
    "policy, settled": (desired(), builders.settled()),
    "rbac, first": (wish(), rbac_builders.fresh(3, customized=False)),
    "rbac, drifted": (wish(rooms=MANY), RBAC_DRIFTED),
    "rbac, another principal": (wish(rooms=MANY), FORMER),
    "rbac, a list": (wish(rooms={"include": [ROOMS[0].address, ROOMS[1].address]}), rbac_builders.fresh(3)),
    "rbac, a list that is pointed elsewhere": (
        wish(rooms={"include": [ROOMS[0].address], **MANY}),
        replace(rbac_builders.settled(3), groups=(group([member(ROOMS[0])]),)),
    ),
    "rbac, settled": (wish(), rbac_builders.settled()),
}


def script_of(case: str) -> str:
    wanted, observed = CASES[case]
    found = plan(wanted, observed)
    assert found.guard is None, found.guard
    return render(wanted, observed, found, MADE)


REMOVALS = {
    "policy": Ending(policies=(policy(),), groups=(group(), group(notes=f"{MARK} adopted")), rooms=("a", "b")),
    "rbac": Ending(assignments=(assignment(),), scopes=(scope(),), principals=(principal(),), groups=(group(),)),
}


def removal_of(model: str) -> str:
    ends = replace(REMOVALS[model], not_before=MADE)
    return render_removal(ends, desired().connection, MARK, "policy" if model == "policy" else "rbac", "a role", MADE)


def cmdlets_in(script: str) -> Iterator[syntax.Command]:
    root = syntax.parse(script)
    own = {syntax.source(node) for node in syntax.walk(root) if node.type == "function_name"}
    for command in syntax.commands(root):
        if command.name not in own and command.name not in LANGUAGE and NAME.fullmatch(command.name):
            yield command


@pytest.mark.parametrize("script", [*map(script_of, CASES), *map(removal_of, REMOVALS)], ids=[*CASES, *REMOVALS])
def test_a_script_calls_documented_cmdlets_only_and_stops_at_errors(script: str) -> None:
    found = list(cmdlets_in(script))
    assert len(found) > 5
    assert [wrong for one in found for wrong in unknown(one.name, one.parameters)] == []
    for one in found:
        if not one.name.endswith(("-ConnectionInformation", "-ExchangeOnline")):
            # A preference variable of the script does not reach the functions of a module.
            assert "ErrorAction" in one.parameters, f"line {one.line}: {one.name}"
            assert not one.arguments, f"line {one.line}: {one.name} with a value that has no name"
        if not one.name.startswith(("Get-", "Test-", "Connect-")):
            assert "Confirm" in one.parameters, f"line {one.line}: {one.name} may ask"


def test_every_kind_of_action_is_in_a_script() -> None:
    kinds = {action.kind for wanted, observed in CASES.values() for action in plan(wanted, observed).actions}
    assert kinds == set(WORDS)


@pytest.mark.parametrize("case", CASES)
def test_a_script_says_why_and_whom_it_touches(case: str) -> None:
    wanted, observed = CASES[case]
    text = script_of(case)
    for action in plan(wanted, observed).actions:
        assert action.touches in " ".join(line.strip("# ") for line in text.splitlines()), action.kind
    assert wanted.connection.tenant_id in text
    assert MARK in text
    assert "2026-11-24T09:30:00Z" in text


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Call", "call"):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def test_every_cmdlet_that_the_client_names_is_in_the_table() -> None:
    files = sorted((PROJECT / "microsoft365" / "exchange").glob("*.py"))
    named = {name for path in files for name in literals(path)}
    assert len(named) > 30
    assert named - set(CMDLETS) == set()


def test_the_table_refuses_what_is_not_in_it() -> None:
    assert unknown("Set-Group", ["Identity", "ErrorAction"]) == []
    assert unknown("Set-Group", ["Members"]) == ["Set-Group -Members"]
    assert unknown("Test-ServicePrincipalAuthorization", ["Role"]) == ["Test-ServicePrincipalAuthorization -Role"]
    assert unknown("Get-Everything", []) == ["Get-Everything"]
