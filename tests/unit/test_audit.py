"""What the audit takes for an answer: a list that passes something over never counts as one that knows nothing."""

import json
from typing import Any

import pytest

from tools.audit import (
    FOUND,
    UNANSWERED,
    Answer,
    UnreachableError,
    Weakness,
    answer_of_govulncheck,
    answer_of_pip_audit,
    as_document,
    exit_code,
    in_one_line,
)
from tools.lock_file import Pin

PINS = (Pin("jinja2", "2.10", None, (), ()), Pin("rich", "15.0.0", None, (), ()))
KNOWN = {"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": ""}
CONFIG = {"config": {"protocol_version": "v1.0.0", "db": "https://vuln.example", "scan_mode": "binary"}}


def finding(osv: str, module: str, fixed: str | None = "v0.62.0") -> dict[str, Any]:
    """As `govulncheck -format json` writes it (golang.org/x/vuln/internal/govulncheck, type Finding)."""
    return {"finding": {"osv": osv, "fixed_version": fixed, "trace": [{"module": module, "version": "v0.58.0"}]}}


def test_what_pip_audit_knows_is_told_with_the_version_without_it() -> None:
    document = {
        "dependencies": [
            {"name": "Jinja2", "version": "2.10", "vulns": [KNOWN]},
            {"name": "rich", "version": "15.0.0", "vulns": []},
        ]
    }
    answer = answer_of_pip_audit("requirements.txt", document, PINS)
    assert answer == Answer((Weakness("requirements.txt", "jinja2", "2.10", "PYSEC-2019-217", "2.10.1"),), ())
    assert str(answer.weaknesses[0]) == "requirements.txt: jinja2 2.10: PYSEC-2019-217; without it from 2.10.1 on"
    assert exit_code([answer]) == FOUND


@pytest.mark.parametrize(
    "rest",
    [
        [{"name": "rich", "skip_reason": "Dependency not found on PyPI and could not be audited: rich (15.0.0)"}],
        [],
        [{"name": "rich", "version": "15.0.0"}],
    ],
)
def test_what_pip_audit_passes_over_is_not_clean(rest: list[dict[str, Any]]) -> None:
    """pip-audit says `No known vulnerabilities found` then, and ends with 0."""
    answer = answer_of_pip_audit(
        "requirements.txt", {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": []}, *rest]}, PINS
    )
    assert answer == Answer((), ("rich 15.0.0",))
    assert exit_code([Answer(), answer]) == UNANSWERED


def test_what_was_found_counts_for_more_than_what_could_not_be_asked() -> None:
    known = Answer((Weakness("here", "a", "1", "X", ""),))
    assert exit_code([Answer(unanswered=("b",)), known]) == FOUND
    assert exit_code([Answer(), Answer()]) == 0
    assert "no version without it is known" in str(known.weaknesses[0])


def test_one_weakness_of_two_programs_is_one_and_both_are_told() -> None:
    both = [
        Answer((Weakness("pulumi", "stdlib", "v1", "X", "v2"), Weakness("host", "stdlib", "v1", "X", "v2"))),
        Answer(unanswered=("rich 15.0.0",)),
    ]
    assert in_one_line(both) == "1 known weakness (2 with each lock and program counted) in what could be asked for."
    other = Answer((Weakness("requirements.txt", "rich", "1", "X", "2"),))
    assert in_one_line([*both, other]).startswith("2 known weaknesses (3 with")
    assert in_one_line([both[1]]) == "0 known weaknesses in what could be asked for."
    assert as_document(both) == {
        "weaknesses": [
            {"where": "pulumi", "package": "stdlib", "version": "v1", "name": "X", "fixed": "v2"},
            {"where": "host", "package": "stdlib", "version": "v1", "name": "X", "fixed": "v2"},
        ],
        "unanswered": ["rich 15.0.0"],
    }


def test_each_weakness_of_a_program_is_told_once() -> None:
    net = "golang.org/x/net"
    documents = [CONFIG, {"progress": {"message": "…"}}, finding("GO-2026-6866", net), finding("GO-2026-6866", net)]
    text = "\n".join(json.dumps(one, indent=2) for one in [*documents, finding("GO-2026-6809", "stdlib", None)])
    answer = answer_of_govulncheck("pulumi", text)
    assert answer.weaknesses == (
        Weakness("pulumi", net, "v0.58.0", "GO-2026-6866", "v0.62.0"),
        Weakness("pulumi", "stdlib", "v0.58.0", "GO-2026-6809", ""),
    )
    assert answer_of_govulncheck("pulumi", json.dumps(CONFIG)) == Answer()


@pytest.mark.parametrize(
    "text", ["", "govulncheck: fetching vulnerabilities: no such host", json.dumps({"progress": {}})]
)
def test_no_stream_of_govulncheck_is_no_answer(text: str) -> None:
    with pytest.raises(UnreachableError):
        answer_of_govulncheck("pulumi", text)
