"""How long Microsoft takes, and how long to leave it alone before everything is asked again. Pure.

Sources: for policies "Limiting application permissions to specific Exchange Online mailboxes" (a change can take longer
than an hour, even where Test-ApplicationAccessPolicy says yes) and ROOMZ's guide (up to 15 minutes); for RBAC for
Applications "Role Based Access Control for Applications in Exchange Online": 30 minutes after the application's last
call, 2 hours at most while it is in use. Every question of ours is such a call, so that whoever asks every minute keeps a
stale refusal alive for two hours: with `rbac` nothing at all is asked of Graph for longer than half an hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from microsoft365.exchange.desired import Access
from microsoft365.verification.report import Finding

FIGURES: dict[Access, str] = {
    "policy": "up to 15 minutes, says ROOMZ's guide; longer than an hour is possible, says Microsoft",
    "rbac": "30 minutes after the application's last call, and up to 2 hours while it is in use, says Microsoft",
}
PATIENCE: dict[Access, str] = {
    "policy": "ask again in half an hour, or let it wait: --wait 120",
    "rbac": "ask once, after the application was left alone for 30 minutes (every question begins that time anew), or let "
    "it wait: --wait 150",
}
RBAC_IDLE_SECONDS = 31 * 60.0
_POLICY_SECONDS = 10 * 60.0
# What Microsoft Graph keeps in mind of an application: only leaving it alone helps.
_KEPT_IN_MIND = frozenset(
    {
        "room-waits-for-microsoft",
        "room-refused",
        "control-waits-for-microsoft",
        "control-open-untested",
        "control-unproven",
    }
)
_SECONDS = {
    "secret-too-new": 20.0,
    "role-too-new": 60.0,
    "room-busy": 60.0,
    "write-unproven": 60.0,
    "control-unproven": 60.0,
    "room-too-new": _POLICY_SECONDS,
}
# A last question after less than this would tell nothing new.
_SHORTEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pause:
    """How long nothing is asked, and why."""

    seconds: float
    why: str


def next_pause(findings: Iterable[Finding], access: Access, remaining: float) -> Pause | None:
    """Return how long to wait before everything is asked again; None where waiting is of no use.

    It is of none where something failed, since nobody mends that by waiting, where nothing is pending, and where the
    time that is left (`remaining`, in seconds) does not reach. A hand-over that is overdue is no such failure: what is waited
    for is what it needs.
    """
    found = list(findings)
    pending = {finding.symptom for finding in found if finding.status == "pending"}
    if not pending or any(one.status == "failed" and one.check != "handOver" for one in found):
        return None
    if access == "rbac" and pending & _KEPT_IN_MIND:
        if remaining < RBAC_IDLE_SECONDS:
            return None
        return Pause(RBAC_IDLE_SECONDS, "leaving the application alone, so that Microsoft looks anew")
    wanted = min(_SECONDS.get(symptom, _POLICY_SECONDS) for symptom in pending)
    seconds = min(wanted, remaining)
    if seconds < _SHORTEST_SECONDS:
        return None
    return Pause(seconds, "giving Microsoft time")
