"""docs/permissions/roomz-role-group.ps1: whole PowerShell, cmdlets and parameters that Exchange has, no change unasked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell
from tree_sitter import Node

from microsoft365.exchange.rights import ROLE_GROUP_SCRIPT
from simulator.exchange.table import CMDLETS

SCRIPT = Path(__file__).resolve().parents[2] / ROLE_GROUP_SCRIPT
# Of PowerShell itself, and the script's own functions.
POWERSHELL = {"Set-StrictMode", "Get-Command", "Write-Warning", "Write-Output", "Sort-Object", "Where-Object"} | {
    "ForEach-Object",
    "Compare-Object",
    "Format-Table",
    "Format-List",
    "Out-Null",
    "Out-String",
    "Get-RoleEntries",
    "Get-RoleNamed",
    "Get-GroupAssignments",
}


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    return (node.text or b"").decode()


@pytest.fixture(scope="module")
def root() -> Node:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    return parser.parse(SCRIPT.read_bytes()).root_node


def commands(root: Node) -> Iterator[tuple[str, set[str], Node]]:
    """Every command with the names of its parameters."""
    for node in walk(root):
        name = node.child_by_field_name("command_name") if node.type == "command" else None
        if name is None:
            continue
        elements = node.child_by_field_name("command_elements")
        own = elements.children if elements is not None else []
        given = {text(one).lstrip("-").rstrip(":") for one in own if one.type == "command_parameter"}
        yield text(name), given, node


def test_it_is_whole_powershell(root: Node) -> None:
    assert not root.has_error
    assert [text(node)[:80] for node in walk(root) if node.is_error or node.is_missing] == []


def test_every_cmdlet_and_parameter_is_one_that_exchange_has(root: Node) -> None:
    used = set()
    for name, given, _ in commands(root):
        if name in POWERSHELL:
            continue
        used.add(name)
        cmdlet = CMDLETS[name.lower()]
        known = {*cmdlet.parameters, *cmdlet.documented, "ErrorAction"}
        assert given <= known, f"{name}: {given - known}"
        # A module's cmdlets do not see the script's own preference.
        assert "ErrorAction" in given, f"{name} would go on after an error"
    assert {"New-ManagementRole", "New-RoleGroup", "Add-RoleGroupMember", "Remove-ManagementRole"} <= used


def test_nothing_is_changed_without_asking_whether_it_should_be(root: Node) -> None:
    """-WhatIf says everything and does nothing: each change stands in an `if ($PSCmdlet.ShouldProcess(...))`, or behind a `continue`."""
    changing = [
        (name, node) for name, _, node in commands(root) if name not in POWERSHELL and not name.startswith("Get-")
    ]
    assert len(changing) >= 12
    for name, node in changing:
        parent, asked = node.parent, False
        while parent is not None and not asked:
            asked = parent.type == "if_statement" and "ShouldProcess" in text(parent).partition("{")[0]
            block = parent.type == "if_statement" and "ShouldProcess" in text(parent).partition(text(node))[0]
            asked = asked or (block and "continue }" in text(parent).partition(text(node))[0])
            parent = parent.parent
        assert asked, name


def test_cmdlets_that_ask_by_themselves_are_told_not_to(root: Node) -> None:
    for name, given, _ in commands(root):
        cmdlet = CMDLETS.get(name.lower())
        if cmdlet is not None and cmdlet.asks_first:
            assert "Confirm" in given, name
