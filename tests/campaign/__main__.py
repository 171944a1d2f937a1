"""The campaign: the whole program disturbed at every request, found by trying what comes of it (`make campaign`).

`python -m tests.campaign` first runs each scenario undisturbed, which says what it asks for and what tenant it leaves; from the
requests follow the cases (`plan.py` says how the many are made few, and why nothing is lost by it). It then runs what the record
build/campaign.json lacks, several side by side, since the provider waits more than it computes, and writes the generated part of
docs/reliability.md. A campaign that was stopped goes on where it was.

Owns the record and the command line.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.campaign import report
from tests.campaign.judging import NOT_CONVERGED, NOT_MET
from tests.campaign.plan import Planned, cases
from tests.campaign.requests import Made
from tests.campaign.running import Case, Undisturbed, run_case, run_undisturbed
from tests.campaign.scenarios import SCENARIOS
from tests.engine.running import CHECKOUT, engine
from tests.support.trials import save, side_by_side

RECORD = CHECKOUT / "build" / "campaign.json"
PROGRAM = ("__main__.py", "components", "microsoft365", "scripts", "requirements.txt")
"""What is tried: a case that was run with another content of these is said to be older."""


@dataclass
class Record:
    """What undisturbed runs asked for, and what came of each case."""

    recorded: dict[str, list[Made]] = field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Record":
        """The record so far; none is an empty one."""
        if not path.exists():
            return cls()
        found = json.loads(path.read_text(encoding="utf-8"))
        recorded = {name: [Made.of(each) for each in made] for name, made in found["recorded"].items()}
        return cls(recorded, found["cases"])

    def save(self, path: Path) -> None:
        """Write it in one step."""
        recorded = {name: [each.document() for each in made] for name, made in self.recorded.items()}
        save(path, {"recorded": recorded, "cases": self.cases})

    def note_undisturbed(self, name: str, made: list[Made]) -> None:
        """Take over what a scenario asked for. How often something is read differs from run to run, and changes no plan."""
        known = self.recorded.get(name)
        if known is None or _kinds(known) != _kinds(made):
            self.recorded[name] = made

    def planned(self) -> list[Planned]:
        """Every case."""
        return cases(self.recorded)

    def left(self, planned: Sequence[Planned], *, again: bool = False, of: str = "") -> list[Planned]:
        """The cases that are to be run: those without a result, with `again` those whose result is not as it must be.

        `of` is the digest of a program: those that were run with another one are left as well.
        """

        def is_left(case: Mapping[str, Any] | None) -> bool:
            return case is None or (again and is_wrong(case)) or bool(of and case["program"] != of)

        return [case for case in planned if is_left(self.cases.get(case.name))]


def is_wrong(case: Mapping[str, Any]) -> bool:
    """Whether a case must be looked at."""
    return case["outcome"] in (NOT_CONVERGED, NOT_MET) or bool(case["exposures"] or case["leaks"])


def _kinds(made: Sequence[Made]) -> list[tuple[Any, ...]]:
    writes = [(each.request, each.number) for each in made if not each.request.reads]
    return [*writes, *sorted((each.request, each.before_writes) for each in made if each.request.reads)]


def program() -> str:
    """A digest of what is tried."""
    digest = sha256()
    for name in PROGRAM:
        paths = [CHECKOUT / name] if (CHECKOUT / name).is_file() else sorted((CHECKOUT / name).rglob("*"))
        for path in paths:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def versions() -> str:
    """Which engine and provider are tried."""
    origin = "built from Go modules" if engine()["origin"] == "built" else "the official release"
    return f"Pulumi {engine()['version']} ({origin}) and azuread {version('pulumi-azuread')}"


def main(arguments: list[str]) -> int:
    """Run what the record lacks, write record and page; the exit code is 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--at-once", type=int, default=2 * (os.cpu_count() or 1), help="how many cases run side by side"
    )
    parser.add_argument("--minutes", type=float, default=None, help="begin no case after this time")
    parser.add_argument("--again", action="store_true", help="run again what did not end as it must")
    parser.add_argument(
        "--outdated", action="store_true", help="run again what was run with another state of the program"
    )
    parser.add_argument("--only", default="", help="only cases whose name holds this text; they are run again")
    parser.add_argument("--page", action="store_true", help="run nothing, write the page from the record")
    options = parser.parse_args(arguments)
    record = Record.load(RECORD)
    if not options.page:
        with tempfile.TemporaryDirectory(prefix="campaign-templates-") as templates:
            _run(record, Path(templates), options)
    _write_page(record)
    wrong = [case for case in record.cases.values() if is_wrong(case)]
    sys.stderr.write(f"{len(record.cases)} cases, {len(wrong)} of them not as they must be\n")
    return 1 if wrong else 0


def _run(record: Record, templates: Path, options: argparse.Namespace) -> None:
    names = _needed(record, options)
    undisturbed: dict[str, Undisturbed] = {}

    def without_trouble(name: str) -> tuple[str, Undisturbed]:
        return name, run_undisturbed(name, templates)

    for name, one in side_by_side(names, without_trouble, options.at_once):
        undisturbed[name] = one
        record.note_undisturbed(name, one.made)
        record.save(RECORD)
        sys.stderr.write(f"undisturbed: {name}\n")
    planned = record.planned()
    left = _chosen(record, planned, options)
    for case, digest in side_by_side(left, partial(_tried, undisturbed, templates), options.at_once, options.minutes):
        if case is None:
            continue
        about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "program": digest, "versions": versions()}
        record.cases[case.name] = {**case.document(), **about}
        record.save(RECORD)
        done = sum(one.name in record.cases for one in planned)
        sys.stderr.write(f"{done} of {len(planned)}  {case.name}: {case.outcome}{_alarm(case)}\n")


def _tried(undisturbed: Mapping[str, Undisturbed], templates: Path, case: Planned) -> tuple[Case | None, str]:
    """Run a case, and say with which program; what the campaign itself fails at is told, and left to the next one."""
    digest = program()
    try:
        return run_case(case, undisturbed[case.scenario].wanted, templates), digest
    except Exception as error:  # noqa: BLE001 - one case must not end the others
        sys.stderr.write(f"{case.name}: not tried: {type(error).__name__}: {error}\n")
        return None, digest


def _alarm(case: Case) -> str:
    return f"  LOOK: {'; '.join([*case.differences, *case.leaks])[:300]} {case.exposures or ''}" if case.failed else ""


def _needed(record: Record, options: argparse.Namespace) -> list[str]:
    """The scenarios that must be run undisturbed: those of which a case is left, and those that nothing is known of."""
    if not set(SCENARIOS) <= set(record.recorded):
        return list(SCENARIOS)
    left = _chosen(record, record.planned(), options)
    return [name for name in SCENARIOS if any(case.scenario == name for case in left)]


def _chosen(record: Record, planned: Sequence[Planned], options: argparse.Namespace) -> list[Planned]:
    if options.only:
        return [case for case in planned if options.only in case.name]
    return record.left(planned, again=options.again, of=program() if options.outdated else "")


def _write_page(record: Record) -> None:
    page = report.PAGE.read_text(encoding="utf-8") if report.PAGE.exists() else ""
    text = report.part(record.planned(), record.cases)
    report.PAGE.write_text(report.written(page, text), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
