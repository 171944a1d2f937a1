"""How the campaign lets one request go wrong: a fault of the simulated tenant, or processes that are killed at that very moment.

Owns what each kind of trouble means, and who is killed. A process is killed by the tenant itself while it holds the request, so that
the moment is exact: before the request has its effect, or after it and before the answer. Owns no choice of cases (`plan.py`).
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from simulator.faults import Action, Asked
from simulator.server import SimulatorServer
from tests.campaign.plan import LAG, LAGS, Planned
from tests.support import refusals
from tests.support.tenant import Tenant

_GRAPH: dict[str, dict[str, Any]] = {
    "429": refusals.TOO_MANY,
    "500": refusals.INTERNAL_ERROR,
    "503": refusals.UNAVAILABLE,
    "404": refusals.NOT_FOUND,
}
_EXCHANGE: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "500": {"status": 500},
    "503": {"status": 503},
    "404": refusals.NOT_FOUND_BY_CMDLET,
}
ENGINE, PLUG_IN, SCRIPT = "engine", "plug-in", "script"
UNTIL_DEAD = 5.0
"""Seconds that a killed process may take to be gone."""


def disturb(case: Planned, server: SimulatorServer, tenant: Tenant, home: Path) -> "Killing":
    """Let a case's request go wrong once, or the whole case lag. `home` is the home folder of the stack's processes, by which they are known."""
    killing = Killing(home, whom(case))
    if case.kind == LAG:
        tenant.control("PUT", f"/tenants/{tenant.id}/conditions", {"lag": LAGS[case.request.what]})
        return killing
    if killing.whom:
        # Who is dead sees no reset: it stands for the answer that nobody waits for any more.
        when = "after" if case.kind.endswith("after") else "before"
        action: dict[str, Any] = {"reset": when}
        killing.arm(server)
    elif case.kind.startswith("reset"):
        action = {"reset": case.kind.removeprefix("reset ")}
    else:
        action = (_EXCHANGE if case.request.api == "exchange" else _GRAPH)[case.kind]
    fault = {"match": case.request.match, "skip": case.occurrence, "times": 1, "action": action}
    tenant.control("POST", "/faults", fault)
    return killing


def whom(case: Planned) -> tuple[str, ...]:
    """Who is killed."""
    who = case.kind.partition(" killed ")
    if not who[1]:
        return ()
    maker = SCRIPT if case.request.made_by_script else PLUG_IN
    return {"run": (ENGINE, PLUG_IN, SCRIPT, "others"), "maker": (maker,), "engine": (ENGINE,)}[who[0]]


def was_met(tenant: Tenant) -> bool:
    """Tell whether the fault's turn came; a lag is always met."""
    return all(fault["seen"] > fault.get("skip", 0) for fault in tenant.control("GET", "/faults")["faults"])


class Killing:
    """Kills processes of one stack when the tenant meets the fault."""

    def __init__(self, home: Path, who: tuple[str, ...]) -> None:
        self._home, self.whom = home, who
        self.killed: list[str] = []
        """What was killed."""

    def arm(self, server: SimulatorServer) -> None:
        """Kill as soon as a request meets a fault, and before anything comes of it."""
        table = server.simulator.faults
        take: Callable[[Asked], Action | None] = table.take

        def taking(asked: Asked) -> Action | None:
            action = take(asked)
            if action is not None:
                self.kill(self.whom)
            return action

        table.take = taking  # type: ignore[method-assign]

    def kill(self, who: tuple[str, ...]) -> None:
        """Kill such processes, and see them dead."""
        killed: list[int] = []
        for number, what in self._processes():
            if what in who:
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed.append(number)
                self.killed.append(what)
        limit = monotonic() + UNTIL_DEAD
        while any(map(_lives, killed)) and monotonic() < limit:
            sleep(0.001)

    def end_all(self) -> list[str]:
        """Kill what is left of the stack's processes; returns what it was."""
        before = len(self.killed)
        self.kill((ENGINE, PLUG_IN, SCRIPT, "others"))
        return self.killed[before:]

    def _processes(self) -> Iterator[tuple[int, str]]:
        """The processes of this stack, the engine first: nothing that it started does anything for it afterwards."""
        marked = f"\0HOME={self._home}\0".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if marked not in b"\0" + (folder / "environ").read_bytes() + b"\0":
                    continue
                arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:  # it ended by itself, or is another user's
                continue
            found.append((int(folder.name), _what(arguments)))
        return iter(sorted(found, key=lambda each: each[1] != ENGINE))


def _what(arguments: list[str]) -> str:
    if Path(arguments[0]).name == "pulumi":
        return ENGINE
    if Path(arguments[0]).name == "pulumi-resource-azuread":
        return PLUG_IN
    return SCRIPT if any(argument.startswith("scripts.") for argument in arguments) else "others"


def _lives(number: int) -> bool:
    try:
        status = (Path("/proc") / str(number) / "stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
