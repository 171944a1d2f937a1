"""How many requests a tenant answers at once, and how each API refuses the one too many.

Sources: Microsoft Graph, "Microsoft Graph throttling guidance"; the token endpoint's error code reference; Exchange's
refusals are undocumented and as people report them.  Owns counting and the headers.  The shapes are each API's own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from simulator.delivery import Answer
from simulator.exchange import errors as exchange_errors
from simulator.graph import errors as graph_errors
from simulator.login import errors as login_errors
from simulator.tenant import Tenant, new_id


class Crowd:
    """The requests that are being answered: by tenant, and by application and mailbox where they are for a calendar."""

    def __init__(self) -> None:
        self._present: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def one_more(self, tenant: Tenant, app_id: str, mailbox: str | None) -> Iterator[bool]:
        """Count one request while it is answered; the value tells whether the tenant takes it.

        `app_id` is who it says that it comes from, `mailbox` whose calendar it is for; None: for no calendar.
        """
        throttle = tenant.conditions.throttle
        counted: list[tuple[tuple[str, ...], int | None]] = [((tenant.id,), throttle.concurrent_requests)]
        if mailbox is not None:
            key = (tenant.id, app_id.lower(), _same_mailbox(tenant, mailbox))
            counted.append((key, throttle.concurrent_requests_of_mailbox))
        self._present.update(key for key, _ in counted)
        try:
            yield all(limit is None or self._present[key] <= limit for key, limit in counted)
        finally:
            self._leave(key for key, _ in counted)

    def _leave(self, keys: Iterable[tuple[str, ...]]) -> None:
        for key in keys:
            self._present[key] -= 1
            if not self._present[key]:
                del self._present[key]


def _same_mailbox(tenant: Tenant, name: str) -> str:
    """Return one name for a mailbox, whichever of its names a path has."""
    found = tenant.find_recipients(name)
    return found[0].object_id if found else name.lower()


def refusal(api: str, tenant: Tenant, app_id: str) -> Answer:
    """Return the answer to a request too many; `app_id` is who it says that it comes from."""
    throttle = tenant.conditions.throttle
    headers = {} if throttle.retry_after_seconds is None else {"retry-after": str(throttle.retry_after_seconds)}
    if api == "login":
        return Answer.of_document(429, login_errors.too_many_requests().document(tenant.now(), None), headers)
    request_id = new_id()
    headers["request-id"] = request_id
    if api == "exchange":
        plain, normal = exchange_errors.too_many_at_once(), exchange_errors.throttled(throttle.retry_after_seconds)
        refused = plain if throttle.exchange_plain_text else normal
        return Answer.of_document(refused.status, refused.document, headers)
    error = graph_errors.mailboxes_too_busy() if api == "calendars" else graph_errors.too_many_requests()
    headers |= {
        "client-request-id": request_id,
        "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{app_id}/{tenant.id}",
        "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        "x-ms-throttle-limit-percentage": "1.0",
    }
    return Answer.of_document(429, error.document(tenant.now(), request_id, request_id), headers)
