"""scripts/verify_connector.py as people and pipelines use it: options, secrets, tables, JSON, exit codes."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import scripts.verify_connector as script
from components.secret_plan import format_date
from microsoft365.errors import BadInput
from microsoft365.verification.report import Report
from scripts.report_table import show
from scripts.stack import Stack
from scripts.verify_connector import subject_of
from tests.desired_state.tenant import Ended, Tenant
from tests.desired_state.wires import Clock
from tests.support import documents
from tests.tenant.client import CONTROL_MAILBOX, EIGER
from tests.verification.world import Quiet, World

RIGI = "room-rigi@alpenblick.example"


class Shell:
    """A person at a shell, with the administrator's variables and the connector's values."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tenant = Tenant(world.server, world.server.state_folder)

    def options(self, *more: str) -> list[str]:
        where = self.world.connection
        hosts = ["--metadata-host", str(where.metadata_host), "--exchange-host", str(where.exchange_host)]
        named = ["--client-id", self.world.client_id, "--tenant-id", where.tenant_id, "--access", self.world.access]
        return [*named, *hosts, *more]

    def run(self, *arguments: str, secret: str | None = None, **variables: str | None) -> Ended:
        value = self.world.secret if secret is None else secret
        ended = self.tenant.run(
            *arguments, script="verify_connector", variables={"ROOMZ_CLIENT_SECRET": value, **variables}
        )
        assert not value or value not in ended.out + ended.err, "invariant 4: ROOMZ's secret was printed"
        return ended


@pytest.fixture
def shell(policy: World) -> Shell:
    return Shell(policy)


def test_green_is_0_and_plain_lines_in_a_pipe(shell: Shell) -> None:
    ended = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--write"))
    assert ended.code == 0, ended.out + ended.err
    lines = ended.out.splitlines()
    assert lines[-1] == "GREEN: everything is as it must be, and the control mailbox is refused."
    assert "ok        Rooms' calendars: 25 rooms can be read" in lines
    assert "ok        Write and delete: an event was written into 25 rooms and deleted again" in lines
    assert "\x1b" not in ended.out + ended.err
    assert "Reading rooms as ROOMZ does (26)" in ended.err.splitlines(), "progress is on standard error"


def test_red_is_7_with_cause_and_remedy(shell: Shell) -> None:
    ended = shell.run(*shell.options("--room", EIGER, "--room", RIGI))
    assert ended.code == 7
    (number,) = [number for number, line in enumerate(ended.out.splitlines()) if line.startswith("FAILED")]
    told = ended.out.splitlines()[number : number + 3]
    assert told[0].startswith("FAILED    Control mailbox: no control mailbox is named")
    assert told[1].startswith("          why: ")
    assert "--control-mailbox ADDRESS" in told[2]
    assert ended.out.splitlines()[-1].startswith("RED: 1 thing is not as it must be")


def test_not_yet_is_5_and_a_refused_sign_in_3(shell: Shell) -> None:
    shell.world.conditions(lag={"policySeconds": 7200})
    ended = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--room", EIGER))
    assert (ended.code, ended.out.splitlines()[-1][:7]) == (5, "NOT YET")
    refused = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--room", EIGER), secret="abc8Q~wrong")
    assert refused.code == 3
    assert "RED: ROOMZ cannot sign in" in refused.out
    # And so is the administrator's, which hinders the verification itself.
    ended = shell.run(*shell.options("--room", EIGER), ARM_CLIENT_SECRET="wrong")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.splitlines()[-1].startswith("error: sign-in of application")


def test_the_json_document_is_the_report_and_holds_no_secret(shell: Shell) -> None:
    ended = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--json", "--room", EIGER, "--doors"))
    document = documents.read(ended.out, "verify_connector --json")
    report = Report.model_validate(document)
    assert (document["schemaVersion"], document["verdict"], document["closed"]) == (1, "green", True)
    assert document["withAdministrator"] is True
    assert report.model_dump(mode="json", by_alias=True) == document
    assert {"check", "symptom", "status", "says", "cause", "remedy", "mailboxes"} == set(document["findings"][0])


def test_rooms_come_from_a_file_and_others_stay_out(shell: Shell, tmp_path: Path) -> None:
    rooms = tmp_path / "rooms.csv"
    rooms.write_text(f"name,address\nEiger,{EIGER}\nRigi,{RIGI}\n")
    options = shell.options("--control-mailbox", CONTROL_MAILBOX, "--rooms", str(rooms), "--no-administrator")
    ended = shell.run(*options)
    assert ended.code == 0
    assert "2 rooms can be read" in ended.out
    assert ended.out.count("do:  set ARM_TENANT_ID") == 1, "one reason for all that was not asked"
    assert "GREEN, as far as ROOMZ's own identity can see" in ended.out
    assert [entry for entry in shell.world.requests() if entry["cmdlet"]] == []
    without = shell.run(*options[:-1], ARM_CLIENT_ID=None, ARM_CLIENT_SECRET=None)
    assert without.out == ended.out, "nobody has to say that there is no administrator"


