"""A simulated tenant that takes its time, the project's script run on it, and the guide run on it.

Owns the conditions under which Exchange is measured: 50 ms for each HTTP request (a `$batch` is one), 10 ms for each cmdlet in
it, one after another, and 429 above 8 requests at once. Whole processes are timed, start-up included.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench import whole_process
from tests.bench.process import Tenant
from tests.bench.round_trips import Trips, count

CONDITIONS = {
    "latency": {"requestMilliseconds": 50, "cmdletMilliseconds": 10},
    "throttle": {"concurrentRequests": 8},
}
PEOPLE = 100
PYTHON_ALONE_MIB = 20
"""A Python that has loaded the script's packages holds more."""
MARK = "roomz:roomz/bench"


@dataclass(frozen=True)
class Run:
    """One `exchange_policy apply`."""

    seconds: float
    peak_mib: float
    trips: Trips
    changed: dict[str, int]


class Site:
    """A fresh tenant with an application that is to be kept to its rooms. `slow`: under the conditions above."""

    def __init__(self, tenant: Tenant, rooms: int, *, access: str = "policy", slow: bool = True) -> None:
        tenant.control("POST", "/seed", {"rooms": rooms, "people": PEOPLE})
        self.tenant = tenant
        self.domain = tenant.administrator["domain"]
        application = tenant.graph("POST", "/applications", {"displayName": "ROOMZGraph"})
        principal = tenant.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
        self.client_id: str = application["appId"]
        self.desired = {
            "connection": {
                "tenantId": tenant.tenant_id,
                "metadataHost": f"127.0.0.1:{tenant.port}",
                "exchangeHost": f"localhost:{tenant.port}",
            },
            "mark": MARK,
            "access": access,
            "application": {"clientId": self.client_id, "servicePrincipalId": principal["id"]},
            "group": {"primarySmtpAddress": f"RoomzResources@{self.domain}"},
            "calendar": "titles",
        }
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "SSL_CERT_FILE": str(tenant.certificate_file),
            "ARM_TENANT_ID": tenant.tenant_id,
            "ARM_CLIENT_ID": tenant.administrator["clientId"],
            "ARM_CLIENT_SECRET": tenant.administrator["clientSecret"],
        }
        if slow:
            tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", CONDITIONS)

    def apply(self) -> Run:
        """Run the project's script as the command resource does."""
        self.tenant.control("DELETE", "/requests")
        ended = whole_process.run(["scripts/run", "exchange_policy", "apply"], self.desired, self.environment)
        if ended.peak_mib < PYTHON_ALONE_MIB:
            raise RuntimeError(f"{ended.peak_mib:.1f} MiB is not the memory of the script, but of what started it")
        entries: list[dict[str, Any]] = self.tenant.control("GET", "/requests")["requests"]
        if refused := [entry for entry in entries if entry["status"] == 429]:
            raise RuntimeError(f"{len(refused)} requests were more at once than the tenant takes")
        return Run(ended.seconds, ended.peak_mib, count(entries), ended.document["changed"])

    def guide(self, steps: Sequence[str]) -> tuple[float, dict[str, float]]:
        """Run steps of the guide; returns the seconds of the whole process, and those of each step."""
        given = {
            "login": f"https://127.0.0.1:{self.tenant.port}",
            "exchange": f"https://localhost:{self.tenant.port}",
            "tenantId": self.tenant.tenant_id,
            "domain": self.domain,
            "clientId": self.client_id,
            "steps": list(steps),
        }
        command = [sys.executable, "-m", "tests.bench.guide"]
        ended = whole_process.run(command, given, self.environment)
        return ended.seconds, ended.document

    def add_room(self) -> None:
        """Let a room appear."""
        document = {"address": f"room-new@{self.domain}", "kind": "RoomMailbox", "name": "New"}
        self.tenant.control("POST", f"/tenants/{self.tenant.tenant_id}/mailboxes", document)

    def spoil_a_room(self) -> None:
        """Let somebody set one property of one room back."""
        given = {"Identity": f"room-00001@{self.domain}", "DeleteSubject": True}
        self.tenant.send([self.tenant.command("Set-CalendarProcessing", given)])
