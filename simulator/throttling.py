"""How many requests a tenant answers at once, and how each API refuses the one too many.

Sources: Microsoft Graph, "Microsoft Graph throttling guidance"; the token endpoint's error code reference; Exchange's
refusals are undocumented and as people report them.  Owns counting and the headers.  The shapes are each API's own.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.delivery import Answer
from simulator.exchange import errors as exchange_errors
from simulator.graph import errors as graph_errors
from simulator.login import errors as login_errors
from simulator.tenant import Tenant, new_id


class Crowd:
    """The requests that are being answered, by tenant."""

    def __init__(self) -> None:
        self._present: Counter[str] = Counter()

    @contextmanager
    def one_more(self, tenant: Tenant) -> Iterator[bool]:
        """Count one request while it is answered; the value tells whether the tenant takes it."""
        limit = tenant.conditions.throttle.concurrent_requests
        self._present[tenant.id] += 1
        try:
            yield limit is None or self._present[tenant.id] <= limit
        finally:
            self._present[tenant.id] -= 1


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
