"""The whole of `pulumi up` and `pulumi destroy` against what the engine and the provider take by themselves.

Owns two comparisons: `up` with nothing to change against a bare program of the same resources, and `destroy` against the same
without `deleted_with`. And what the seconds of that `up` are spent on, by leaving out one thing after another. What stands in each
stack: tests/support/stack.py and bare_program.py.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulator.server import SimulatorServer
from tests.bench.figure import Figure, at_most
from tests.support.stack import Stack
from tests.support.tenant import CALENDARS_READ_WRITE, Tenant

RUNS = 5
BARE_PROGRAM = Path(__file__).with_name("bare_program.py")
OWN_REMOVALS = ("roomz-consent-removal", "roomz-secret-0-removal")
EMPTY_PROGRAM = '"""Declares nothing."""\n\nimport pulumi  # noqa: F401\n'
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"


def figures() -> Iterator[Figure]:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield from _up(Path(folder))
        yield from _destroy(Path(folder) / "destroy")


def _up(folder: Path) -> Iterator[Figure]:
    # Stacks of one name have one mark, so that the second connector has a tenant of its own.
    with SimulatorServer(folder / "tenant") as server, SimulatorServer(folder / "another") as another:
        tenant = Tenant.first(server)
        ours = Stack.create(folder / "ours", server, tenant)
        bare = _bare(folder / "bare", server, tenant)
        blind = Stack.create(folder / "blind", another, Tenant.first(another), observe=False)
        empty = Stack.create(folder / "empty", server, tenant)
        _replace_program(empty, EMPTY_PROGRAM)
        stacks = {"ours": ours, "bare": bare, "blind": blind, "empty": empty}
        for stack in stacks.values():
            stack.up()
        if (left := _types(ours)) != (right := _types(bare)):
            raise RuntimeError(f"not the same resources: {left - right} here and {right - left} there")
        seconds: dict[str, list[float]] = {name: [] for name in stacks}
        for _ in range(RUNS):
            for name, stack in stacks.items():
                seconds[name].append(stack.up().seconds)
                if changes := stack.changes():
                    raise RuntimeError(f"{name}: `up` was to change nothing and did {changes}")
    best = {name: min(each) for name, each in seconds.items()}
    yield Figure("up.no_change.seconds", best["ours"], "s")
    yield Figure("up.no_change.bare.seconds", best["bare"], "s")
    yield at_most("up.no_change.wall_over_bare", best["ours"] / best["bare"], "ratio", 1.6)
    # Each program does what the one before it does, and one thing more.
    yield Figure("up.no_change.engine_and_python.seconds", best["empty"], "s")
    yield Figure("up.no_change.providers_and_resources.seconds", best["bare"] - best["empty"], "s")
    yield Figure("up.no_change.own_decisions.seconds", best["blind"] - best["bare"], "s")
    yield Figure("up.no_change.observation.seconds", best["ours"] - best["blind"], "s")


def _bare(folder: Path, server: SimulatorServer, tenant: Tenant) -> Stack:
    snapshot = tenant.snapshot()
    ids = {each["appId"]: each["id"] for each in snapshot["servicePrincipals"]}
    connection = {
        "tenantId": tenant.id,
        "metadataHost": f"127.0.0.1:{server.port}",
        "exchangeHost": f"localhost:{server.port}",
    }
    group = {"name": "Bare", "alias": "bare", "primarySmtpAddress": f"bare@{tenant.domain}"}
    mark = "roomz:bare/test"
    document: dict[str, Any] = {
        "mark": mark,
        "owner": ids[tenant.client_id],
        "role": CALENDARS_READ_WRITE,
        "graph": ids[MICROSOFT_GRAPH],
        "ends": "2028-01-31T00:00:00Z",
        "desired": {
            "connection": connection,
            "mark": mark,
            "group": group,
            "calendar": "titles",
            "removal": "now",
        },
    }
    stack = Stack.create(folder, server, tenant, bare=document)
    _replace_program(stack, BARE_PROGRAM.read_text())
    return stack


def _replace_program(stack: Stack, program: str) -> None:
    file = stack.folder / "__main__.py"
    file.unlink()  # It is a link to this project's own.
    file.write_text(program)


def _types(stack: Stack) -> Counter[str]:
    types = (resource["type"] for resource in stack.resources().values())
    return Counter(each for each in types if not each.startswith("pulumi:providers:"))


def _destroy(folder: Path) -> Iterator[Figure]:
    """Destroy the same stack three times, each in a tenant of its own: as it is, and with two edited states.

    First `deleted_with` alone is taken out, so that the project's own commands end grant and secret. Then those commands too,
    so that the provider does, as it would for any program that declares these resources.
    """
    seconds = {}
    edits: dict[str, Edit | None] = {
        "as_it_is": None,
        "without_deleted_with": _without_deleted_with,
        "by_the_provider": _by_the_provider,
    }
    for name, edit in edits.items():
        with SimulatorServer(folder / name / "tenant") as server:
            stack = Stack.create(folder / name / "checkout", server, Tenant.first(server))
            stack.up()
            if edit is not None:
                _edit(stack, edit)
            seconds[name] = stack.destroy().seconds
    own = seconds["as_it_is"]
    yield Figure("destroy.seconds", own, "s")
    yield Figure("destroy.without_deleted_with.seconds", seconds["without_deleted_with"], "s")
    yield Figure("destroy.by_the_provider.seconds", seconds["by_the_provider"], "s")
    yield at_most("destroy.wall_over_without_deleted_with", own / seconds["without_deleted_with"], "ratio", 0.5)
    yield Figure("destroy.wall_over_by_the_provider", own / seconds["by_the_provider"], "ratio")


Edit = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def _edit(stack: Stack, edit: Edit) -> None:
    state = json.loads(stack.pulumi("stack", "export").text)
    state["deployment"]["resources"] = edit(state["deployment"]["resources"])
    file = stack.folder / "edited.json"
    file.write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", str(file))


def _without_deleted_with(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for resource in resources:
        resource.pop("deletedWith", None)
    return resources


def _by_the_provider(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave grant and secret to the provider too: without our commands, and without what keeps the provider off them."""
    removals = {each["urn"] for each in resources if each["urn"].rpartition("::")[2] in OWN_REMOVALS}
    if len(removals) != len(OWN_REMOVALS):
        raise RuntimeError(f"the state has no {OWN_REMOVALS}: {[each['urn'] for each in resources]}")
    kept = [each for each in _without_deleted_with(resources) if each["urn"] not in removals]
    for resource in kept:
        resource.pop("retainOnDelete", None)
        resource["dependencies"] = [urn for urn in resource.get("dependencies", []) if urn not in removals]
        resource.pop("propertyDependencies", None)
    return kept
