"""What `exchange_policy.py observe` and `apply` print: one small JSON document for the Pulumi program.

Owns its content and its size (the shape is that of documents.py): counts, ids and a few names, since what a command resource prints goes into the state and
must stay under 16 KiB. Texts for people are shortened until it does; what decisions need never is.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from microsoft365 import marks
from microsoft365.exchange.actions import Action, Kind
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import Plan, plan
from microsoft365.exchange.transport import Reporter
from microsoft365.graph.applications import observe_entra
from microsoft365.graph.token_rights import lacking
from microsoft365.packets import threads
from microsoft365.schema_version import versioned
from microsoft365.session import Session

_MOST_ACTIONS = 10
_MOST_NOTICES = 10
_MOST_BYTES = 16 * 1024
# How long a text may be, in characters; the next shorter length holds where the whole would be too large.
_LENGTHS = (1000, 500, 250, 100, 50)


def observe_tenant(session: Session, desired: DesiredState, reporter: Reporter) -> dict[str, Any]:
    """Read Exchange and Entra and return the document. Raises what reading and planning raise."""
    client_id = desired.application.client_id
    with threads(1) as pool:
        entra_later = pool.submit(observe_entra, session.graph, desired.mark, client_id, desired.application.object_id)
        if client_id is None:
            # Outputs that were lost: the application is known by its mark.
            desired = with_client_id(desired, entra_later.result()[1])
        observed = observe(session.exchange, desired, reporter)
        entra, _ = entra_later.result()
    lacks = lacking(session.sign_in.token(session.endpoints.graph), desired.setup)
    return observation_document(plan(desired, observed), session.now().strftime(marks.TIME_FORMAT), entra, lacks)


def observe_entra_alone(session: Session, desired: DesiredState) -> dict[str, Any]:
    """Read Entra and nothing of Exchange. Raises what reading raises."""
    application = desired.application
    entra, _ = observe_entra(session.graph, desired.mark, application.client_id, application.object_id)
    return versioned({"observedAt": session.now().strftime(marks.TIME_FORMAT), "entra": entra})


def observation_document(
    found: Plan, observed_at: str, entra: Mapping[str, Any], lacks: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what `observe` prints; `lacks` are the permissions that whoever deploys does not have."""
    return _within(
        lambda longest: versioned(
            {
                "observedAt": observed_at,
                "exchange": exchange_document(found, longest),
                "entra": entra,
                "deployer": {"lacks": list(lacks)},
            }
        )
    )


def with_client_id(desired: DesiredState, client_id: str | None) -> DesiredState:
    """Return the desired state about this application."""
    application = desired.application.model_copy(update={"client_id": client_id})
    return desired.model_copy(update={"application": application})


def exchange_document(found: Plan, longest: int = _LENGTHS[0]) -> dict[str, Any]:
    """Return the `exchange` part of an observation; `longest` is a text's, in characters."""
    return {
        "restriction": found.standing,
        "digest": found.digest,
        "differs": found.differs,
        "summary": _short(found.summary(), longest),
        "actions": [action_document(action, longest) for action in found.actions[:_MOST_ACTIONS]],
        "actionCount": len(found.actions),
        "guard": None if found.guard is None else _short(found.guard, longest),
        "rooms": {"number": len(found.wanted), "inReach": found.in_reach, "withTitles": found.with_titles},
        "notices": _first(found.notices, longest),
    }


def plan_document(found: Plan) -> dict[str, Any]:
    """Return what `plan --json` prints: the same, with every action."""
    document = exchange_document(found)
    return versioned({**document, "actions": [action_document(action) for action in found.actions]})


def action_document(action: Action, longest: int = _LENGTHS[0]) -> dict[str, str]:
    """Return one action for people and machines."""
    return {
        "kind": action.kind,
        "subject": _short(action.subject, longest),
        "reason": _short(action.reason, longest),
        "touches": _short(action.touches, longest),
        "undo": _short(action.undo, longest),
    }


def applied_document(applied: Applied) -> dict[str, Any]:
    """Return what `apply` prints."""
    changed: Mapping[Kind, int] = applied.plan.counts
    return _within(
        lambda longest: versioned(
            {
                **_restriction(applied),
                "status": "restricted" if applied.restricted else "waiting",
                "runbook": None if applied.runbook is None else applied.runbook.document(),
                "rooms": {
                    "number": len(applied.plan.wanted),
                    "inReach": applied.in_reach,
                    "withTitles": applied.with_titles,
                },
                "changed": dict(changed),
                "notices": _first(applied.notices, longest),
            }
        )
    )


def _restriction(applied: Applied) -> dict[str, Any]:
    """Return what keeps the application to the rooms, by its identities."""
    group = applied.group
    shown = None
    if group is not None:
        shown = {
            "objectId": group.object_id,
            "name": group.name,
            "primarySmtpAddress": group.address,
            "adopted": applied.plan.adopted,
        }
    if applied.model == "policy":
        policy = None if applied.policy_identity is None else {"identity": applied.policy_identity}
        return {"model": "policy", "group": shown, "policy": policy}
    principal, scope, assignment = applied.principal, applied.scope, applied.assignment
    made = None if assignment is None else {"id": assignment.guid, "name": assignment.name, "role": assignment.role}
    return {
        "model": "rbac",
        "group": shown,
        "scope": None if scope is None else {"id": scope.guid, "name": scope.name, "filter": scope.text},
        "assignment": made,
        "servicePrincipal": None if principal is None else {"objectId": principal.object_id},
    }


def _first(notices: Sequence[str], longest: int) -> list[str]:
    """Return the notices, at most ten; the last then tells how many more there are."""
    kept = notices if len(notices) <= _MOST_NOTICES else notices[: _MOST_NOTICES - 1]
    more = len(notices) - len(kept)
    said = [_short(notice, longest) for notice in kept]
    return [*said, f"{more} more notices; see all of them with: scripts/run exchange_policy plan"] if more else said


def _within(document: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """Build the document with the longest texts with which it stays under 16 KiB, else with the shortest."""
    built: dict[str, Any] = {}
    for longest in _LENGTHS:
        built = document(longest)
        if len(json.dumps(built, ensure_ascii=False).encode()) + len("\n") < _MOST_BYTES:
            break
    return built


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
