"""Reading one row of an answer: ids, addresses, and the "not found" that means "there is none".

Owns how a value of the wire becomes one to compare. Knows no cmdlet.
"""

from collections.abc import Sequence
from typing import Any

from microsoft365.errors import TenantRefused
from microsoft365.exchange.transport import Answer, Row


def guid_of(row: Row) -> str:
    """Return a row's Guid in lower case; a row without one stops the run."""
    guid = id_of(row.get("Guid"))
    if not guid:
        raise TenantRefused("Exchange answered with an object that has no Guid; nothing was changed")
    return guid


def id_of(value: Any) -> str:
    """Return an id in lower case, '' for none."""
    return str(value or "").strip().lower()


def has(row: Row, name: str, value: str) -> bool:
    """Tell whether a property has a value, in whatever letter case."""
    return str(row.get(name) or "").casefold() == value.casefold()


def addresses_of(row: Row) -> set[str]:
    """Return every address that a recipient has, in lower case."""
    found = {str(row.get("PrimarySmtpAddress") or "").casefold(), str(row.get("UserPrincipalName") or "").casefold()}
    proxies = row.get("EmailAddresses")
    for proxy in proxies if isinstance(proxies, list) else []:
        scheme, _, address = str(proxy).partition(":")
        if scheme.casefold() == "smtp":
            found.add(address.casefold())
    return found - {""}


def rows_or_none(answer: Answer) -> Sequence[Row]:
    """Return the rows, none where Exchange does not find what was asked for. Raises what any other failure is."""
    if answer.failure is not None and answer.failure.not_found:
        return ()
    return answer.complete()
