"""One case from its beginning to its end: the disturbed run, `pulumi cancel` where it left a lock, and plain runs after it.

Owns the running. What goes wrong is `troubles.py`, what comes of it `judging.py`, which cases there are `plan.py`.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from simulator.server import SimulatorServer
from tests.campaign import judging
from tests.campaign.likeness import likeness
from tests.campaign.plan import Planned
from tests.campaign.requests import Made, made
from tests.campaign.scenarios import SCENARIOS, Scenario
from tests.campaign.troubles import Killing, disturb, was_met
from tests.support.connected import Template
from tests.support.holdings import first_error
from tests.support.secrets import leaks
from tests.support.stack import Result, Stack
from tests.support.tenant import Tenant

LIMIT = 420.0
"""Seconds that one run may take: the provider pauses longer and longer where it is refused."""


@dataclass(frozen=True)
class Undisturbed:
    """What a scenario asks for and leaves when nothing goes wrong."""

    made: list[Made]
    wanted: Any
    """The likeness of the tenant."""


@dataclass(frozen=True)
class Run:
    """One call of pulumi."""

    command: str
    code: int
    seconds: float
    error: str


@dataclass
class Case:
    """What came of a case."""

    name: str
    scenario: str
    row: str
    kind: str
    outcome: str
    killed: list[str]
    runs: list[Run]
    cancelled: bool = False
    """Whether a lock was left, which `pulumi cancel` took away."""
    commands: list[str] = field(default_factory=list)
    """Commands that were printed and had to be run, without ids."""
    orphans: dict[str, int] = field(default_factory=dict)
    """What was in the tenant and in no state before those commands ran."""
    differences: list[str] = field(default_factory=list)
    """What is not as an undisturbed run leaves it, in the end."""
    exposures: int = 0
    """Intervals of exposure that the order of calls could have avoided, or that were one secret away."""
    leaks: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether something is not as it must be."""
        return self.outcome == judging.NOT_CONVERGED or bool(self.exposures or self.leaks)

    def document(self) -> dict[str, Any]:
        """As the record holds it."""
        return asdict(self)


