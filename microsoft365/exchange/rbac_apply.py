"""Performs a plan of the access model `rbac`, and reads back what it did.

Owns the cmdlets of RBAC for Applications, in the plan's order: the scope, or the group, stands before the assignment that
points at it, and no assignment is ever made without one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from microsoft365.errors import GaveUp, Guarded, TenantRefused
from microsoft365.exchange import observe as reading
from microsoft365.exchange import rbac_reading
from microsoft365.exchange.actions import Action, Kind
from microsoft365.exchange.members import LAG_SECONDS
from microsoft365.exchange.observed import CalendarSettings, Group, Observed
from microsoft365.exchange.performing import Applied, Performer, calendars_seen, without_titles
from microsoft365.exchange.rbac_model import live_scope, notice_of_delay, own_assignment, points_at
from microsoft365.exchange.rbac_names import base_name
from microsoft365.exchange.rbac_observed import Assignment, Principal, Rbac, Scope
from microsoft365.exchange.transport import Call

# How long Exchange may take to make an organization one that takes scopes. Microsoft names no time.
_CUSTOMIZATION_SECONDS = 600.0
# What is performed here; the group and the rooms are performing.py's.
_RESTRICTION: tuple[Kind, ...] = (
    "removePrincipal",
    "createPrincipal",
    "markPrincipal",
    "createScope",
    "changeScope",
    "createAssignment",
    "changeAssignment",
    "removeAssignment",
)
_CHANGES_REACH = ("createScope", "changeScope", "createAssignment", "changeAssignment", "addMember", "removeMember")


class RbacPerformance(Performer):
    """One run of one plan."""

    def run(self, observed: Observed) -> Applied:
        """Perform everything, in the plan's order. Raises what changing raises."""
        self._rbac = observed.rbac or Rbac()
        scope = live_scope(self.desired, self._rbac)
        self._scope = scope.guid if scope else ""
        for action in self.of("enableCustomization"):
            with self.ledger.performing(action):
                self._enable_customization(action)
        if self.desired.uses_group:
            self.perform_group()
        for action in self.of(*_RESTRICTION):
            with self.ledger.performing(action):
                self._perform(action)
        self.set_calendars()
        return self._read_back() if self.plan.actions else self._as_it_stands()

    def _perform(self, action: Action) -> None:
        """Perform one action of the restriction."""
        name = base_name(self.desired.mark)
        match action.kind:
            case "createPrincipal":
                self._tell(f"Making the service principal of {self.client_id} known to Exchange")
                self.make(Call("New-ServicePrincipal", dict(action.values)), lambda: self._principal() is not None)
            case "markPrincipal":
                self.change(
                    Call("Set-ServicePrincipal", {"Identity": action.target, **action.values, "Confirm": False})
                )
            case "removePrincipal":
                self._remove(Call("Remove-ServicePrincipal", {"Identity": action.target, "Confirm": False}))
            case "createScope":
                self._tell(f"Making the management scope {name}")
                call = Call("New-ManagementScope", dict(action.values))
                self._make_where_customized(call, lambda: self._live_scope() is not None)
                self.ledger.done(action)
                self._scope = self._seen_scope().guid
            case "changeScope":
                self._scope = action.target
                self.change(Call("Set-ManagementScope", {"Identity": action.target, **action.values, "Confirm": False}))
            case "createAssignment":
                self._tell("Assigning the role to the application, over the rooms")
                parameters = {**action.values, "App": self._principal_id(), **self._narrowed()}
                call = Call("New-ManagementRoleAssignment", parameters)
                self._make_where_customized(call, lambda: self._own_assignment() is not None)
            case "changeAssignment":
                # With its scope in any case: no page says what Exchange makes of a change that names none, and an
                # assignment is never enabled without one.
                parameters = {"Identity": action.target, "Confirm": False, **self._narrowed()}
                if "Enabled" in action.values:
                    parameters["Enabled"] = True
                self.change(Call("Set-ManagementRoleAssignment", parameters))
            case "removeAssignment":
                self._remove(Call("Remove-ManagementRoleAssignment", {"Identity": action.target, "Confirm": False}))

    def _narrowed(self) -> dict[str, Any]:
        """Return what narrows an assignment. Raises TenantRefused rather than return nothing."""
        if self.desired.uses_group and self.group_guid:
            # A reference to the group, and its direct members: a filter over MemberOfGroup holds its distinguished name,
            # which a renaming changes.
            return {"RecipientGroupScope": self.group_guid}
        if not self.desired.uses_group and self._scope:
            return {"CustomResourceScope": self._scope}
        raise TenantRefused("there is no scope, and an assignment without one is never made; nothing was assigned")

    def _remove(self, call: Call) -> None:
        (answer,) = self.transport.run([call])
        if answer.failure is not None and not answer.failure.already_gone:
            raise answer.problem()

    def _make_where_customized(self, call: Call, exists: Callable[[], bool]) -> None:
        """Make it; an organization that was customized a moment ago is given time to know it."""
        patience = _CUSTOMIZATION_SECONDS if self.of("enableCustomization") else LAG_SECONDS
        self.make(call, exists, patience=patience)

    def _enable_customization(self, action: Action) -> None:
        self._tell(f"Running Enable-OrganizationCustomization: {action.reason}")
        (answer,) = self.transport.run([Call("Enable-OrganizationCustomization", {"Confirm": False})])
        # Somebody else may have run it in the meantime: then it is refused, and what counts is what it is now.
        if answer.failure is not None and not self._is_customized():
            raise answer.problem()
        self.ledger.done(action)

        until = self.pace.now() + _CUSTOMIZATION_SECONDS
        while not self._is_customized():
            if self.pace.now() > until:
                raise GaveUp(
                    "Enable-OrganizationCustomization was run, and the organization is not customized yet; run the same command "
                    "again in an hour, it goes on from here"
                )
            self.pace.wait(15.0, "Exchange is customizing the organization")

    def _is_customized(self) -> bool:
        return rbac_reading.customized_of(self.transport.run([rbac_reading.lists_calls()[2]])[0])

    def _tell(self, what: str) -> None:
        self.reporter.begin(what, 1)(1)

    def _principal_id(self) -> str:
        return str(self.desired.application.service_principal_id)

    def _principal(self) -> Principal | None:
        (answer,) = self.transport.run(rbac_reading.lists_calls()[:1])
        found = rbac_reading.principals_of(answer)
        return next((one for one in found if one.object_id == self._principal_id()), None)

    def _live_scope(self) -> Scope | None:
        (answer,) = self.transport.run(rbac_reading.lists_calls()[1:2])
        return live_scope(self.desired, Rbac(scopes=rbac_reading.scopes_of(answer)))

    def _seen_scope(self) -> Scope:
        """Return the scope that was made, once Exchange shows it."""
        found: list[Scope] = []

        def shows() -> bool:
            scope = self._live_scope()
            found[:] = [scope] if scope is not None else []
            return bool(found)

        if not self.wait_for(shows):
            raise GaveUp("the management scope was made, but Exchange does not show it yet; run again in a minute")
        return found[0]

    def _own_assignment(self) -> Assignment | None:
        (answer,) = self.transport.run([rbac_reading.assignments_call(self._principal_id())])
        return own_assignment(self.desired, Rbac(assignments=rbac_reading.assignments_of(answer)))

    def _as_it_stands(self) -> Applied:
        """Return what was read, where nothing was to be done."""
        return Applied(
            plan=self.plan,
            model="rbac",
            group=self.plan.group,
            principal=self._rbac.principal,
            scope=None if self.desired.uses_group else live_scope(self.desired, self._rbac),
            assignment=own_assignment(self.desired, self._rbac),
            in_reach=self.plan.in_reach,
            with_titles=self.plan.with_titles,
            notices=self.plan.notices,
        )

    def _read_back(self) -> Applied:
        """See that Exchange shows what was done: principal, scope and assignment must be there, the rest may be late."""
        sample = self.sample()
        late: list[str] = []
        view: _View | None = None

        def agrees() -> bool:
            nonlocal view
            view = self._look(sample)
            late[:] = [*view.missing, *self._late(view)]
            return not late

        self.reporter.begin("Reading back", 0)
        self.wait_for(agrees)
        if view is None or view.missing or view.assignment is None:
            raise GaveUp(
                f"Exchange does not show {' and '.join(late)} yet, so the application gets no secret; run the same command again "
                "in some minutes"
            )
        wider = [one for one in view.rbac.assignments if one.kind == "none" or one.mark is None]
        if wider:
            raise Guarded(
                f"the application has a role that was not assigned here ({wider[0].name!r}); take it away: {wider[0].removal}"
            )
        notices = [f"Exchange does not show everything yet: {', '.join(late)}"] if late else []
        if any(action.kind in _CHANGES_REACH for action in self.plan.actions):
            notices.append(notice_of_delay())
        members = view.members
        reached = len(self.plan.wanted)
        if self.desired.uses_group:
            reached = sum(room.object_id in members for room in self.plan.wanted)
        return Applied(
            plan=self.plan,
            model="rbac",
            group=view.group,
            principal=view.rbac.principal,
            scope=view.scope,
            assignment=view.assignment,
            in_reach=reached,
            with_titles=self.titled(without_titles(view.calendars)),
            notices=(*notices, *self.plan.notices),
        )

    def _late(self, view: "_View") -> list[str]:
        late = self.late_members(view.members) if self.desired.uses_group else []
        unset = without_titles(view.calendars)
        if unset:
            late.append(f"calendar processing of {unset} of the {len(view.calendars)} rooms looked at")
        return late

    def _look(self, sample: Sequence[Action]) -> "_View":
        lists = rbac_reading.lists_calls()[:2]
        calls = [*lists, rbac_reading.assignments_call(self._principal_id())]
        calls += self.group_calls() if self.desired.uses_group else []
        calls += [reading.calendar_call(action.target) for action in sample]
        principal_answer, scope_answer, assignment_answer, *rest = self.transport.run(calls)
        group, members = (None, frozenset[str]())
        if self.desired.uses_group:
            group, members = self.group_seen(rest[:2])
            rest = rest[2:]
        principals = [
            one for one in rbac_reading.principals_of(principal_answer) if one.object_id == self._principal_id()
        ]
        rbac = Rbac(
            principal=principals[0] if principals else None,
            scopes=rbac_reading.scopes_of(scope_answer),
            assignments=rbac_reading.assignments_of(assignment_answer),
        )
        scope = None if self.desired.uses_group else live_scope(self.desired, rbac)
        assignment = own_assignment(self.desired, rbac)
        return _View(
            rbac,
            group,
            scope,
            assignment,
            members,
            tuple(calendars_seen(rest)),
            self._missing(rbac, group, scope, assignment),
        )

    def _missing(
        self, rbac: Rbac, group: Group | None, scope: Scope | None, assignment: Assignment | None
    ) -> tuple[str, ...]:
        missing = [] if rbac.principal is not None else ["the service principal"]
        if self.desired.uses_group:
            missing += [] if group is not None else ["the group"]
        elif scope is None:
            missing.append("the management scope")
        elif scope.key != self.desired.scope_filter.key:
            missing.append(f"the scope's filter as {str(self.desired.scope_filter)!r} (it shows {scope.text!r})")
        if assignment is None:
            missing.append("the role assignment")
        elif not assignment.enabled:
            missing.append("the role assignment as enabled")
        elif (group or scope) and not points_at(assignment, scope, group):
            missing.append("the role assignment as one over the rooms")
        missing += [
            f"the role assignment {one.name!r} as removed"
            for one in rbac.assignments
            if any(action.kind == "removeAssignment" and action.target == one.guid for action in self.plan.actions)
        ]
        return tuple(missing)


@dataclass(frozen=True, slots=True)
class _View:
    """What the tenant shows after the changes; `missing` is what must be there and is not."""

    rbac: Rbac
    group: Group | None
    scope: Scope | None
    assignment: Assignment | None
    members: frozenset[str]
    calendars: tuple[CalendarSettings | None, ...]
    missing: tuple[str, ...]
