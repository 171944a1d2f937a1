"""What the simulated tenant costs: time for a request, time to start, memory, and what its exposure meter adds.

Requests are counted against the time that its process computes, which other work on the machine hardly changes; each
figure is the best of some runs.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.process import Sent, Tenant, running

RUNS = 5
REQUESTS = 1000
ROOMS, PEOPLE = 10_000, 1_000
UNIT = "/s"


def figures() -> Iterator[Figure]:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield from _starting(Path(folder))
        with running(Path(folder) / "small") as tenant:
            yield from _requests(tenant)
        yield from _large(Path(folder) / "large")


def _starting(folder: Path) -> Iterator[Figure]:
    seconds: dict[str, list[float]] = {"first": [], "again": []}
    computing: list[float] = []
    for number in range(RUNS):
        for times in seconds.values():
            with running(folder / str(number)) as tenant:
                computing.append(tenant.cpu_seconds())
                times.append(tenant.seconds_to_start)
    for name, times in seconds.items():
        yield Figure(f"simulator.start.{name}.seconds", min(times), "s")
    yield Figure("simulator.start.computing.seconds", min(computing), "s")


def _requests(tenant: Tenant) -> Iterator[Figure]:
    body = {"appRoles": ["Calendars.Read"]}
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/rights/{tenant.administrator['clientId']}", body)
    room = "room-eiger@alpenblick.example"
    calendar = tenant.read(
        f"/users/{room}/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-01-02T00:00:00Z"
    )
    yield Figure("simulator.calendar_read.per_core_second", _per_core_second(tenant, calendar), UNIT)
    tenant.control("POST", "/reset")
    command = ("Get-CalendarProcessing", {"Identity": room})
    yield Figure("simulator.invoke_command.per_core_second", _per_core_second(tenant, tenant.command(*command)), UNIT)
    batches = _per_core_second(tenant, tenant.batch([command] * 10))
    yield Figure("simulator.batch_of_10.per_core_second", batches, UNIT)
    yield Figure("simulator.batch_of_10.cmdlets_per_core_second", 10 * batches, UNIT)


def _per_core_second(tenant: Tenant, request: Sent) -> float:
    tenant.send([request] * 100)
    best = 0.0
    for _ in range(RUNS):
        begin = tenant.cpu_seconds()
        tenant.send([request] * REQUESTS)
        best = max(best, REQUESTS / (tenant.cpu_seconds() - begin))
    return best


def _large(folder: Path) -> Iterator[Figure]:
    with running(folder) as tenant:
        tenant.control("POST", "/seed", {"rooms": ROOMS, "people": PEOPLE})
    with running(folder) as tenant:
        yield Figure("simulator.start.10000.seconds", tenant.seconds_to_start, "s")
        yield Figure("simulator.idle.10000.peak_mib", tenant.peak_mib(), "MiB")
        tenant.send([tenant.command("Get-Mailbox", {"ResultSize": "Unlimited"})])
        yield Figure("simulator.get_mailbox.10000.peak_mib", tenant.peak_mib(), "MiB")
    with running(folder) as tenant:
        yield from _exposure(tenant)


def _exposure(tenant: Tenant) -> Iterator[Figure]:
    """Measure a write that changes who could read, without the meter and with it."""
    members = [f"room-{number:05d}" for number in range(1, ROOMS + 1)]
    given = {"Name": "Rooms", "Type": "Security", "PrimarySmtpAddress": "rooms@alpenblick.example", "Members": members}
    tenant.send([tenant.command("New-DistributionGroup", given)])
    client_id = tenant.administrator["clientId"]
    policy = {
        "AppId": client_id,
        "PolicyScopeGroupId": "Rooms",
        "AccessRight": "RestrictAccess",
        "Description": "bench",
    }
    tenant.send([tenant.command("New-ApplicationAccessPolicy", policy)])
    place = f"/tenants/{tenant.tenant_id}"
    change = {"Identity": "Rooms", "Member": "person-00001", "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    writes = [
        tenant.command(name, {key: value for key, value in change.items() if key != "Confirm" or name[0] == "R"})
        for name in ("Add-DistributionGroupMember", "Remove-DistributionGroupMember")
    ]
    without = _milliseconds_each(tenant, writes)
    tenant.control("PUT", f"{place}/rights/{client_id}", {"appRoles": ["Calendars.ReadWrite"]})
    tenant.control("POST", f"{place}/exposure", {"clientIds": [client_id]})
    measured = _milliseconds_each(tenant, writes)
    exposure = tenant.control("GET", f"{place}/exposure")
    intervals = len(exposure["avoidable"]["intervals"])
    if intervals != 20 * RUNS:
        raise RuntimeError(f"the meter saw {intervals} intervals where there were {20 * RUNS}")
    yield Figure("simulator.write.10000.ms", without, "ms")
    yield Figure("simulator.write.10000.measured.ms", measured, "ms")


def _milliseconds_each(tenant: Tenant, writes: list[Sent]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        begin = tenant.cpu_seconds()
        tenant.send(writes * 20, connections=1)
        best = min(best, (tenant.cpu_seconds() - begin) * 1000 / 40)
    return best
