"""What Exchange finds of what was just made: another domain controller may be asked, which does not have it yet.

Owns the delay of reading behind creating (Lag.exchange_create_seconds).  A name or an id is taken at once all the same,
and what decides access (access.py) sees everything at once.
"""

from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from simulator.tenant import Tenant


class _Made(Protocol):
    @property
    def created(self) -> datetime:
        """When it was made, by the tenant's clock."""


Made = TypeVar("Made", bound=_Made)


def found(tenant: Tenant, items: list[Made]) -> list[Made]:
    """Return those that every domain controller has by now."""
    delay = tenant.conditions.lag.exchange_create_seconds
    if not delay:
        return list(items)
    limit = tenant.now() - timedelta(seconds=delay)
    return [item for item in items if item.created <= limit]


def delayed(tenant: Tenant) -> bool:
    """Tell whether what is made now will be found later only."""
    return tenant.conditions.lag.exchange_create_seconds > 0
