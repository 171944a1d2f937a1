"""What `exchange_policy.py observe` and `apply` print: one small JSON document for the Pulumi program.

Owns its shape and its size: counts, ids and a few names, since what a command resource prints must stay under 16 KiB.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from microsoft365 import marks
from microsoft365.exchange.apply import Applied
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.plan import Action, Plan, plan
from microsoft365.exchange.transport import Reporter
from microsoft365.graph.applications import observe_entra
from microsoft365.session import Session

_MOST_ACTIONS = 10
_MOST_NOTICES = 10
_LONGEST_TEXT = 1000


def observe_tenant(session: Session, desired: DesiredState, reporter: Reporter) -> dict[str, Any]:
    """Read Exchange and Entra and return the document. Raises what reading and planning raise."""
    client_id = desired.application.client_id
    with ThreadPoolExecutor(max_workers=1) as pool:
        entra_later = pool.submit(observe_entra, session.graph, desired.mark, client_id, desired.application.object_id)
        if client_id is None:
            # Outputs that were lost: the application is known by its mark.
            desired = with_client_id(desired, entra_later.result()[1])
        observed = observe(session.exchange, desired, reporter)
        entra, _ = entra_later.result()
    return {
        "observedAt": session.now().strftime(marks.TIME_FORMAT),
        "exchange": exchange_document(plan(desired, observed)),
        "entra": entra,
    }


def with_client_id(desired: DesiredState, client_id: str | None) -> DesiredState:
    """Return the desired state about this application."""
    application = desired.application.model_copy(update={"client_id": client_id})
    return desired.model_copy(update={"application": application})


def exchange_document(found: Plan) -> dict[str, Any]:
    """Return the `exchange` part of an observation, and what `plan --json` prints."""
    return {
        "restriction": "present" if found.restriction_present else "absent",
        "differs": found.differs,
        "summary": _short(found.summary()),
        "actions": [action_document(action) for action in found.actions[:_MOST_ACTIONS]],
        "actionCount": len(found.actions),
        "guard": None if found.guard is None else _short(found.guard),
        "rooms": {"number": len(found.wanted), "inReach": found.in_reach, "withTitles": found.with_titles},
        "notices": [_short(notice) for notice in found.notices[:_MOST_NOTICES]],
    }


def action_document(action: Action) -> dict[str, str]:
    """Return one action for people and machines."""
    return {"kind": action.kind, "subject": _short(action.subject), "reason": _short(action.reason)}


def applied_document(applied: Applied, desired: DesiredState) -> dict[str, Any]:
    """Return what `apply` prints."""
    number = len(applied.plan.wanted)
    changed: Mapping[str, int] = applied.plan.counts
    return {
        "model": "policy",
        "group": {
            "objectId": applied.group_object_id,
            "name": applied.group_name,
            "primarySmtpAddress": applied.group_address,
            "adopted": applied.plan.adopted,
        },
        "policy": {"identity": applied.policy_identity},
        "rooms": {
            "number": number,
            "inReach": applied.in_reach,
            "withTitles": number if desired.calendar == "titles" else None,
        },
        "changed": dict(changed),
        "notices": [_short(notice) for notice in applied.notices[:_MOST_NOTICES]],
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
