"""Which cases the campaign tries, from what undisturbed runs asked for. Pure.

Trying every kind of trouble at every request of every scenario would be more than ten thousand runs. What is left out is left out for
a reason:

- A kill between two writes leaves the same tenant wherever between them it falls. So processes are killed just before and just
  after each write, and at no read. Who is killed after a write: everything (as when a runner's machine ends), and whoever made the
  request. Before a write, by rotation: everything, the maker, or the engine alone, whose plug-ins and scripts then live on.
- Every fault is tried at every distinct write: each time where a run makes it at most three times, else in the middle of its row.
- Of a read every pair of it and a fault is tried in some scenario, and in each scenario in which it stands each read gets at
  least one fault, by rotation. What reads is not changed by an answer that is lost, so for a read there is one reset.
- Reads before the first write are those of the same observation of the same tenant in every run of a connected stack: tried once for
  each model, and once for `up` from nothing. Writes that both models' `up` from nothing share before they differ are tried once.
- A lag is no event of one request: it lasts, through all runs of its case, where something is made or removed that is read later.
- The requests of the scripts are swept exhaustively below Pulumi, with more faults and from more states: `make faults`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from tests.campaign.requests import EACH, Made, Request
from tests.campaign.scenarios import FIRST, SCENARIOS
from tests.support import refusals

FAULTS = ("429", "500", "503", "404", "reset before", "reset after")
KILLS_AFTER = ("run killed after", "maker killed after")
KILLS_BEFORE = ("run killed before", "maker killed before", "engine killed before")
LAG = "lag"
KINDS = (*FAULTS, *KILLS_BEFORE, *KILLS_AFTER, LAG)
FAULTS_OF_READS = ("429", "500", "503", "404", "reset before")
FAULTS_OF_LOGIN = tuple(fault for fault in FAULTS_OF_READS if fault != "404")
"""Nothing of the sign-in lags behind."""

NEW = tuple(refusals.LAGS)
GONE = "deleted objects can be read for 8 s"
LAGS: Mapping[str, Mapping[str, float]] = {**refusals.LAGS, GONE: {"graphDeleteSeconds": 8}}
"""Replication lag of Microsoft Entra, by its name: settings of the tenant's conditions."""
LAGGING = {
    f"policy: {FIRST}": NEW,
    f"rbac: {FIRST}": NEW,
    "policy: secret renewed": NEW,
    "policy: secret revoked": NEW,
    "policy: destroy": (GONE,),
    "rbac: destroy": (GONE,),
}
"""In which scenarios which lag is tried: where something is made, or removed, that is read afterwards."""

Recorded = Mapping[str, Sequence[Made]]
"""What an undisturbed run of each scenario asked for, by the scenario's name."""


@dataclass(frozen=True)
class Planned:
    """One case: this kind of trouble at this request of this scenario."""

    scenario: str
    request: Request
    occurrence: int
    """How many of them pass before."""
    of: int
    """How many there are in an undisturbed run."""
    kind: str

    @property
    def row(self) -> str:
        """The request as the page names it: which one, where a run makes few."""
        numbered = not self.request.reads and 1 < self.of <= EACH
        return f"{self.request.what} ({self.occurrence + 1})" if numbered else self.request.what

    @property
    def name(self) -> str:
        """How the record knows it."""
        return f"{self.scenario} / {self.row} / {self.kind}"


def cases(recorded: Recorded) -> list[Planned]:
    """Every case, the most telling first: writes, then reads, in both `policy` before `rbac`."""
    rbac = [name for name, scenario in SCENARIOS.items() if scenario.model == "rbac"]
    read = list(_reads(recorded))
    return [
        *_writes(recorded),
        *(
            Planned(name, Request("directory", lag), 0, 1, LAG)
            for name, lags in LAGGING.items()
            for lag in lags
            if name in recorded
        ),
        *(case for case in read if case.scenario not in rbac),
        *(case for case in read if case.scenario in rbac),
    ]


def _writes(recorded: Recorded) -> Iterator[Planned]:
    turn = 0
    for name, made in _in_order(recorded):
        for one in made[_shared(name, recorded) :]:
            if one.request.reads:
                continue
            occurrences = range(one.number) if one.number <= EACH else [one.number // 2]
            for occurrence in occurrences:
                kinds = (*FAULTS, KILLS_BEFORE[turn % len(KILLS_BEFORE)], *KILLS_AFTER)
                turn += 1
                for kind in kinds:
                    yield Planned(name, one.request, occurrence, one.number, kind)


def _shared(name: str, recorded: Recorded) -> int:
    """After how many of a scenario's requests begins what the other model's `up` from nothing did not write alike."""
    scenario, first = SCENARIOS[name], f"policy: {FIRST}"
    if not scenario.begins_with_nothing or name == first or first not in recorded:
        return 0
    mine, theirs = ([one for one in recorded[each] if not one.request.reads] for each in (name, first))
    alike = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(mine, theirs, strict=False))]
    return recorded[name].index(alike[-1]) + 1 if alike else 0


def _reads(recorded: Recorded) -> Iterator[Planned]:
    places: dict[Request, list[tuple[str, Made]]] = {}
    seen: set[tuple[Request, str]] = set()
    for name, made in _in_order(recorded):
        for one in made:
            shared = (one.request, _observation(name))
            if not one.request.reads or (one.before_writes and shared in seen):
                continue
            if one.before_writes:
                seen.add(shared)
            places.setdefault(one.request, []).append((name, one))
    for turn, (request, where) in enumerate(places.items()):
        kinds = FAULTS_OF_LOGIN if request.api == "login" else FAULTS_OF_READS
        for number in range(max(len(where), len(kinds))):
            name, one = where[number % len(where)]
            yield Planned(name, request, number % one.number, one.number, kinds[(number + turn) % len(kinds)])


def _observation(name: str) -> str:
    """What the reads before a run's first write are shared with."""
    scenario = SCENARIOS[name]
    if scenario.begins_with_nothing:
        return FIRST
    return name if scenario.command[0] == "destroy" else scenario.model


def _in_order(recorded: Recorded) -> Iterator[tuple[str, Sequence[Made]]]:
    return ((name, recorded[name]) for name in SCENARIOS if name in recorded)
