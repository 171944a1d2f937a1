"""docs/incident.md as written: its commands are taken from the page, and typed into a shell in the stack's folder."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from simulator.kernel import Simulator
from simulator.server import SimulatorServer
from tests.end_to_end.conftest import NewStack
from tests.support.door import Door
from tests.support.order import assert_closed_at_every_instant
from tests.support.pages import commands
from tests.support.portal import Portal
from tests.support.stack import Stack
from tests.support.tenant import Tenant

PAGE = "incident.md"
REVOKE = "It has leaked: revoke it now"
NO_ANSWER = "Exchange does not answer, or a guard stops the run"
HAND_OVER = "Hand the new one over"
RENEW = "Nothing has leaked: renew it now"
EVERY_SECONDS = 0.1
"""How often the thief tries: what is measured is that exact, and the run has the processor."""


class Thief:
    """Somebody who has the secret, and tries it over and over until it is refused."""

    def __init__(self, tenant: Tenant, portal: Portal, secret: str) -> None:
        self._tenant, self._portal, self._secret = tenant, portal, secret
        self._got_token = tenant.now()
        self._token: str = tenant.sign_in(portal.client_id, secret).json()["access_token"]
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._try)

    def begin(self) -> None:
        """Start trying, and counting."""
        self._thread.start()

    def end(self) -> float:
        """Wait until the secret is refused; returns after how many seconds it was."""
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), "the leaked secret still works"
        return self.seconds

    def _try(self) -> None:
        began = time.monotonic()
        while self._tenant.sign_in(self._portal.client_id, self._secret).status_code == 200:
            self.seconds = time.monotonic() - began
            time.sleep(EVERY_SECONDS)

    def minutes_of_the_token(self) -> int:
        """For how many minutes of the tenant the token reads a room; any other mailbox is refused to it all the while."""
        room, control = f"room-eiger@{self._tenant.domain}", f"control.mailbox@{self._tenant.domain}"
        for _ in range(200):
            assert self._tenant.calendar_status(control, self._token) in {401, 403}
            if self._tenant.calendar_status(room, self._token) == 401:
                return (self._tenant.now() - self._got_token) // timedelta(minutes=1)
            self._tenant.advance(seconds=60)
        raise AssertionError("the token does not end")


def generations(stack: Stack) -> list[str]:
    return list(stack.outputs()["issuedSecrets"])


@pytest.mark.connected
def test_a_leaked_secret_is_revoked_and_the_next_one_handed_over(stack: Stack, tenant: Tenant) -> None:
    portal = Portal(stack, tenant)
    portal.hand_over()
    leaked = stack.outputs(secrets=True)["clientSecret"]
    thief = Thief(tenant, portal, leaked)
    portal.may_stand_still = True

    ask, revoke, up = commands(PAGE, REVOKE)
    stack.type(ask, revoke)
    # The first run fails at the new secret: it says what still lives, and with which command that ends at once.
    tenant.fault(api="graph", path="addPassword", action={"status": 403}, times=99)
    failed = stack.type(up, expect=None)
    assert failed.code != 0
    printed = re.search(r"echo '(\{[^']*\})' \| scripts/run client_secret remove", failed.text)
    assert printed, failed.text
    assert portal.reads(leaked)
    tenant.heal()
    thief.begin()
    said = stack.type(up)
    seconds = thief.end()
    assert 0 < seconds <= said.seconds
    assert generations(stack) == ["1"]
    assert stack.outputs()["handOver"] == {"status": "overdue"}
    assert thief.minutes_of_the_token() == 65
    # The command that was printed is content with a secret that is gone.
    assert stack.script("client_secret", "remove", stdin=printed.group(1)).code == 0

    stack.script("secret_status", "--stack", stack.name, expect=8)
    portal.hand_over(recorded=False)
    portal.may_stand_still = False
    stack.type(*commands(PAGE, HAND_OVER))
    portal.look()
    stack.script("secret_status", "--stack", stack.name, expect=0)

    # Somebody leaves who knew it: no display stands still.
    stack.type(*commands(PAGE, RENEW))
    portal.look()
    outputs = stack.outputs(secrets=True)
    assert list(outputs["issuedSecrets"]) == ["1", "2"]
    assert portal.reads(outputs["clientSecret"])
    assert outputs["handOver"]["status"] == "pending"
    figures = portal.figures()
    assert figures["hours of avoidable exposure"] == figures["hours one secret away from exposure"] == 0


@pytest.fixture
def door(server: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Exchange behind a port of its own, which can refuse connections while sign-in and Graph answer."""
    with Door(server.port) as door:
        monkeypatch.setattr(Simulator, "exchange_url", property(lambda _: f"https://localhost:{door.port}"))
        yield door


@pytest.mark.parametrize("access", ["policy", pytest.param("rbac", marks=pytest.mark.nightly)])
def test_a_leaked_secret_is_revoked_while_exchange_refuses_connections(
    new_stack: NewStack, tenant: Tenant, door: Door, access: str
) -> None:
    more = {"group": None} if access == "rbac" else {}
    stack = new_stack(access=access, endpoints={"exchange": f"localhost:{door.port}"}, **more)
    stack.up()
    portal = Portal(stack, tenant)
    portal.hand_over()
    leaked = stack.outputs(secrets=True)["clientSecret"]
    portal.may_stand_still = True
    # Drift in Exchange, and a run that mends it and fails behind it: the state then has a newer revision than the outputs.
    tenant.control("DELETE", f"/tenants/{tenant.id}/mailboxes/room-pilatus@{tenant.domain}")
    tenant.control("POST", f"/tenants/{tenant.id}/mailboxes", {"address": f"room-neu@{tenant.domain}"})
    stack.configure(secret={"handedOver": 0, "generation": 1})
    tenant.fault(api="graph", path="addPassword", action={"status": 403}, times=99)
    assert stack.up(expect=None).code != 0
    tenant.heal()
    stack.configure(secret={"handedOver": 0})

    door.shut()
    stopped = stack.type(*commands(PAGE, REVOKE), expect=None)
    assert stopped.code != 0
    assert "The tenant could not be read, so nothing was changed" in stopped.text
    look_away, only_secrets = commands(PAGE, NO_ANSWER)
    assert f"{look_away}; {only_secrets}" in stopped.text
    assert "Traceback" not in stopped.text
    assert portal.reads(leaked)

    # Whatever else was changed: this run touches secrets only.
    stack.configure(displayName="Renamed")
    stack.type(look_away, only_secrets)
    assert not portal.reads(leaked)
    assert generations(stack) == ["1"]
    stack.configure(displayName=None)
    portal.hand_over(recorded=False)
    portal.may_stand_still = False
    # Nothing else is changed any more, so that a run of everything needs no Exchange either.
    stack.type(*commands(PAGE, HAND_OVER))
    portal.look()

    door.open()
    stack.type(*commands(PAGE, NO_ANSWER, block=1))
    stack.up()
    assert stack.changes() == {}
    assert stack.outputs()["handOver"] == {"status": "done"}
    if access == "policy":
        assert_closed_at_every_instant(tenant.requests())
    assert portal.figures()["hours of avoidable exposure"] == 0
