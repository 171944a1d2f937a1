"""Running the project's scripts for an Exchange administrator in the simulated tenant, as one would."""

from typing import Any

from tests.desired_state.tenant import Tenant
from tests.support.powershell.interpreter import Interpreter
from tests.support.powershell.session import ExchangeSession


def administrator(tenant: Tenant, **changes: Any) -> ExchangeSession:
    """Return a PowerShell session of an Exchange administrator, not connected yet."""

    # Nothing that a script waits for depends on this machine's clock: the tenant's moves instead.
    def wait(seconds: int) -> None:
        tenant.advance(seconds / 3600)

    return ExchangeSession(
        tenant.web, tenant.exchange, tenant.id, lambda: tenant.token(tenant.exchange), **{"wait": wait, **changes}
    )


def run(tenant: Tenant, script: str, *switches: str, **changes: Any) -> ExchangeSession:
    """Run a script to its end and return the session. Raises ScriptError where it ends with an error."""
    session = administrator(tenant, **changes)
    Interpreter(session).run(script, *switches)
    return session
