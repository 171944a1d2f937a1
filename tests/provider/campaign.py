"""The campaign: what the azuread provider leaves behind when requests go wrong, found by trying.

`python -m tests.provider.campaign` (`make provider-campaign`) runs every trouble of the catalogue alone, then seeds that draw one to
three of them.  Each case has a tenant and a state of its own: `up` under the troubles, then up to two plain `up`s, as a person
would type them; then state and tenant are compared.  Nothing is destroyed, since each deletion takes the provider 20 s.

Owns the cases and their record, build/provider-campaign.json: a run that was stopped goes on where it was.  Refuses to own what
the record is made into (`campaign_report.py`).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from simulator.server import SimulatorServer
from tests.engine.running import CHECKOUT
from tests.provider import campaign_report
from tests.provider.running import ProviderStack
from tests.provider.troubles import CATALOGUE, Trouble, plan
from tests.support.holdings import first_error
from tests.support.trials import save, side_by_side

RECORD = CHECKOUT / "build" / "provider-campaign.json"
SEEDS = 200
MOST_RUNS = 3
"""The `up` that meets the troubles, and two more."""
UNFINISHED = "TERRAFORM_UPDATE_"
"""How the provider's names for what it has not finished begin (terraform-provider-azuread, application and service principal)."""


@dataclass(frozen=True)
class Run:
    """One `up`."""

    code: int
    seconds: float
    error: str


@dataclass(frozen=True)
class Case:
    """What came of a case.  Counts are by kind; a kind without any is left out."""

    name: str
    troubles: list[str]
    met: list[str]
    """The troubles whose request was made; a lag is always met."""
    runs: list[Run]
    orphans: dict[str, int]
    """In the tenant and not in the state."""
    phantoms: dict[str, int]
    """In the state and not in the tenant."""
    duplicates: dict[str, int]
    """Twice or more in the tenant, of what is declared once."""
    unfinished: list[str]
    """What still bears the provider's name for something unfinished."""


def cases(seeds: int) -> Iterator[tuple[str, tuple[Trouble, ...]]]:
    """Every case by its name: none at all, each trouble alone, then the seeds."""
    yield "nothing", ()
    for trouble in CATALOGUE:
        yield f"alone: {trouble}", (trouble,)
    for seed in range(seeds):
        yield f"seed {seed}", plan(seed)


def run_case(name: str, troubles: tuple[Trouble, ...]) -> Case:
    """Run one case to its end."""
    with (
        tempfile.TemporaryDirectory(prefix="provider-") as folder,
        SimulatorServer(Path(folder) / "tenant") as server,
    ):
        stack = ProviderStack.create(Path(folder) / "stack", server, together=True)
        for trouble in troubles:
            trouble.ask_for(stack.tenant)
        runs: list[Run] = []
        while len(runs) < MOST_RUNS and (not runs or runs[-1].code != 0):
            runs.append(_up(stack))
        return _compare(name, troubles, runs, stack)


def _up(stack: ProviderStack) -> Run:
    began = monotonic()
    done = stack.run("up", "--yes", "--skip-preview")
    return Run(done.returncode, round(monotonic() - began, 1), first_error(done.stdout))


def _compare(name: str, troubles: tuple[Trouble, ...], runs: list[Run], stack: ProviderStack) -> Case:
    held, known = stack.tenant_holds(), stack.state_holds()
    snapshot = stack.tenant.snapshot()
    ours = [each for each in snapshot["applications"] if each["id"] in held.applications]
    principals = [each for each in snapshot["servicePrincipals"] if each["id"] in held.principals]
    duplicates = {kind: len(ids) for kind, ids in vars(held).items() if len(ids) > 1}
    unfinished = [f"application {each['properties']['displayName']}" for each in ours]
    unfinished += [f"service principal {each['properties'].get('description')}" for each in principals]
    return Case(
        name=name,
        troubles=[str(trouble) for trouble in troubles],
        met=_met(stack, troubles),
        runs=runs,
        orphans=held.beyond(known),
        phantoms=known.beyond(held),
        duplicates=duplicates,
        unfinished=sorted(text.partition(UNFINISHED)[0].strip() for text in unfinished if UNFINISHED in text),
    )


def _met(stack: ProviderStack, troubles: tuple[Trouble, ...]) -> list[str]:
    faults = iter(stack.tenant.control("GET", "/faults")["faults"])
    return [str(trouble) for trouble in troubles if trouble.is_lag or next(faults)["seen"]]


def load(path: Path) -> dict[str, Any]:
    """The record so far, by the cases' names; of another catalogue or another plan nothing is taken over."""
    if not path.exists():
        return {}
    found: dict[str, Any] = {each["name"]: each for each in json.loads(path.read_text(encoding="utf-8"))}
    wanted = {name: [str(trouble) for trouble in troubles] for name, troubles in cases(len(found))}
    return {name: case for name, case in found.items() if wanted.get(name) == case["troubles"]}


def main(arguments: list[str]) -> int:
    """Run what the record lacks, write record and page; the exit code is 1 where `nothing` went wrong by itself."""
    parser = argparse.ArgumentParser(prog="provider-campaign", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds, from 0")
    parser.add_argument("--at-once", type=int, default=3, help="how many cases run side by side")
    parser.add_argument("--minutes", type=float, default=None, help="begin no case after this time")
    options = parser.parse_args(arguments)
    record = load(RECORD)
    left = [(name, troubles) for name, troubles in cases(options.seeds) if name not in record]
    total = len(record) + len(left)
    for case in side_by_side(left, lambda each: run_case(*each), options.at_once, options.minutes):
        record[case.name] = asdict(case)
        save(RECORD, list(record.values()))
        sys.stderr.write(f"{len(record)} of {total}  {case.name}: {case.orphans or 'nothing left behind'}\n")
    page = campaign_report.page(in_order(record, options.seeds), campaign_report.provider())
    campaign_report.PAGE.write_text(page, encoding="utf-8")
    return 0 if record["nothing"]["runs"][0]["code"] == 0 and not record["nothing"]["orphans"] else 1


def in_order(record: dict[str, Any], seeds: int) -> dict[str, Any]:
    """The cases of the record in the order in which they are named, whichever was done first."""
    return {name: record[name] for name, _ in cases(seeds) if name in record}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
