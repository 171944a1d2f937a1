"""Running one cmdlet under the tenant's conditions: failing writes, and identities that are not there.

Owns what the conditions of Exchange change about any cmdlet.  Refuses to own rights, envelopes and pages (handlers.py).
"""

from typing import Any

from simulator.exchange import errors
from simulator.exchange.cmdlet import Cmdlet, Result, Session


def run_cmdlet(session: Session, cmdlet: Cmdlet, bound: dict[str, Any]) -> Result:
    """Return the cmdlet's result.  Raises ExchangeError."""
    conditions = session.tenant.conditions
    if cmdlet.writes and "DistributionGroup" in cmdlet.name and conditions.exchange_failing_writes:
        conditions.exchange_failing_writes -= 1
        raise errors.unable_to_write()
    try:
        return cmdlet.run(session, bound)
    except errors.CmdletFailedError as refusal:
        if not _answers_everything(session, cmdlet, bound, refusal):
            raise
        return cmdlet.run(session, {name: value for name, value in bound.items() if name != "Identity"})


def _answers_everything(
    session: Session, cmdlet: Cmdlet, bound: dict[str, Any], refusal: errors.CmdletFailedError
) -> bool:
    """Tell whether a Get- cmdlet answers all objects instead of none of that identity, as Microsoft's pages warn."""
    return (
        session.tenant.conditions.exchange_missing_identity_returns_all
        and errors.is_not_found(refusal)
        and cmdlet.name.startswith("Get-")
        and "Identity" in bound
        and not cmdlet.parameters["Identity"].required
    )