def test_invariant_4_the_secret_is_read_from_standard_input_where_no_variable_has_it(shell: Shell) -> None:
    options = shell.options("--control-mailbox", CONTROL_MAILBOX, "--room", EIGER)
    ended = shell.tenant.run(
        *options, script="verify_connector", stdin=shell.world.secret + "\n", variables={"ROOMZ_CLIENT_SECRET": None}
    )
    assert ended.code == 0, ended.err
    assert shell.world.secret not in ended.out + ended.err
    nothing = shell.run(*options, secret="")
    assert nothing.code == 2
    assert "set ROOMZ_CLIENT_SECRET, or write it to standard input" in nothing.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--client-id", "x"], "'x' is not a client id"),
        (["--access", "none"], "neither policy nor rbac"),
        (["--control-mailbox", "nobody"], "'nobody' is not an e-mail address"),
        (["--room", "nobody"], "'nobody' is not an e-mail address"),
        (["--room", EIGER, "--rooms", "rooms.csv"], "not both"),
        (["--rooms", "missing.csv"], "missing.csv: No such file"),
        (["--environment", "moon"], "environment"),
        (["--tenant-id", "here"], "'here' is not a tenant id"),
    ],
)
def test_invariant_6_bad_input_is_2_and_reaches_nobody(shell: Shell, arguments: list[str], words: str) -> None:
    shell.world.forget_requests()
    ended = shell.run(*shell.options(*arguments))
    assert ended.code == 2, ended.out + ended.err
    assert words in ended.err
    assert shell.world.requests() == []


