"""Writing and reading moments as Microsoft's interfaces do.  Owns no clock: a tenant has its own (tenant.py)."""

from datetime import UTC, datetime
from email.utils import format_datetime


def seconds(moment: datetime) -> str:
    """Return a moment as Microsoft Graph writes it: `2026-11-24T03:20:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticks(moment: datetime) -> str:
    """Return a moment as Exchange writes it in UTC: seven decimals and a `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def header(moment: datetime) -> str:
    """Return a moment as an HTTP `Date` header (RFC 9110, section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def parse(text: str) -> datetime:
    """Read an ISO 8601 moment; one without an offset is UTC.  Raises ValueError for anything else."""
    # Microsoft writes up to seven decimals, Python reads at most six.
    head, dot, tail = text.partition(".")
    if dot:
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        text = f"{head}.{digits[:6]}{tail[len(digits) :]}" if digits else text
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
