"""Each exit code that docs/for-pipelines.md lists: what leads to it, what is said, and that nothing else is ever ended with."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from microsoft365 import errors, session
from microsoft365.errors import EXIT_CODES, Problem
from scripts import calendars_consent, client_secret, exchange_policy, secret_status, verify_connector
from scripts.ending import told
from tests.desired_state.tenant import MARK, Ended, Tenant
from tests.support import documents

Wish = dict[str, Any]


def done(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    return tenant.run("plan", "--json", stdin=wish)


def bad_input(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    return tenant.run("apply", stdin={**wish, "calendar": "title"})


def no_right(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    tenant.fault({"api": "exchange", "cmdlet": "Get-Mailbox"}, {"status": 403, "body": ""}, times=9)
    return tenant.run("apply", stdin=wish)


def refused(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    refusal = {"error": {"code": "BadRequest", "message": "Invalid Operation", "details": []}}
    tenant.fault({"cmdlet": "New-DistributionGroup"}, {"status": 400, "body": refusal}, times=50)
    return tenant.run("apply", stdin=wish)


def gave_up(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    assert tenant.run("apply", stdin={**wish, "calendar": "unmanaged"}).code == 0
    (application,) = [one for one in tenant.snapshot()["applications"] if one["properties"].get("notes") == MARK]
    tenant.graph("DELETE", f"/applications/{application['id']}")
    connection = tenant.connection
    hosts = ["--metadata-host", connection["metadataHost"], "--exchange-host", connection["exchangeHost"]]
    return tenant.run("remove", "--retired", "--mark", MARK, *hosts)


def guarded(tenant: Tenant, wish: Wish, _: pytest.MonkeyPatch) -> Ended:
    assert tenant.run("apply", stdin={**wish, "calendar": "unmanaged"}).code == 0
    return tenant.run("apply", stdin={**wish, "rooms": {"include": [f"room-rigi@{tenant.administrator['domain']}"]}})


def stopped_by(number: signal.Signals) -> Callable[[Tenant, Wish, pytest.MonkeyPatch], Ended]:
    """Where a script is in the middle of something, in whatever way: test_interruption.py."""

    def stopped(tenant: Tenant, wish: Wish, monkeypatch: pytest.MonkeyPatch) -> Ended:
        monkeypatch.setattr(session, "open_session", lambda *_, **__: signal.raise_signal(number))
        return tenant.run("apply", stdin=wish)

    return stopped


CASES: dict[int, tuple[Callable[[Tenant, Wish, pytest.MonkeyPatch], Ended], str]] = {
    0: (done, ""),
    2: (bad_input, "error: nothing was changed: the desired state is wrong: calendar:"),
    3: (no_right, "lacks the management role Mail Recipients"),
    4: (refused, "New-DistributionGroup"),
    5: (gave_up, "run this again after"),
    6: (guarded, "24 of 25 rooms"),
    130: (stopped_by(signal.SIGINT), "interrupted (SIGINT); running the same command again goes on from here"),
    143: (stopped_by(signal.SIGTERM), "interrupted (SIGTERM); running the same command again goes on from here"),
}


@pytest.mark.parametrize("code", CASES)
def test_each_exit_code(tenant: Tenant, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_about, said = CASES[code]
    ended = bring_about(tenant, tenant.desired(tenant.application()["clientId"]), monkeypatch)
    assert ended.code == code, ended.err
    assert said in ended.err
    if code == 0:
        assert ended.document["schemaVersion"] == 1


def test_a_fault_of_ours_ends_with_1_and_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Uncaught, Python ends with 1; for the program that asked it is one line, and the whole of it on standard error."""
    with pytest.raises(AttributeError), told():
        raise AttributeError("guid")
    with pytest.raises(SystemExit) as ended, told(errors_as_json=True):
        raise AttributeError("guid")
    said = capsys.readouterr()
    found = documents.read(said.out, "exchange_policy observe --errors-as-json")
    assert (ended.value.code, found["exitCode"]) == (0, 1)
    assert "please report it: AttributeError: guid" in found["error"]
    assert "Traceback" in said.err


def test_every_code_has_its_test() -> None:
    assert set(CASES) | {1} == set(EXIT_CODES)


def test_no_code_means_two_things() -> None:
    assert not set(EXIT_CODES) & set(errors.EXIT_CODES_OF_ONE)
    theirs = {
        "verify_connector": set(verify_connector.EXIT_CODES.values()),
        "secret_status": set(secret_status.EXIT_CODES.values()),
    }
    for code, (script, _) in errors.EXIT_CODES_OF_ONE.items():
        assert [name for name, codes in theirs.items() if code in codes] == [script]
    assert set().union(*theirs.values()) <= {*EXIT_CODES, *errors.EXIT_CODES_OF_ONE}


def problems(of: type[Problem]) -> set[type[Problem]]:
    return {of, *(each for child in of.__subclasses__() for each in problems(child))}


def test_every_problem_ends_with_a_code_that_is_documented() -> None:
    found = {one for one in problems(Problem) if one.__module__ == errors.__name__}
    assert {one.exit_code for one in found} == set(EXIT_CODES) - {0, 130, 143}


@pytest.mark.parametrize("script", [exchange_policy, client_secret, calendars_consent])
def test_every_script_says_its_exit_codes(script: Any) -> None:
    assert script.program.info.epilog is not None
    for code, meaning in EXIT_CODES.items():
        assert f"{code}: {meaning}" in script.program.info.epilog


def test_what_typer_refuses_is_bad_input(tenant: Tenant) -> None:
    assert tenant.run("aply").code == 2
    assert tenant.run("plan", "--jsn").code == 2