@dataclass
class Scene:
    """A stack in a tenant, just before the run that a scenario is about."""

    scenario: Scenario
    stack: Stack
    tenant: Tenant
    server: SimulatorServer
    printed: str = ""
    """What the last call of pulumi said."""

    @property
    def before(self) -> dict[str, Any]:
        """The tenant before there was a stack."""
        return self.tenant.seeded

    def run(self, *command: str) -> Run:
        """Run pulumi to its end. Its output goes into a file: what outlives it cannot hold it back."""
        began = monotonic()
        path = self.stack.folder / "output"
        with path.open("w+", encoding="utf-8") as output:
            process = self.stack.start(*command, output=output)
            code = process.wait(LIMIT)
        self.printed = path.read_text(encoding="utf-8", errors="replace")
        self.stack.said.append(self.printed)
        return Run(command[0], code, round(monotonic() - began, 1), first_error(self.printed))

    @property
    def _backend(self) -> Path:
        return self.stack.folder / "state" / ".pulumi"

    @property
    def locked(self) -> bool:
        """Whether a run that ended left the stack locked."""
        return any(path.is_file() for path in (self._backend / "locks").rglob("*.json"))

    def resources(self) -> list[dict[str, Any]]:
        """What the state holds."""
        path = self._backend / "stacks" / "roomz" / f"{self.stack.name}.json"
        latest = json.loads(path.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        resources: list[dict[str, Any]] = latest.get("resources") or []
        return resources

    def watch(self) -> None:
        """Let the exposure meter begin."""
        ours = [
            each["appId"] for each in self.tenant.snapshot()["applications"] if each not in self.before["applications"]
        ]
        body = {"allowed": "rooms", **({"clientIds": ours} if ours else {})}
        self.tenant.control("POST", f"/tenants/{self.tenant.id}/exposure", body)

    def exposures(self) -> int:
        """How often calendars other than rooms' were in reach, or one secret away from it."""
        found = self.tenant.control("GET", f"/tenants/{self.tenant.id}/exposure")
        return sum(len(found[figure]["intervals"]) for figure in ("avoidable", "oneSecretAway"))

    def leaks(self) -> list[str]:
        """Which secrets stand in the state, or in anything that was said."""
        secrets = {"the administrator's client secret": self.tenant.client_secret}
        return sorted({*leaks(self.stack.state_files(), secrets), *leaks("\n".join(self.stack.said), secrets)})

    def judge(self, wanted: Any) -> judging.Finding:
        """Compare with what an undisturbed run left."""
        return judging.judge(wanted, self.before, self.tenant.snapshot(), self.resources(), self.printed)

    def type(self, command: str) -> Result:
        """Run a printed command as it stands. `az ad app delete` is done as Azure CLI does it: look up, then delete."""
        if not command.startswith("az ad app delete"):
            return self.stack.type(command, expect=None)
        client_id = command.split()[-1]
        found = self.tenant.graph("GET", f"/applications?$filter=appId eq '{client_id}'").json()["value"]
        answers = [self.tenant.graph("DELETE", f"/applications/{each['id']}") for each in found]
        return Result(0 if found and all(answer.is_success for answer in answers) else 1, "", 0)


@contextmanager
def scene(scenario: Scenario, templates: Path) -> Iterator[Scene]:
    """Make a scenario's stack in a tenant of its own, and change what the scenario changes."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        folder = Path(name)
        template = None if scenario.begins_with_nothing else Template.prepared(templates, scenario.keys)
        if template:
            template.copy_tenant(folder / "tenant")
        with SimulatorServer(folder / "tenant") as server:
            if template:
                tenant = template.tenant(server)
                stack = template.copy_stack(folder / "stack", server, tenant)
            else:
                tenant = Tenant.first(server)
                tenant.seeded = tenant.snapshot()
                stack = Stack.create(folder / "stack", server, tenant, **scenario.keys)
            scenario.change(stack, tenant)
            yield Scene(scenario, stack, tenant, server)


def run_undisturbed(name: str, templates: Path) -> Undisturbed:
    """Run a scenario in which nothing goes wrong. Raises AssertionError where it does not end as it must."""
    with scene(SCENARIOS[name], templates) as here:
        begun = here.tenant.last_request()
        run = here.run(*here.scenario.command)
        assert run.code == 0, f"{name} fails by itself:\n{here.printed}"
        wanted = likeness(here.tenant.snapshot())
        finding = here.judge(wanted)
        assert finding.converged, f"{name} by itself leaves {finding}"
        return Undisturbed(made(here.tenant.requests(begun)), wanted)


def connected(scenario: Scenario, templates: Path) -> Any:
    """The likeness that an undisturbed `up` from nothing leaves, of the stack that other tests begin with: no run of its own."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        folder = Path(name) / "tenant"
        template = Template.prepared(templates, scenario.keys)
        template.copy_tenant(folder)
        with SimulatorServer(folder) as server:
            return likeness(template.tenant(server).snapshot())


def run_case(case: Planned, wanted: Any, templates: Path) -> Case:
    """Run a case; `wanted` is the likeness of the tenant that the undisturbed run left."""
    with scene(SCENARIOS[case.scenario], templates) as here:
        here.watch()
        killing = disturb(case, here.server, here.tenant, here.stack.folder)
        try:
            return _tried(case, wanted, here, killing)
        finally:
            killing.end_all()


def _tried(case: Planned, wanted: Any, here: Scene, killing: Killing) -> Case:
    runs = [here.run(*here.scenario.command)]
    met = was_met(here.tenant)
    killed = sorted(set(killing.killed))
    here.tenant.heal()
    cancelled = here.locked
    if cancelled:
        here.stack.pulumi("cancel", "--yes", expect=None)
    finding = here.judge(wanted)
    while len(runs) <= judging.MOST_AGAIN and not (runs[-1].code == 0 and finding.converged):
        runs.append(here.run(*here.scenario.command))
        finding = here.judge(wanted)
    orphans = finding.orphans
    commands = sorted(set(finding.remedies.values()))
    typed = [here.type(command) for command in commands]
    # A grant that the state does not know is the very one that is wanted: once it is gone, a run makes it again.
    if commands and (runs[-1].code != 0 or finding.differences):
        runs.append(here.run(*here.scenario.command))
    if commands:
        finding = here.judge(wanted)
    way_out = judging.documented(here.printed) if runs[-1].code != 0 and not commands else None
    if way_out:
        runs.append(here.run(*way_out.split()[1:], "--yes", "--skip-preview"))
        finding = here.judge(wanted)
    ends_well = runs[-1].code == 0 and all(one.code == 0 for one in typed)
    converged = ends_well and finding.converged and not finding.orphan_ids
    said = judging.outcome(
        [run.code for run in runs], met=met, converged=converged, by_command=bool(commands), by_page=bool(way_out)
    )
    wrong = list(finding.differences)
    wrong += [f"in the state only: {kind}" for kind in finding.phantoms]
    wrong += [f"left without a command: {identity}" for identity in sorted(finding.orphan_ids)]
    return Case(
        name=case.name,
        scenario=case.scenario,
        row=case.row,
        kind=case.kind,
        outcome=said,
        killed=killed,
        runs=runs,
        cancelled=cancelled,
        commands=[judging.kind_of(command) for command in (*commands, *([way_out] if way_out else []))],
        orphans={kind: len(ids) for kind, ids in vars(orphans).items() if ids},
        differences=wrong,
        exposures=here.exposures(),
        leaks=here.leaks(),
    )