def test_it_waits_and_says_for_how_long(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world, clock = shell.world, Clock()
    world.conditions(lag={"policySeconds": 1500})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.sleep(seconds)
        world.client.advance(seconds)

    monkeypatch.setattr(script, "still", lambda: sleep)
    monkeypatch.setattr("tests.desired_state.tenant.Clock", lambda: clock)
    ended = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--room", EIGER, "--wait", "60"))
    assert ended.code == 0, ended.out
    assert sum(slept) == 1800
    told = [line for line in ended.err.splitlines() if line.startswith("Not yet")]
    assert told == ["Not yet: giving Microsoft time; everything is asked again in 10 min (10)"] * 3


def test_a_terminal_gets_a_table_whatever_names_hold(policy: World) -> None:
    class Terminal:
        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return True

    report = policy.verify(policy.subject(addresses=(EIGER,), control_mailbox=None))
    odd = report.findings[0].model_copy(update={"says": "[red]odd[/]"})
    report = report.model_copy(update={"findings": (odd, *report.findings[1:])})
    terminal = Terminal()
    show(report, terminal)  # type: ignore[arg-type]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.text)
    assert "[red]odd[/]" in plain
    assert "✗" in plain
    assert "✓" in plain


def test_doors_that_show_nothing_are_told_too(policy: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asked for them would else see no difference."""
    report = policy.verify(policy.subject(addresses=(EIGER,), control_mailbox=None))
    show(report.model_copy(update={"doors": ()}))
    assert "door      none of the rooms" in capsys.readouterr().out
    show(report)
    assert "door " not in capsys.readouterr().out


def test_many_mailboxes_are_counted_in_the_table_and_named_in_the_document(shell: Shell) -> None:
    shell.world.rows(
        "Update-DistributionGroupMember",
        Identity=shell.world.group["Guid"],
        Members=[EIGER],
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )
    ended = shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX))
    assert "and 19 more: --json names all" in ended.out
    document = json.loads(shell.run(*shell.options("--control-mailbox", CONTROL_MAILBOX, "--json")).out)
    (refused,) = [one for one in document["findings"] if one["symptom"] == "room-not-covered"]
    assert len(refused["mailboxes"]) == 24


def stack_of(world: World, **changes: Any) -> Stack:
    port = world.server.port
    configuration = {
        "azuread:tenantId": world.client.tenant_id,
        "azuread:metadataHost": f"127.0.0.1:{port}",
        "roomz:access": "policy",
        "roomz:calendar": "titles",
        "roomz:endpoints": json.dumps({"exchange": f"localhost:{port}"}),
        "roomz:group": '{"primarySmtpAddress": "RoomzResources@alpenblick.example"}',
        "roomz:rooms": '{"exclude": ["room-rigi@alpenblick.example"]}',
        "roomz:verify": json.dumps({"controlMailbox": CONTROL_MAILBOX}),
    }
    outputs = {
        "clientId": world.client_id,
        "clientSecret": world.secret,
        "secretGeneration": 1.0,
        "issuedSecrets": {
            "1": {"keyId": "k", "issuedOn": "2025-09-16T07:40:00Z", "endsOn": "2027-09-15T00:00:00Z"},
        },
        "applicationObjectId": world.application["id"],
        "access": {"model": "policy"},
    }
    return Stack("dev", "roomz", {**configuration, **changes}, outputs)


def test_a_stack_says_what_is_to_be_verified(policy: World) -> None:
    subject = subject_of(stack_of(policy))
    assert (subject.access, subject.titles, subject.generation, subject.stack) == ("policy", True, 1, "dev")
    assert subject.control_mailbox == CONTROL_MAILBOX
    assert subject.secret_ends_on is not None
    assert subject.named_rooms is None
    report = policy.verify(subject)
    assert report.rooms == 24, "what the configuration leaves out is not looked at"
    assert report.findings[0].says == "the secret is accepted (generation 1, ends on 2027-09-15)"
    assert policy.secret not in repr(stack_of(policy))


def test_a_stack_whose_configuration_is_wrong_is_bad_input(policy: World) -> None:
    with pytest.raises(BadInput, match=r"roomz:verify\.controlMailbox"):
        subject_of(stack_of(policy, **{"roomz:verify": '{"controlMailbox": "nobody"}'}))


def test_a_stack_that_waits_for_somebody_has_nothing_to_sign_in_with(policy: World) -> None:
    stack = stack_of(policy)
    left = {name: value for name, value in stack.outputs.items() if "ecret" not in name}
    waiting = replace(stack, outputs={**left, **PAGES})
    with pytest.raises(BadInput, match="the stack dev has no client secret yet"):
        script.verify_stack(waiting, Quiet())


PAGES = {
    "consentUrl": "https://login.example/consent",
    "apiPermissionsUrl": "https://entra.example/permissions",
    # As the program puts it out: docs/schemas has nothing of it, so components/connector_outputs.py is what to compare with.
    "access": {"model": "policy", "consent": "waiting", "consentMode": "admin"},
}


@pytest.fixture
def of_stack(policy: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Verify the world's connector as a stack whose outputs say this besides."""

    def run(*arguments: str, **outputs: Any) -> Ended:
        stack = stack_of(policy)
        stack = replace(stack, outputs={**stack.outputs, **outputs})
        monkeypatch.setattr(script, "read_stack", lambda _name, with_secret: stack)
        return Shell(policy).tenant.run("--room", EIGER, *arguments, script="verify_connector")

    return run


def test_a_consent_that_is_waited_for_is_named_with_the_pages_where_it_is_given(
    policy: World, of_stack: Callable[..., Ended]
) -> None:
    policy.take_the_grant_away()
    told = of_stack(**PAGES)
    assert told.code == 7
    assert "FAILED    Permissions: a person has to consent to Calendars.ReadWrite" in told.out
    for page in (PAGES["consentUrl"], PAGES["apiPermissionsUrl"]):
        assert str(page) in told.out
    assert "--refresh" not in told.out, "the stack grants nothing"
    granted = {**PAGES, "access": {"model": "policy", "consent": "granted", "consentMode": "grant"}}
    assert "pulumi up --refresh makes it" in of_stack(**granted).out


@pytest.mark.parametrize(
    ("left", "hand_over", "code", "told"),
    [
        (61, "pending", 0, ""),
        (
            59,
            "pending",
            0,
            "note      Hand-over and renewal: To do within 60 days: client secret generation 1 is not recorded",
        ),
        (6, "pending", 0, "note      Hand-over and renewal: URGENT: client secret generation 1 is not recorded"),
        (-1, "pending", 7, "FAILED    Hand-over and renewal: OVERDUE: client secret generation 1 is not recorded"),
        (400, "overdue", 7, "FAILED    Hand-over and renewal: OVERDUE: client secret generation 1 is not recorded"),
        (400, "done", 0, ""),
    ],
)
def test_what_up_warns_of_is_told_as_well_by_the_tenants_clock(
    policy: World, of_stack: Callable[..., Ended], left: int, hand_over: str, code: int, told: str
) -> None:
    policy.keep_titles(EIGER)
    by = {} if hand_over == "done" else {"by": format_date(policy.now() + timedelta(days=left))}
    dates = {"secretExpiresOn": "2027-09-15T00:00:00Z", "secretRenewsOn": "2027-07-15T00:00:00Z"}
    ended = of_stack(handOver={"status": hand_over, **by}, **dates)
    assert ended.code == code, ended.out
    lines = [line for line in ended.out.splitlines() if "Hand-over and renewal" in line]
    assert [line.startswith(told) for line in lines] == ([True] if told else [])
    if told:
        assert "do:  Hand it over (scripts/run hand_over show), then record it" in ended.out


def test_a_renewal_that_is_due_is_told(policy: World, of_stack: Callable[..., Ended]) -> None:
    policy.keep_titles(EIGER)
    ends, renews = (format_date(policy.now() + timedelta(days=days)) for days in (40, -20))
    ended = of_stack(handOver={"status": "done"}, secretExpiresOn=ends, secretRenewsOn=renews)
    assert ended.code == 0, ended.out
    assert f"To do within 60 days: client secret generation 1 ends on {ends}" in ended.out
    assert "do:  Issue generation 2 with: pulumi up" in ended.out
