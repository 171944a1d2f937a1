"""docs/verify.md says what is so: every test that it names exists, every symptom has one, every option and code is there."""

import ast
import re
from pathlib import Path

import pytest

from microsoft365.verification.report import Report
from scripts.verify_connector import EXIT_CODES, program
from tools.python_source import syntax_tree
from tools.verification_document import SYMPTOMS, where_seen

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
NAMED = sorted(
    {
        (path, test)
        for path, names in re.findall(r"\]\(\.\./(tests/[\w/]+\.py)\): ((?:`\w+`(?:, )?)+)", PAGE)
        for test in re.findall(r"`(\w+)`", names)
    }
)


@pytest.mark.parametrize(("path", "test"), NAMED, ids=lambda each: each.rpartition("/")[2])
def test_every_test_that_the_page_names_exists(path: str, test: str) -> None:
    tree = syntax_tree(ROOT / path)
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_names_tests_for_what_people_see_and_for_every_symptom() -> None:
    assert len(NAMED) > 25
    seen = PAGE.partition("## What people see")[2].partition("## Everything")[0]
    rows = [line for line in seen.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 6
    assert [row for row in rows if not re.search(r"`test_\w+`", row)] == []
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", seen))
    assert named <= {symptom.name for symptom in SYMPTOMS}
    assert set(where_seen()) == {symptom.name for symptom in SYMPTOMS}


def test_the_page_has_every_option_exit_code_and_field() -> None:
    from typer.main import get_command

    options = [name for each in get_command(program).params for name in each.opts if name != "--help"]
    assert [name for name in options if f"`{name}" not in PAGE and f"{name}" not in PAGE] == []
    for code in {*EXIT_CODES.values(), 2, 4}:
        assert f"\n| {code} | " in PAGE
    for field in ("schemaVersion", "verdict", "closed", "findings"):
        assert field in {one.alias for one in Report.model_fields.values()}
        assert f"`{field}`" in PAGE
