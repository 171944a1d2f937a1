"""Pages of a cmdlet's results and the links to the next.

A link holds an opaque token that lives 30 minutes and does not survive a restart, as Microsoft's name a server of
theirs.  It is followed by a POST of the same body.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.exchange import errors, wire
from simulator.exchange.cmdlet import Result
from simulator.kernel import Simulator
from simulator.tenant import Tenant

PAGE = 1000
LINK_LIVES = timedelta(minutes=30)
LINKS_KEPT = 200
TRUNCATED = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)

_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")


@dataclass
class Page:
    """Some of a result, and what is needed for the next page."""

    result: Result
    items: Sequence[Any]
    offset: int
    size: int
    mark: str
    select: str | None
    since: datetime

    def document(self, simulator: Simulator, tenant: Tenant) -> dict[str, Any]:
        """Return the envelope with this page's rows."""
        base = f"{simulator.exchange_url}/adminapi/beta/{tenant.id}"
        document: dict[str, Any] = {
            "@odata.context": f"{base}/$metadata#Collection(Exchange.GenericHashTable)",
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": self.result.warnings if self.offset == 0 else [],
            "value": [self._row(item) for item in self.items[self.offset : self.offset + self.size]],
        }
        end = self.offset + self.size
        if end < len(self.items):
            token = secrets.token_urlsafe(24)
            while len(simulator.pages) >= LINKS_KEPT:
                simulator.pages.pop(next(iter(simulator.pages)))
            simulator.pages[token] = Page(self.result, self.items, end, self.size, self.mark, self.select, tenant.now())
            select = f"$select={self.select}&" if self.select else ""
            document["@odata.nextLink"] = f"{base}/InvokeCommand?{select}$skiptoken={token}"
        return document

    def _row(self, item: Any) -> dict[str, Any]:
        row = self.result.row(item)
        if self.select:
            row = {name: row[name] for name in _names(self.select)}
        return wire.row(row)


def page_size(prefer: str) -> int:
    """Return the page size that the header Prefer asks for, 1000 when it does not."""
    found = _SIZE.search(prefer)
    return min(max(int(found.group(1)), 1), PAGE) if found else PAGE


def check_select(result: Result, select: str | None) -> None:
    """Refuse a property that the result has not.  Raises ExchangeError."""
    if select is None or not result.items:
        return
    known = result.row(result.items[0])
    for name in _names(select):
        if name not in known:
            text = f"The property '{name}' of $select is none that the cmdlet returns."
            raise errors.plain(400, "BadRequest", text)


def first_page(tenant: Tenant, result: Result, size: int, mark: str, select: str | None) -> Page:
    """Return the first page; more results than ResultSize are cut off, with a warning."""
    items = result.items
    if result.size is not None and len(items) > result.size:
        items = items[: result.size]
        result.warnings.append(TRUNCATED)
    return Page(result, items, 0, size, mark, select, tenant.now())


def next_page(simulator: Simulator, tenant: Tenant, token: str, mark: str) -> Page:
    """Return a further page.  Raises ExchangeError for a link that is too old, unknown, or sent with another body."""
    page = simulator.pages.get(token)
    if not isinstance(page, Page) or page.mark != mark or tenant.now() - page.since > LINK_LIVES:
        raise errors.plain(400, "BadRequest", "Expired or Invalid pagination request. Default Expiry time is 00:30:00")
    return page


def _names(select: str) -> list[str]:
    return [name.strip() for name in select.split(",")]
