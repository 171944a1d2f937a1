"""`secret_status`: what a scheduler reads of stacks, by exit code, line, JSON and Markdown; pulumi is a stand-in on PATH."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from components.secret_plan import format_date
from scripts import secret_status
from tests.support import documents

END = "2028-11-23T00:00:00Z"
RENEWS = "2028-09-23T00:00:00Z"
QUIET, SIXTY, THIRTY, SEVEN, AFTER = "2027-01-01", "2028-09-24", "2028-10-30", "2028-11-16T00:00:00Z", "2028-11-24"


def outputs(**changes: Any) -> dict[str, Any]:
    return {
        "secretGeneration": 0,
        "secretExpiresOn": END,
        "secretRenewsOn": RENEWS,
        "handOver": {"status": "done"},
        "issuedSecrets": {"0": {"keyId": "k", "issuedOn": "2026-11-24T09:30:00Z", "endsOn": END}},
        "clientSecret": "[secret]",
        **changes,
    }


PENDING = outputs(
    secretGeneration=1,
    secretExpiresOn="2030-09-22T00:00:00Z",
    secretRenewsOn="2030-07-22T00:00:00Z",
    handOver={"status": "pending", "by": END},
)


class Pulumi:
    """A stand-in for the CLI: it prints a stack's outputs, and refuses a stack that it does not know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "pulumi"
        program.write_text(
            "#!/bin/sh\n"
            'name=selected; while [ $# -gt 0 ]; do [ "$1" = --stack ] && name=$2; shift; done\n'
            f'[ -f "{folder}/$name.json" ] && exec cat "{folder}/$name.json"\n'
            "echo \"error: no stack named '$name' found\" >&2; exit 6\n"
        )
        program.chmod(0o755)

    def stack(self, name: str, found: dict[str, Any]) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(found))


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return Pulumi(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(secret_status.program, list(arguments))


@pytest.mark.parametrize(
    ("found", "at", "code", "words"),
    [
        (outputs(), QUIET, 0, f"fine: client secret generation 0 is recorded as handed over; it ends on {END}"),
        (PENDING, QUIET, 0, f"fine: client secret generation 1 waits to be handed over, at the latest on {END}"),
        (outputs(), SIXTY, 10, "due: To do within 60 days: client secret generation 0 ends on"),
        (PENDING, SIXTY, 10, "due: To do within 60 days: client secret generation 1 is not recorded as handed over"),
        (PENDING, THIRTY, 10, "due: To do within 30 days: "),
        (PENDING, SEVEN, 10, "due: URGENT: "),
        (outputs(), AFTER, 8, "overdue: OVERDUE: client secret generation 0 ended on"),
        (
            PENDING,
            AFTER,
            8,
            f"overdue: OVERDUE: client secret generation 1 is not recorded as handed over, and the one that the ROOMZ Portal has is dead since {END}",
        ),
        (outputs(handOver={"status": "overdue"}), QUIET, 8, "overdue: OVERDUE: "),
    ],
)
def test_one_line_and_an_exit_code(pulumi: Pulumi, found: dict[str, Any], at: str, code: int, words: str) -> None:
    pulumi.stack("prod", found)
    ended = run("--stack", "prod", "--at", at)
    assert ended.exit_code == code
    assert ended.stdout.startswith(f"prod: {words}")
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == ""


def test_the_selected_stack_is_read_as_of_today(pulumi: Pulumi) -> None:
    today = format_date(datetime.now(UTC))
    pulumi.stack("selected", outputs(secretExpiresOn="2999-01-01T00:00:00Z", secretRenewsOn="2998-11-01T00:00:00Z"))
    ended = run("--json")
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["at"][:10] in {today[:10], format_date(datetime.now(UTC))[:10]}


def test_of_several_stacks_the_worst_counts_and_each_is_told(pulumi: Pulumi) -> None:
    pulumi.stack("fine", outputs())
    pulumi.stack("due", PENDING)
    at = ("--at", THIRTY)
    pulumi.stack("late", outputs(handOver={"status": "overdue"}))
    fine = outputs(secretExpiresOn="2999-01-01T00:00:00Z", secretRenewsOn="2998-11-01T00:00:00Z")
    pulumi.stack("fine", fine)
    assert run("--stack", "fine", *at).exit_code == 0
    assert run("--stack", "fine", "--stack", "due", *at).exit_code == 10
    assert run("--stack", "fine", "--stack", "due", "--stack", "gone", *at).exit_code == 2
    every = run("--stack", "fine", "--stack", "due", "--stack", "gone", "--stack", "late", *at)
    assert every.exit_code == 8
    assert [line.split(":")[:2] for line in every.stdout.splitlines()] == [
        ["fine", " fine"],
        ["due", " due"],
        ["gone", " unreadable"],
        ["late", " overdue"],
    ]
    assert "no stack named 'gone' found" in every.stdout
    assert every.stderr.strip() == "Reading outputs (4)"


def test_a_stack_that_was_never_up_says_what_to_run(pulumi: Pulumi) -> None:
    pulumi.stack("new", {})
    ended = run("--stack", "new")
    assert ended.exit_code == 2
    assert ended.stdout == "new: unreadable: there are no outputs of a secret yet. Run: pulumi up\n"


def test_json_for_pipelines(pulumi: Pulumi) -> None:
    pulumi.stack("prod", PENDING)
    document = documents.read(
        run("--stack", "prod", "--stack", "gone", "--at", THIRTY, "--json").stdout, "secret_status --json"
    )
    assert document["status"] == "unreadable"
    assert document["at"] == "2028-10-30T00:00:00Z"
    prod, gone = document["stacks"]
    (to_do,) = prod.pop("toDo")
    assert (to_do["what"], to_do["by"], to_do["daysLeft"], to_do["stage"]) == ("hand-over", END, 24, "near")
    assert to_do["text"] == prod.pop("text")
    assert prod == {
        "stack": "prod",
        "status": "due",
        "generation": 1,
        "endsOn": "2030-09-22T00:00:00Z",
        "renewsOn": "2030-07-22T00:00:00Z",
        "handOver": {"status": "pending", "by": END},
    }
    assert (gone["status"], gone["toDo"]) == ("unreadable", [])


def test_markdown_for_a_summary(pulumi: Pulumi) -> None:
    pulumi.stack("prod", PENDING)
    ended = run("--stack", "prod", "--stack", "gone", "--at", THIRTY, "--markdown")
    assert ended.exit_code == 2
    head, rule, prod, gone = ended.stdout.splitlines()
    assert head.count("|") == rule.count("|") == prod.count("|") == gone.count("|") == 6
    assert prod.startswith("| prod | **due** | generation 1 | 2030-09-22T00:00:00Z | To do within 30 days: ")
    assert gone.startswith("| gone | **unreadable** |  |  | no stack named")


def test_a_number_that_was_made_anew_is_not_to_be_handed_over_once_more(pulumi: Pulumi) -> None:
    issued = {"0": {"keyId": "k", "issuedOn": "2026-11-24T09:30:00Z", "endsOn": END, "madeAnew": True}}
    pulumi.stack("prod", outputs(handOver={"status": "overdue"}, issuedSecrets=issued))
    assert "'roomz:secret.generation' 1" in run("--stack", "prod", "--at", QUIET).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--at", "soon"], "--at is 'soon'"), (["--json", "--markdown"], "exclude each other")],
)
def test_bad_input_is_one_line(pulumi: Pulumi, arguments: list[str], words: str) -> None:
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert words in ended.stderr


def test_without_pulumi_it_is_said_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = run("--stack", "prod")
    assert ended.exit_code == 2
    assert "pulumi is not on PATH" in ended.stdout


def test_the_help_says_the_exit_codes() -> None:
    said = " ".join(CliRunner().invoke(secret_status.program, ["--help"]).output.split())
    assert "Exit codes: 0 nothing within 60 days" in said
    assert "8 overdue" in said
