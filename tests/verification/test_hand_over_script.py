"""scripts/hand_over.py as people and pipelines use it: what is withheld, what is written where, what is recorded."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import scripts.hand_over
from scripts.hand_over_sheet import MASKED
from scripts.stack import Stack
from tests.desired_state.tenant import Ended, Tenant
from tests.support import documents
from tests.tenant.client import EIGER
from tests.verification.test_verify_script import PAGES, stack_of
from tests.verification.world import World

HandOver = Callable[..., Ended]


def connected(world: World, **changes: Any) -> Stack:
    """The world's connector as a stack with all that a hand-over takes from its outputs."""
    stack = stack_of(world, **changes)
    outputs = {
        "connector": {
            "friendlyName": "Microsoft 365",
            "tenantId": world.client.tenant_id,
            "clientId": world.client_id,
            "showImageInAttachments": False,
            "instantOnlineMeetings": False,
        },
        "secretExpiresOn": "2027-09-15T00:00:00Z",
        "handOver": {"status": "pending", "by": "2027-09-15T00:00:00Z"},
        "rooms": {"number": 24.0, "inReach": 24.0, "withTitles": 0.0},
    }
    return replace(stack, outputs={**stack.outputs, **outputs})


@pytest.fixture
def hand_over(policy: World, monkeypatch: pytest.MonkeyPatch) -> HandOver:
    """Run the script for the world's connector; whatever is not asked for by name must not be said."""
    tenant = Tenant(policy.server, policy.server.state_folder)

    def run(*arguments: str, stack: Stack | None = None, **variables: str | None) -> Ended:
        monkeypatch.setattr(scripts.hand_over, "read_stack", lambda _name, with_secret: stack or connected(policy))
        ended = tenant.run(*arguments, script="hand_over", variables={"CI": None, "TF_BUILD": None, **variables})
        if "--show-secret" not in arguments:
            assert policy.secret not in ended.out + ended.err, "invariant 4: the secret was said"
        return ended

    return run


def test_the_sheet_says_that_it_was_verified_and_masks_the_secret(hand_over: HandOver) -> None:
    ended = hand_over("show")
    assert ended.code == 0, ended.err
    assert MASKED in ended.out
    assert "Verified: the control mailbox is refused" in ended.out
    assert ended.out.index("Friendly Name") < ended.out.index("Tenant ID") < ended.out.index("Client Secret")
    assert "Show meeting titles" in ended.out
    assert "scripts/run hand_over confirm --stack dev" in ended.out


def test_the_secret_is_shown_to_whoever_asks_once_it_is_proven_closed(hand_over: HandOver, policy: World) -> None:
    ended = hand_over("show", "--show-secret")
    assert ended.code == 0
    assert policy.secret in ended.out
    assert policy.secret not in ended.err
    document = documents.read(hand_over("show", "--show-secret", "--json").out, "hand_over show --json")
    assert document["clientSecret"] == policy.secret


def test_invariant_1_the_secret_is_withheld_while_the_control_mailbox_is_not_refused(
    hand_over: HandOver, policy: World, tmp_path: Path
) -> None:
    """Somebody took the policy away: the application reads every calendar."""
    (restriction,) = [
        row for row in policy.rows("Get-ApplicationAccessPolicy") if row["AppId"].lower() == policy.client_id
    ]
    policy.rows("Remove-ApplicationAccessPolicy", Identity=restriction["Identity"], Confirm=False)
    file = tmp_path / "secret"
    for arguments in (["--show-secret"], ["--secret-file", str(file)], ["--show-secret", "--json"]):
        ended = hand_over("show", *arguments)
        assert ended.code == 6, arguments
        assert policy.secret not in ended.out + ended.err
        assert "the secret is withheld" in ended.err
        assert "scripts/run verify_connector --stack dev" in ended.err
    assert not file.exists()
    # The sheet alone is no danger, and says what is wrong.
    ended = hand_over("show")
    assert ended.code == 0
    assert "Not proven to be closed" in ended.out
    # Whoever insists gets it, and it is said.
    insisted = hand_over("show", "--show-secret", "--unverified")
    assert insisted.code == 0
    assert policy.secret in insisted.out
    assert "NOT VERIFIED" in insisted.out


def test_invariant_1_the_secret_is_withheld_until_microsoft_has_caught_up(hand_over: HandOver, policy: World) -> None:
    policy.conditions(lag={"policySeconds": 7200})
    ended = hand_over("show", "--show-secret")
    assert ended.code == 5
    assert policy.secret not in ended.out + ended.err
    assert "--wait MINUTES" in ended.err


