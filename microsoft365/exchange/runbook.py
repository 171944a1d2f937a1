"""The runbook: the plan's actions as a PowerShell script for an Exchange administrator. Pure.

Owns which step stands for which action, and their order, which is the plan's: group and members, restriction, calendar
processing. What is around the steps: runbook_frame.py; the steps themselves: runbook_group.py, runbook_rooms.py,
runbook_policy.py, runbook_rbac.py. Writes no file (runbook_file.py) and asks nobody.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import PurePosixPath

from microsoft365.errors import BadInput, Guarded
from microsoft365.exchange import runbook_group, runbook_policy, runbook_rbac, runbook_rooms
from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Observed
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.rbac_observed import Rbac
from microsoft365.exchange.runbook_frame import Script, Step, written

# What whoever runs a script needs; docs/permissions.md tells which narrower roles may do.
ROLES = "the role Exchange Administrator, or a member of the role group Organization Management"
_AFTER = (
    "Tell whoever runs pulumi, so that they run pulumi up again: it sees that the restriction stands, and goes on. Microsoft's "
    "other services may need an hour or more until they heed it."
)


def render(desired: DesiredState, observed: Observed, todo: Plan, made_at: datetime) -> str:
    """Return the script that does what the plan says.

    Raises BadInput without the application's ids, Guarded where a guard stops the plan.
    """
    ensure_application(desired)
    if todo.guard is not None:
        raise Guarded(f"no script was written: {todo.guard}")
    kinds = {action.kind for action in todo.actions}
    rbac = desired.access == "rbac"
    room = todo.wanted[0] if todo.wanted else None
    functions = [*runbook_group.ACCESS_POLICIES, *runbook_group.GROUP_USERS] if desired.uses_group else []
    functions += runbook_group.functions(todo) if desired.uses_group else []
    functions += runbook_rbac.FUNCTIONS if rbac else runbook_policy.FUNCTIONS
    looks = runbook_group.looks(todo) if desired.uses_group else []
    if kinds & {"addMember", "removeMember", "setCalendar"}:
        looks += ["", *runbook_rooms.ROOM_MAILBOXES]
    return written(
        Script(
            name=PurePosixPath(desired.runbook_path).name,
            purpose=f"keeps the application to the rooms (access model {desired.access}).",
            connection=desired.connection,
            mark=desired.mark,
            client_id=desired.application.client_id,
            made_at=made_at,
            roles=ROLES,
            values=[
                *(runbook_rbac.values(desired) if rbac else ()),
                *runbook_group.values(todo),
                *runbook_rooms.values(todo, observed),
            ],
            functions=functions,
            looks=looks,
            steps=_steps(desired, observed, todo),
            check=runbook_rbac.check(desired, room) if rbac else runbook_policy.check(room),
            after=_AFTER,
            grant_revoked="createPolicy" in kinds,
            notes=todo.notices,
        )
    )


def ensure_application(desired: DesiredState) -> None:
    """Raise BadInput unless the document names the application whose access is restricted."""
    application = desired.application
    if application.client_id is None:
        raise BadInput("nothing was changed: application.clientId is missing, and what restricts it needs it")
    if desired.access == "rbac" and application.service_principal_id is None:
        raise BadInput(
            "nothing was changed: application.servicePrincipalId is missing, the object id of the enterprise application, by "
            "which Exchange knows who gets a role"
        )


def _steps(desired: DesiredState, observed: Observed, todo: Plan) -> list[Step]:
    together = (*runbook_group.MEMBER_KINDS, "setCalendar", "removePolicy", "removeAssignment")
    parts: list[list[Action]] = []
    for _, run in groupby(
        todo.actions, lambda action: "member" if action.kind in runbook_group.MEMBER_KINDS else action.kind
    ):
        actions = list(run)
        parts += [actions] if actions[0].kind in together else [[action] for action in actions]
    return [_step(part, desired, observed, todo) for part in parts]


def _step(actions: Sequence[Action], desired: DesiredState, observed: Observed, todo: Plan) -> Step:
    action = actions[0]
    match action.kind:
        case "createGroup":
            return runbook_group.create(action)
        case "markGroup" if todo.group is not None:
            return runbook_group.mark(action, todo.group)
        case "updateGroup":
            return runbook_group.update(action, todo.group)
        case "removeMember" | "addMember":
            return runbook_group.members(actions, desired, todo)
        case "setCalendar":
            return runbook_rooms.calendars(actions)
        case "createPolicy":
            return runbook_policy.create(action)
        case "markPolicy":
            return runbook_policy.mark(action, observed)
        case "removePolicy":
            return runbook_policy.remove(actions)
        case _:
            return _rbac_step(actions, desired, observed.rbac or Rbac())


def _rbac_step(actions: Sequence[Action], desired: DesiredState, rbac: Rbac) -> Step:
    action = actions[0]
    match action.kind:
        case "enableCustomization":
            return runbook_rbac.customize(action)
        case "removePrincipal":
            return runbook_rbac.remove_principal(action)
        case "createPrincipal":
            return runbook_rbac.create_principal(action)
        case "markPrincipal":
            return runbook_rbac.mark_principal(action, rbac)
        case "createScope":
            return runbook_rbac.create_scope(action)
        case "changeScope":
            return runbook_rbac.change_scope(action, rbac)
        case "createAssignment":
            return runbook_rbac.create_assignment(action, desired)
        case "changeAssignment":
            return runbook_rbac.change_assignment(action, desired)
        case "removeAssignment":
            return runbook_rbac.remove_stale(actions)
        case _:
            # A kind of action that a script cannot say must never be left out of one in silence.
            raise NotImplementedError(f"no step of a runbook for {action.kind}")
