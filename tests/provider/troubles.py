"""What can go wrong with one request of the provider's: the catalogue from which tests and campaign draw.

Owns the troubles' names, and how the simulated tenant is asked for each.  A status of a fault never takes effect; `reset after`
is the answer that got lost.  Bodies are Microsoft Graph's (`tests/support/refusals.py`).
"""

import random
from dataclasses import dataclass
from typing import Any

from tests.support import refusals
from tests.support.tenant import Tenant

GUID = "[0-9a-f-]{36}"
WRITES = {
    "POST /applications": ("POST", "/applications$"),
    "PATCH /applications/{id}": ("PATCH", f"/applications/{GUID}$"),
    "POST /servicePrincipals": ("POST", "/servicePrincipals$"),
    "PATCH /servicePrincipals/{id}": ("PATCH", f"/servicePrincipals/{GUID}$"),
    "POST appRoleAssignedTo": ("POST", "/appRoleAssignedTo$"),
    "POST addPassword": ("POST", "/addPassword$"),
}
"""Every request with which the provider creates or changes what the project declares, and how it is recognised."""
READS = {
    "GET /applications/{id}": ("GET", f"^/v1.0/applications/{GUID}$"),
    "GET /applications/{id}/owners": ("GET", "/applications/.+/owners$"),
    "GET /servicePrincipals": ("GET", "/servicePrincipals$"),
    "GET /servicePrincipals/{id}": ("GET", f"^/v1.0/servicePrincipals/{GUID}$"),
    "GET appRoleAssignedTo/{id}": ("GET", "/appRoleAssignedTo/[^/]+$"),
}
"""What it reads of them."""
DELETIONS = {
    "DELETE /applications/{id}": ("DELETE", f"/applications/{GUID}$"),
    "DELETE /servicePrincipals/{id}": ("DELETE", f"/servicePrincipals/{GUID}$"),
    "DELETE appRoleAssignedTo/{id}": ("DELETE", "/appRoleAssignedTo/[^/]+$"),
    "POST removePassword": ("POST", "/removePassword$"),
}
"""What takes them away."""
REQUESTS = WRITES | READS | DELETIONS


ACTIONS: dict[str, dict[str, Any]] = {
    "429 with Retry-After": refusals.TOO_MANY,
    "429": refusals.TOO_MANY_WITHOUT_A_TIME,
    "500": refusals.INTERNAL_ERROR,
    "503": refusals.UNAVAILABLE,
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
}
CONFLICT = "409"
NOT_FOUND = "404"
ACTIONS_OF_ONE = {CONFLICT: refusals.CONFLICT, NOT_FOUND: refusals.NOT_FOUND}
"""What not every request answers: addPassword when another change of the application is on its way, a read that is behind."""


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong: `action` at the next `request`, or with `lag` all the time."""

    request: str
    kind: str

    def __str__(self) -> str:
        """The name by which reports know it."""
        return self.kind if self.is_lag else f"{self.request}: {self.kind}"

    @property
    def is_lag(self) -> bool:
        """Tell whether it lasts, instead of happening once."""
        return self.request == LAG

    def ask_for(self, tenant: Tenant) -> None:
        """Let it happen in a tenant."""
        if self.is_lag:
            tenant.control("PUT", f"/tenants/{tenant.id}/conditions", {"lag": refusals.LAGS[self.kind]})
            return
        method, path = REQUESTS[self.request]
        tenant.fault(api="graph", method=method, path=path, action=(ACTIONS | ACTIONS_OF_ONE)[self.kind])


LAG = "lag"
CATALOGUE = (
    *(Trouble(request, kind) for request in WRITES for kind in ACTIONS),
    Trouble("POST addPassword", CONFLICT),
    *(Trouble(LAG, kind) for kind in refusals.LAGS),
)
MOST_AT_ONCE = 3


def plan(seed: int) -> tuple[Trouble, ...]:
    """The troubles of a seed: one to three, each of another request, always the same."""
    chance = random.Random(seed)  # noqa: S311 - a plan that can be repeated, not a secret
    requests = chance.sample([*WRITES, LAG], chance.randint(1, MOST_AT_ONCE))
    return tuple(chance.choice([each for each in CATALOGUE if each.request == request]) for request in requests)
