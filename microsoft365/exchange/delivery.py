"""How a plan gets into Exchange: the one interface behind which REST and runbook stand.

Owns the choice. Either deliverer gets the same desired state, the same reading and the same plan, which no guard has stopped,
and says in the same words what stands afterwards. Another way to have *cmdlets* carried out, such as PowerShell on this
machine, is none of these but a transport (transport.py): docs/decisions/0011.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol

from microsoft365.errors import Guarded
from microsoft365.exchange import rbac_model, runbook
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.members import see_nobody_again
from microsoft365.exchange.observed import Observed
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.policy_apply import PolicyPerformance
from microsoft365.exchange.rbac_apply import RbacPerformance
from microsoft365.exchange.rbac_observed import Rbac
from microsoft365.exchange.runbook_file import RunbookFolder, Written
from microsoft365.exchange.transport import Reporter, Transport
from microsoft365.pace import Pace


class Delivery(Protocol):
    """A way for a plan to get into Exchange."""

    def deliver(self, desired: DesiredState, observed: Observed, todo: Plan) -> Applied:
        """Do what the plan says, or hand it to whoever does; return what stands then."""


@dataclass(frozen=True, slots=True)
class ByRest:
    """Performs the plan, and reads back what it did."""

    transport: Transport
    reporter: Reporter
    pace: Pace

    def deliver(self, desired: DesiredState, observed: Observed, todo: Plan) -> Applied:
        """See Delivery. Raises what changing raises, with the report of all that was done and was not."""
        see_nobody_again(self.transport, todo)
        performance: PolicyPerformance | RbacPerformance
        if desired.access == "rbac":
            performance = RbacPerformance(self.transport, desired, todo, self.reporter, self.pace)
        else:
            performance = PolicyPerformance(self.transport, desired, todo, self.reporter, self.pace)
        with performance.ledger.reporting():
            return performance.run(observed)


@dataclass(frozen=True, slots=True)
class ByRunbook:
    """Writes the plan as a PowerShell script, and changes nothing in the tenant."""

    folder: RunbookFolder
    now: Callable[[], datetime]

    def deliver(self, desired: DesiredState, observed: Observed, todo: Plan) -> Applied:
        """See Delivery. Raises Guarded where a restriction is missing that must stand already."""
        name = PurePosixPath(desired.runbook_path).name
        if todo.standing == "absent" and not desired.awaits_restriction:
            raise Guarded(
                "the restriction of the application is not there (any more), so nothing more may be granted to it. Run the same "
                f"command again: its preview says what to do about it ({desired.runbook_path})"
            )
        if todo.actions:
            written = self.folder.write(name, runbook.render(desired, observed, todo, self.now()))
            notice = (
                f"nothing was changed in Exchange: an Exchange administrator has to run {written.path}, which does this: "
                f"{todo.summary()}"
            )
            return _as_it_stands(desired, observed, todo, written=written, notices=(notice, *todo.notices))
        self.folder.remove(name)
        return _as_it_stands(desired, observed, todo, written=None, notices=todo.notices)


def _as_it_stands(
    desired: DesiredState, observed: Observed, todo: Plan, *, written: Written | None, notices: tuple[str, ...]
) -> Applied:
    """Return what was found, since nothing was changed."""
    rbac = observed.rbac or Rbac()
    uses_rbac = desired.access == "rbac"
    client_id = desired.application.client_id
    own = [one for one in observed.policies if one.app_id == client_id and one.restricts_to(todo.group)]
    return Applied(
        plan=todo,
        model=desired.access,
        group=todo.group,
        policy_identity=own[0].identity if own else None,
        principal=rbac.principal if uses_rbac else None,
        scope=rbac_model.live_scope(desired, rbac) if uses_rbac and not desired.uses_group else None,
        assignment=rbac_model.own_assignment(desired, rbac) if uses_rbac else None,
        in_reach=todo.in_reach,
        runbook=written,
        with_titles=todo.with_titles,
        notices=notices,
        restricted=todo.standing != "absent",
    )
