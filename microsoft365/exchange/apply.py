"""Observe, plan, deliver: the whole of one run.

Owns their order, and that nothing is delivered where a guard stops it. By which means: delivery.py.
"""

from microsoft365.errors import Guarded
from microsoft365.exchange.delivery import ByRest, Delivery
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import plan
from microsoft365.exchange.runbook import ensure_application
from microsoft365.exchange.transport import Reporter, Transport
from microsoft365.pace import Pace


def apply(
    transport: Transport, desired: DesiredState, reporter: Reporter, pace: Pace, delivery: Delivery | None = None
) -> Applied:
    """Observe, plan and deliver; without a delivery, perform and read back over the transport that was read by.

    Raises BadInput without the application's ids, Guarded by a guard (nothing was changed), TenantRefused with what was not
    done, GaveUp when waiting has no sense any more. Once something was begun, what is raised holds the report of all that
    was done and was not. Running it again goes on from there.
    """
    ensure_application(desired)
    observed = observe(transport, desired, reporter)
    todo = plan(desired, observed)
    if todo.guard is not None:
        raise Guarded(f"nothing was changed: {todo.guard}")
    return (delivery or ByRest(transport, reporter, pace)).deliver(desired, observed, todo)
