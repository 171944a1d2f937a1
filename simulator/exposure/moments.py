"""The moments at which time alone may change who could read: a secret begins or ends, a token ends, a policy counts.

Owns the list.  It may hold moments at which nothing changes; it must not miss one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from simulator import access
from simulator.records import Password
from simulator.tenant import Tenant


def usable_from(tenant: Tenant, password: Password) -> datetime:
    """Return when a secret can be used: at its start, but not before sign-in has heard of it."""
    if password.created_date_time is None:
        return password.start_date_time
    lag = timedelta(seconds=tenant.conditions.lag.secret_seconds)
    return max(password.start_date_time, password.created_date_time + lag)


def next_moment(tenant: Tenant, watched: Callable[[str], bool], after: datetime) -> datetime | None:
    """Return the first such moment after another; None when there is none."""
    own = (moment for moment in _moments(tenant, watched) if moment > after)
    enforced = (access.next_change_after(tenant, app_id, after) for app_id in _client_ids(tenant) if watched(app_id))
    return min((*own, *(moment for moment in enforced if moment is not None)), default=None)


def _client_ids(tenant: Tenant) -> set[str]:
    """Return whoever may hold a token or a credential."""
    return {application.app_id for application in tenant.applications} | {t.app_id for t in tenant.issued_tokens}


def _moments(tenant: Tenant, watched: Callable[[str], bool]) -> Iterator[datetime]:
    for token in tenant.issued_tokens:
        if watched(token.app_id):
            yield token.expires
    for application in tenant.applications:
        if application.deleted_date_time or not watched(application.app_id):
            continue
        for password in application.passwords:
            yield from (password.start_date_time, usable_from(tenant, password), password.end_date_time)
        for certificate in application.certificates:
            yield from (certificate.start_date_time, certificate.end_date_time)
