"""What it takes to verify a connector of a thousand rooms, against asking the same of one room after another.

The tenant waits 50 ms for each HTTP request (a `$batch` is one) and 10 ms more for each cmdlet in it, and answers 429 above
eight requests at once. Whole processes are timed, start-up included. One after another is asked over one kept connection,
by a client that is quicker than any that people use.
"""

import json
import os
import ssl
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.bench.figure import Figure
from tests.bench.process import ROOT, Tenant, running

ROOMS = 1000
CONTROL = "control.mailbox@alpenblick.example"
GRAPH, CALENDARS_READ_WRITE = "00000003-0000-0000-c000-000000000000", "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
CONDITIONS = {
    "latency": {"requestMilliseconds": 50, "cmdletMilliseconds": 10},
    "throttle": {"concurrentRequests": 8, "concurrentRequestsOfMailbox": 4},
}
NAME = f"verification.{ROOMS}"


@dataclass(frozen=True)
class Connector:
    """An application with its secret."""

    client_id: str
    secret: str


def figures() -> Iterator[Figure]:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running(Path(folder) / "tenant") as tenant:
        tenant.control("POST", "/seed", {"rooms": ROOMS})
        connector = _connect(tenant)
        tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", CONDITIONS)
        rooms = Path(folder) / "rooms.csv"
        rooms.write_text("".join(f"{address}\n" for address in _addresses()))
        alone = yield from _measured(tenant, connector, "roomz_alone", "--no-administrator", "--rooms", str(rooms))
        both = yield from _measured(tenant, connector, "both_identities")
        yield from _measured(tenant, connector, "both_identities_and_write", "--write")
        tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", {**CONDITIONS, "throttle": {}})
        seconds, requests = _one_by_one(tenant, connector, administrator=False)
        yield Figure(f"{NAME}.roomz_alone.one_by_one.seconds", seconds, "s")
        yield Figure(f"{NAME}.roomz_alone.one_by_one.requests", requests, "requests")
        yield Figure(f"{NAME}.roomz_alone.times_faster", seconds / alone, "times")
        seconds, requests = _one_by_one(tenant, connector, administrator=True)
        yield Figure(f"{NAME}.both_identities.one_by_one.seconds", seconds, "s")
        yield Figure(f"{NAME}.both_identities.one_by_one.requests", requests, "requests")
        yield Figure(f"{NAME}.both_identities.times_faster", seconds / both, "times")


def _addresses() -> list[str]:
    return [f"room-{number:05d}@alpenblick.example" for number in range(1, ROOMS + 1)]


def _connect(tenant: Tenant) -> Connector:
    """Make an application with a grant and a secret, a group of all rooms and the policy, by raw calls."""
    with httpx.Client(
        base_url=f"https://127.0.0.1:{tenant.port}/v1.0",
        verify=ssl.create_default_context(cafile=tenant.certificate_file),
        headers={"authorization": f"Bearer {tenant.token('graph')}"},
    ) as graph:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = graph.post(path, json=body).raise_for_status()
            return dict(answer.json())

        made = post("/applications", {"displayName": "ROOMZGraph"})
        principal = post("/servicePrincipals", {"appId": made["appId"]})
        found = graph.get("/servicePrincipals", params={"$filter": f"appId eq '{GRAPH}'"}).raise_for_status().json()
        service = found["value"][0]["id"]
        grant = {"principalId": principal["id"], "resourceId": service, "appRoleId": CALENDARS_READ_WRITE}
        post(f"/servicePrincipals/{service}/appRoleAssignedTo", grant)
        secret = post(f"/applications/{made['id']}/addPassword", {})["secretText"]
    group = {
        "Name": "Rooms",
        "Type": "Security",
        "PrimarySmtpAddress": "rooms@alpenblick.example",
        "Members": _addresses(),
    }
    policy = {
        "AppId": made["appId"],
        "PolicyScopeGroupId": "Rooms",
        "AccessRight": "RestrictAccess",
        "Description": "bench",
    }
    tenant.send([tenant.command("New-DistributionGroup", group)])
    tenant.send([tenant.command("New-ApplicationAccessPolicy", policy)])
    return Connector(made["appId"], secret)


def _measured(tenant: Tenant, connector: Connector, name: str, *options: str) -> Generator[Figure, None, float]:
    """Run the script as a person would; returns its seconds."""
    first = tenant.control("GET", "/status")["lastRequest"]
    administrator = tenant.administrator
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("ARM_", "SSL_", "REQUESTS_"))},
        "ARM_TENANT_ID": tenant.tenant_id,
        "ARM_CLIENT_ID": administrator["clientId"],
        "ARM_CLIENT_SECRET": administrator["clientSecret"],
        "ROOMZ_CLIENT_SECRET": connector.secret,
        "SSL_CERT_FILE": tenant.certificate_file,
    }
    where = ["--metadata-host", f"127.0.0.1:{tenant.port}", "--exchange-host", f"localhost:{tenant.port}"]
    command = [
        *("scripts/run", "verify_connector", "--client-id", connector.client_id, "--access", "policy"),
        *("--control-mailbox", CONTROL, "--json", *where, *options),
    ]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    report = json.loads(done.stdout)
    if (done.returncode, report["verdict"], report["rooms"]) != (0, "green", ROOMS):
        raise RuntimeError(f"the verification did not end well: {done.returncode} {done.stdout} {done.stderr}")
    sent = [one for one in tenant.control("GET", f"/requests?since={first}")["requests"] if one["batch"] is None]
    refused = sum(one["status"] == 429 for one in sent)
    yield Figure(f"{NAME}.{name}.seconds", seconds, "s")
    yield Figure(f"{NAME}.{name}.requests", len(sent), "requests")
    yield Figure(f"{NAME}.{name}.throttled", refused, "requests")
    return seconds


def _one_by_one(tenant: Tenant, connector: Connector, *, administrator: bool) -> tuple[float, int]:
    """Ask the same of one room after another, over one connection; returns seconds and requests."""
    body = {"clientId": connector.client_id, "audience": "graph"}
    token = str(tenant.control("POST", f"/tenants/{tenant.tenant_id}/tokens", body)["accessToken"])
    view = "calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-01-08T00:00:00Z&$top=10"
    calendars = [tenant.read(f"/users/{address}/{view}", token) for address in _addresses()]
    cmdlets = []
    for address in _addresses() if administrator else ():
        tested = {"Identity": address, "AppId": connector.client_id}
        cmdlets.append(tenant.command("Test-ApplicationAccessPolicy", tested))
        cmdlets.append(tenant.command("Get-CalendarProcessing", {"Identity": address}))
    begin = time.perf_counter()
    for requests in (calendars, cmdlets):
        if requests:
            tenant.send(requests, connections=1)
    return time.perf_counter() - begin, len(calendars) + len(cmdlets)