@pytest.mark.parametrize(
    ("changes", "variables", "words"),
    [
        ({"roomz:verify": "{}"}, {}, "roomz:verify.controlMailbox"),
        ({}, {"ARM_CLIENT_ID": None, "ARM_CLIENT_SECRET": None}, "set the ARM_* variables"),
        ({}, {"ARM_CLIENT_SECRET": "wrong"}, "sign-in of application"),
    ],
    ids=["no control mailbox is named", "no administrator confirms that it exists", "the administrator is refused"],
)
def test_invariant_1_what_proves_nothing_withholds_the_secret_and_says_what_is_missing(
    hand_over: HandOver, policy: World, changes: dict[str, Any], variables: dict[str, str | None], words: str
) -> None:
    ended = hand_over("show", "--show-secret", stack=connected(policy, **changes), **variables)
    assert ended.code != 0
    assert policy.secret not in ended.out + ended.err
    assert words in ended.err


def test_a_consent_that_is_waited_for_is_named_and_withholds_the_secret(hand_over: HandOver, policy: World) -> None:
    """Without a grant everything is refused, which proves nothing of the restriction."""
    stack = connected(policy)
    waiting = replace(stack, outputs={**stack.outputs, **PAGES})
    line = f"Consent is waited for: until a Privileged Role Administrator has opened {PAGES['apiPermissionsUrl']}"
    # Somebody has consented since the last `up`: the verification knows better than the outputs.
    given = hand_over("show", "--show-secret", stack=waiting)
    assert given.code == 0, given.err
    assert line not in given.out
    assert json.loads(hand_over("show", "--json", stack=waiting).out)["consent"] == "granted"

    policy.take_the_grant_away()
    withheld = hand_over("show", "--show-secret", stack=waiting)
    assert withheld.code == 6
    assert policy.secret not in withheld.out + withheld.err
    assert "A person has to consent to Calendars.ReadWrite" in withheld.err
    for page in (PAGES["consentUrl"], PAGES["apiPermissionsUrl"]):
        assert str(page) in withheld.err
        assert str(page) in withheld.out
    document = documents.read(hand_over("show", "--json", stack=waiting).out, "hand_over show --json")
    assert (document["consent"], document["closed"]) == ("waiting", False)
    assert line in hand_over("show", "--unverified", stack=waiting).out
    assert "Consent is waited for" not in hand_over("show", "--unverified", stack=stack).out


def test_invariant_4_the_file_of_the_secret_is_new_and_for_its_owner_alone(
    hand_over: HandOver, policy: World, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    ended = hand_over("show", "--secret-file", str(file))
    assert ended.code == 0, ended.err
    assert file.read_text() == policy.secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in ended.out
    policy.forget_requests()
    again = hand_over("show", "--secret-file", str(file))
    assert (again.code, policy.requests()) == (2, [])
    assert "is there already" in again.err
    missing = hand_over("show", "--secret-file", str(tmp_path / "no folder" / "secret"))
    assert missing.code == 2
    assert "No such file or directory" in missing.err


def test_the_json_document_has_the_verdict_and_no_secret(hand_over: HandOver) -> None:
    document = documents.read(hand_over("show", "--json").out, "hand_over show --json")
    assert (document["schemaVersion"], document["verified"], document["closed"], document["verdict"]) == (
        1,
        True,
        True,
        "red",
    )
    assert (document["secretGeneration"], document["rooms"]["number"]) == (1, 24)
    assert "clientSecret" not in document
    assert json.loads(hand_over("show", "--json", "--unverified").out)["closed"] is None


def test_the_rooms_go_into_a_file_that_a_spreadsheet_opens(hand_over: HandOver, policy: World, tmp_path: Path) -> None:
    file = tmp_path / "rooms.csv"
    ended = hand_over("rooms", "--output", str(file))
    assert ended.code == 0, ended.err
    assert "24 rooms written to" in ended.err
    lines = file.read_bytes().decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,E-mail address"
    assert len(lines) == 25
    assert any(line.endswith(f",{EIGER}") for line in lines)
    assert not any("room-rigi" in line for line in lines), "what the configuration leaves out stays out"
    assert hand_over("rooms").out.splitlines() == lines


def test_confirm_writes_nothing_in_a_pipeline_and_prints_the_lines_to_commit(
    hand_over: HandOver, policy: World
) -> None:
    stack = connected(policy, **{"roomz:secret": '{"lifetimeMonths": 12}'})
    for arguments, variables in ((["--print"], {}), ([], {"CI": "true"}), ([], {"TF_BUILD": "True"})):
        ended = hand_over("confirm", *arguments, stack=stack, **variables)
        assert ended.code == 0
        assert yaml.safe_load(ended.out) == {"config": {"roomz:secret": {"lifetimeMonths": 12, "handedOver": 1}}}
        assert "Commit these lines in Pulumi.dev.yaml; nothing was written" in ended.err


def test_confirm_refuses_a_generation_that_was_never_issued(hand_over: HandOver) -> None:
    ended = hand_over("confirm", "--generation", "2")
    assert ended.code == 2
    assert "generation 2 was never issued; the newest is 1" in ended.err
