"""Observe, plan, perform, read back: the whole of one run.

Owns their order, and that nothing is changed where a guard stops it. What is performed how: performing.py, policy_apply.py,
rbac_apply.py.
"""

from microsoft365.errors import BadInput, Guarded
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.members import see_nobody_again
from microsoft365.exchange.observe import observe
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import plan
from microsoft365.exchange.policy_apply import PolicyPerformance
from microsoft365.exchange.rbac_apply import RbacPerformance
from microsoft365.exchange.transport import Reporter, Transport
from microsoft365.pace import Pace


def apply(transport: Transport, desired: DesiredState, reporter: Reporter, pace: Pace) -> Applied:
    """Observe, plan, perform and read back.

    Raises BadInput without the application's ids, Guarded by a guard (nothing was changed), TenantRefused with what was not
    done, GaveUp when waiting has no sense any more. Running it again goes on from there.
    """
    application = desired.application
    if application.client_id is None:
        raise BadInput("nothing was changed: application.clientId is missing, and what restricts it needs it")
    if desired.access == "rbac" and application.service_principal_id is None:
        raise BadInput(
            "nothing was changed: application.servicePrincipalId is missing, the object id of the enterprise application, by "
            "which Exchange knows who gets a role"
        )
    observed = observe(transport, desired, reporter)
    todo = plan(desired, observed)
    if todo.guard is not None:
        raise Guarded(f"nothing was changed: {todo.guard}")
    see_nobody_again(transport, todo)
    if desired.access == "rbac":
        return RbacPerformance(transport, desired, todo, reporter, pace).run(observed)
    return PolicyPerformance(transport, desired, todo, reporter, pace).run(observed.policies)
