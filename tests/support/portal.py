"""ROOMZ as the tenant sees it: a client that reads a room's calendar with the secret that somebody has typed into the Portal.

Owns the steps through time, at each of which it looks, and the figures of a stack's secrets over years: how many there were, how
long two of them were valid together, and how long the Portal's was not. Beside it the tenant's exposure meter runs. Owns no
opinion about when a secret should be issued.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.stack import ROOT, Result, Stack
from tests.support.tenant import Tenant


@dataclass
class Issued:
    """A secret of the stack as Microsoft Graph shows it; `gone` is when it was first missed."""

    generation: int
    issued: datetime
    ends: datetime
    gone: datetime | None = None

    @property
    def dead(self) -> datetime:
        """When it stopped working."""
        return min(self.ends, self.gone or self.ends)


class Portal:
    """The Portal of a stack that is up; its secret is typed in by `hand_over`."""

    def __init__(self, stack: Stack, tenant: Tenant) -> None:
        outputs = stack.outputs()
        self.stack, self.tenant = stack, tenant
        self.client_id: str = outputs["clientId"]
        self._application = f"/applications/{outputs['applicationObjectId']}"
        self._room, self._control = f"room-eiger@{tenant.domain}", f"control.mailbox@{tenant.domain}"
        self._secret = ""
        # One client for all looks: a connection for each would take most of the time.
        self._web = tenant.http()
        self.may_stand_still = False
        """Whether it is meant that what the Portal has does not work."""
        self._held: list[tuple[datetime, str]] = []
        self.issued: dict[str, Issued] = {}
        tenant.control("POST", f"/tenants/{tenant.id}/exposure", {"allowed": "rooms", "clientIds": [self.client_id]})
        self.note()

    # -- what happens to the stack ---------------------------------------------------------------------------------------

    def up(self, *arguments: str, expect: int | None = 0) -> Result:
        """`pulumi up`, and a look at what it left."""
        result = self.stack.up(*arguments, expect=expect)
        self.note()
        self.look()
        return result

    def configure(self, **keys: int | None) -> None:
        """Change keys of `roomz:secret` and leave the others."""
        self.stack.configure(secret={**self.stack.configuration.get("roomz:secret", {}), **keys})

    def hand_over(self, *, recorded: bool = True) -> int:
        """Type the newest secret in, and write down that it was; returns its generation."""
        outputs = self.stack.outputs(secrets=True)
        generation = int(outputs["secretGeneration"])
        self._secret = outputs["clientSecret"]
        self._held.append((self.tenant.now(), outputs["issuedSecrets"][str(generation)]["keyId"]))
        self.note()
        self.look()
        if recorded:
            self.configure(handedOver=generation)
        return generation

    # -- time ------------------------------------------------------------------------------------------------------------

    def wait(self, days: float, every: float = 7) -> None:
        """Let days pass, and look at least every so many of them."""
        left = days
        while left > 0:
            step = min(every, left)
            self.tenant.advance(days=step)
            left -= step
            self.look()

    def wait_until(self, moment: datetime, every: float = 7) -> None:
        """Let time pass until then."""
        self.wait((moment - self.tenant.now()) / timedelta(days=1), every)

    def look(self) -> None:
        """Read with the secret that is typed in."""
        if self._secret and not self.may_stand_still:
            assert self.reads(self._secret), f"the displays stand still on {self.tenant.now()}"

    def note(self) -> None:
        """Note which secrets exist now, and which are gone."""
        now = self.tenant.now()
        shown = {
            password["keyId"]: password
            for password in self.tenant.graph("GET", self._application).json()["passwordCredentials"]
            if str(password["displayName"]).startswith("roomz:")
        }
        for key_id, password in shown.items():
            begin, end = (datetime.fromisoformat(password[name]) for name in ("startDateTime", "endDateTime"))
            number = int(str(password["displayName"]).rpartition(" ")[2])
            known = self.issued.setdefault(key_id, Issued(number, begin, end))
            assert (known.issued, known.ends) == (begin, end), "an issued secret moved"
        for key_id, known in self.issued.items():
            if key_id not in shown and known.gone is None:
                known.gone = now

    def reads(self, secret: str) -> bool:
        """Whether a secret reads a room's calendar; the control mailbox must be refused to it whenever it signs in."""
        answer = self._web.post(
            f"{self.tenant.server.url}/{self.tenant.id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": secret,
                "scope": f"{self.tenant.server.url}/.default",
            },
        )
        if answer.status_code != 200:
            return False
        token = answer.json()["access_token"]
        assert self._calendar_status(self._control, token) == 403
        return self._calendar_status(self._room, token) == 200

    def _calendar_status(self, address: str, token: str) -> int:
        path = f"{self.tenant.server.url}/v1.0/users/{address}/calendar"
        return self._web.get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    # -- figures ----------------------------------------------------------------------------------------------------------

    def figures(self) -> dict[str, float]:
        """What the years were like, in numbers."""
        in_order = sorted(self.issued.values(), key=lambda each: each.issued)
        overlaps = [(old.dead - new.issued) / timedelta(days=1) for old, new in pairwise(in_order)]
        meter = self.tenant.control("GET", f"/tenants/{self.tenant.id}/exposure")
        return {
            "secrets issued": len(in_order),
            "longest overlap in days": round(max(overlaps, default=0), 2),
            "shortest overlap in days": round(min(overlaps, default=0), 2),
            "hours without a valid secret": self._dark() / timedelta(hours=1),
            "hours of avoidable exposure": meter["avoidable"]["seconds"] / 3600,
            "hours one secret away from exposure": meter["oneSecretAway"]["seconds"] / 3600,
        }

    def _dark(self) -> timedelta:
        """How long the Portal had a secret that did not work: exact, between the looks as well."""
        ends = [since for since, _ in self._held[1:]] + [self.tenant.now()]
        return sum(
            (
                max(timedelta(), end - max(since, self.issued[key_id].dead))
                for (since, key_id), end in zip(self._held, ends, strict=True)
            ),
            timedelta(),
        )


def report(name: str, figures: dict[str, Any]) -> None:
    """Keep figures for people: build/secrets.json, one entry a test."""
    path = Path(ROOT) / "build" / "secrets.json"
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**kept, name: figures}, indent=2) + "\n")
