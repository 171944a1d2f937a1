"""One simulated tenant with a connector in it, a clock that moves the tenant's along, and `verify` as a caller uses it.

The connector is made by raw calls (tests/tenant/), so that what is verified is never what our own client thinks it made.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from microsoft365.connection import Connection
from microsoft365.pace import Pace
from microsoft365.verification.report import Finding, Report
from microsoft365.verification.subject import Subject
from microsoft365.verification.verify import verify
from microsoft365.verification.waiting import Pause
from simulator.server import SimulatorServer
from tests.tenant import rbac
from tests.tenant.client import CONTROL_MAILBOX, TenantClient, expect
from tests.tenant.connected import MARK, connect

BYPASS = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}
KEEP_TITLES = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}
ROOMS_ONLY = "((RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -eq 'Room'))"


class Quiet:
    """A reporter that keeps what it was told."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def begin(self, label: str, total: int) -> Any:
        self.labels.append(label)
        return lambda _number: None


class World:
    """A tenant, whoever administers it, and one connector."""

    def __init__(self, server: SimulatorServer) -> None:
        self.server = server
        self.client = TenantClient(server)
        self.client.control("POST", "/reset")
        self.client.control("DELETE", "/faults")
        self.application: dict[str, Any] = {}
        self.secret = ""
        self.access = "policy"
        self.group: dict[str, Any] = {}
        self.seconds = 0.0
        self.pauses: list[float] = []
        self.reporter = Quiet()

    def close(self) -> None:
        self.client.close()

    # -- making a connector ---------------------------------------------------------------------------------------------

    def connect_by_policy(self) -> None:
        """As in ROOMZ's guide: group, policy, grant, secret; the rooms' calendar processing stays Exchange's default."""
        self.application = connect(self.client, with_titles=False)
        self.secret, self.group = self.application["secret"], self.application["group"]
        self.forget_requests()

    def connect_by_rbac(self, **assignment: Any) -> None:
        """RBAC for Applications over all rooms, and nothing in Microsoft Entra."""
        self.access = "rbac"
        self.application = self.client.make_application(notes=MARK)
        principal = rbac.register(self.client, self.application["appId"], self.application["servicePrincipalId"])
        rbac.make_scope(self.client, MARK, ROOMS_ONLY)
        name = f"{MARK} {self.application['servicePrincipalId'][:8]}"
        rbac.assign(self.client, principal, **{"Name": name, "CustomResourceScope": MARK, **assignment})
        self.new_secret()
        self.forget_requests()

    def keep_titles(self, *rooms: str) -> None:
        for room in rooms:
            self.rows("Set-CalendarProcessing", Identity=room, **KEEP_TITLES)

    def new_secret(self) -> None:
        made = expect(self.client.graph("POST", f"/applications/{self.application['id']}/addPassword", {}), 200)
        self.secret = made["secretText"]

    def take_the_grant_away(self) -> None:
        """As somebody does who presses *Revoke admin consent*; or as before anybody has consented."""
        principal = self.application["servicePrincipalId"]
        granted = self.client.graph("GET", f"/servicePrincipals/{principal}/appRoleAssignments").json()["value"][0][
            "id"
        ]
        graph = self.client.graph_principal_id()
        expect(self.client.graph("DELETE", f"/servicePrincipals/{graph}/appRoleAssignedTo/{granted}"), 204)

    @property
    def client_id(self) -> str:
        return str(self.application["appId"])

    @property
    def rooms(self) -> list[str]:
        """The tenant's rooms, without workspaces."""
        found = self.client.snapshot()["mailboxes"]
        return [each["address"] for each in found if each["resourceType"] == "Room" and not each["livesOnPremises"]]

    # -- what happens to it ----------------------------------------------------------------------------------------------

    def rows(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        return self.client.rows(cmdlet, parameters)

    def conditions(self, **given: Any) -> None:
        self.client.control("PUT", f"/tenants/{self.client.tenant_id}/conditions", given)

    def fault(self, match: Mapping[str, Any], action: Mapping[str, Any], *, times: int = 1, skip: int = 0) -> None:
        self.client.control("POST", "/faults", {"match": match, "times": times, "skip": skip, "action": action})

    def advance(self, seconds: float) -> None:
        """Let time pass, for the tenant and for whoever waits."""
        self.seconds += seconds
        self.client.advance(seconds)
        # The administrator's tokens end as well.
        self.client._tokens.clear()

    def now(self) -> datetime:
        """The tenant's time."""
        return datetime.fromisoformat(self.client.control("GET", f"/tenants/{self.client.tenant_id}/clock")["now"])

    def invite(self, room: str, subject: str, *, private: bool = False, hours: float = 1.0) -> None:
        """Let a person book a room, so many hours from the tenant's now."""
        start, end = (_in(self.now(), hours + more) for more in (0, 0.5))
        body = {
            "organizer": "anna.keller@alpenblick.example",
            "rooms": [room],
            "subject": subject,
            "private": private,
            "start": start,
            "end": end,
        }
        (answer,) = self.client.control("POST", f"/tenants/{self.client.tenant_id}/meetings", body)["rooms"]
        assert answer["outcome"] == "accepted", answer

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.control("GET", "/requests")["requests"]
        return found

    def forget_requests(self) -> None:
        self.client.control("DELETE", "/requests")

    def subjects(self, room: str) -> list[str]:
        """The subjects of all that stands in a room's calendar."""
        (found,) = [each for each in self.server.simulator.store.first.mailboxes if each.address == room]
        return sorted(str(event.properties.get("subject")) for event in found.events)

    # -- verifying it ----------------------------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        port = self.server.port
        return Connection(
            tenant_id=self.client.tenant_id, metadata_host=f"127.0.0.1:{port}", exchange_host=f"localhost:{port}"
        )

    @property
    def environment(self) -> dict[str, str]:
        """The administrator's variables, and nothing of this machine's own sign-ins."""
        ours = ("ARM_", "SSL_", "REQUESTS_", "ROOMZ_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        administrator = self.client.administrator
        return {
            **kept,
            "ARM_TENANT_ID": self.client.tenant_id,
            "ARM_CLIENT_ID": administrator["clientId"],
            "ARM_CLIENT_SECRET": administrator["clientSecret"],
            "SSL_CERT_FILE": str(self.server.certificate_file),
        }

    def subject(self, **changes: Any) -> Subject:
        values: dict[str, Any] = {
            "connection": self.connection,
            "client_id": self.client_id,
            "access": self.access,
            "mark": MARK,
            "stack": "dev",
            "control_mailbox": CONTROL_MAILBOX,
        }
        return Subject(**{**values, **changes})

    def verify(
        self,
        subject: Subject | None = None,
        *,
        secret: str | None = None,
        administrator: bool = True,
        write: bool = False,
        doors: bool = False,
        wait_minutes: float = 0,
    ) -> Report:
        """Verify the connector by a clock that moves when somebody waits, and the tenant's clock with it."""

        def pause(one: Pause) -> None:
            self.pauses.append(one.seconds)
            self.advance(one.seconds)

        return verify(
            subject or self.subject(),
            self.secret if secret is None else secret,
            self.environment,
            self.reporter,
            administrator=administrator,
            write=write,
            doors=doors,
            wait_minutes=wait_minutes,
            pace=Pace(lambda: self.seconds, self._sleep),
            pause=pause,
        )

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds


def only(report: Report, symptom: str) -> Finding:
    """Return the one finding of a symptom; without it the test fails and shows what was found instead."""
    found = [finding for finding in report.findings if finding.symptom == symptom]
    assert len(found) == 1, [(finding.symptom, finding.says) for finding in report.findings]
    return found[0]


def symptoms(report: Report, *statuses: str) -> set[str]:
    """Return the symptoms with one of these statuses."""
    return {finding.symptom for finding in report.findings if finding.status in statuses}


def _in(now: datetime, hours: float) -> str:
    return datetime.fromtimestamp(now.timestamp() + hours * 3600, tz=now.tzinfo).isoformat()
