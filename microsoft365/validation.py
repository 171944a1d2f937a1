"""What an address, a host, an id, a share of rooms and a name must look like, and what is said when they do not.

Owns the one rule for each, so that the stack's configuration and the document that Exchange's script reads agree. Pure:
knows neither which key a value stands in (whoever calls adds it) nor whether the tenant has what is named.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence

# New-DistributionGroup: -Name and -Alias, "The maximum length is 64 characters".
LONGEST_NAME = 64

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# Exchange Online takes no domain beyond ASCII: "Manage accepted domains in Exchange Online" wants such a domain in its
# xn-- form. What stands before the @ is left to Exchange, but for what would end or quote an address.
_ADDRESS = re.compile(rf"[^@\s\x00-\x1f<>()\[\],;:\"\\]+@{_LABEL}(?:\.{_LABEL})+")
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SHARE = re.compile(r"(?P<percent>[0-9]{1,3})\s?%")
_HIGHEST_PORT = 65_535
_EXAMPLE_ID = "63759d9f-bfca-4f52-ae98-8f2f1d7bc173"


def is_address(value: str) -> bool:
    """Tell whether it has the form of an e-mail address that Exchange Online can have."""
    return _ADDRESS.fullmatch(value) is not None


def check_address(value: str) -> str:
    """Return an e-mail address as it is; raises ValueError for anything else."""
    if not is_address(value):
        hint = "" if value.isascii() else " (write a domain with other letters in its xn-- form, as Exchange does)"
        raise ValueError(f"{value!r} is not an e-mail address such as room-eiger@contoso.com{hint}")
    return value


def check_host(value: str) -> str:
    """Return a host, `name` or `name:port`, as it is; raises ValueError for anything else, a final dot included."""
    found = _HOST.fullmatch(value)
    if found is None or not _is_six(found["six"]) or not 1 <= int(found["port"] or 1) <= _HIGHEST_PORT:
        raise ValueError(
            f"{value!r} is not a host; write it as name or name:port, such as outlook.office365.com, without https://, "
            "without a path and without a dot at the end"
        )
    return value


def check_guid(value: str, *, what: str = "an object id", where: str = "the object's page in Microsoft Entra") -> str:
    """Return an id in lower case; raises ValueError for anything else. `where` tells people where it stands."""
    if _GUID.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not {what} (a GUID such as {_EXAMPLE_ID}); it stands on {where}")
    return value.lower()


def percent_of(value: str) -> int | None:
    """Return the number before the sign of a share from `0%` to `100%`; None for anything else."""
    found = _SHARE.fullmatch(value)
    return int(found["percent"]) if found is not None and int(found["percent"]) <= 100 else None


def check_removal_limit(value: int | str) -> int | str:
    """Return a number of rooms from 0, or a share of them such as `10%`; raises ValueError for anything else."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is neither a number of rooms nor a share such as 10%")  # noqa: TRY004
    if isinstance(value, int) and value < 0:
        raise ValueError(f"{value} is negative; write a number of rooms from 0, or a share such as 10%")
    if isinstance(value, str) and percent_of(value) is None:
        raise ValueError(f"{value!r} is neither a number of rooms nor a share from 0% to 100%, such as 10%")
    return value


def check_name(value: str) -> str:
    """Return a name of 1 to 64 characters as it is; raises ValueError for anything else, blank ends included."""
    if value != value.strip():
        raise ValueError(f"{value!r} begins or ends with a space, which Exchange would cut off")
    if not 1 <= len(value) <= LONGEST_NAME:
        raise ValueError(f"{value!r} has {len(value)} characters; a name has 1 to {LONGEST_NAME}")
    if not value.isprintable():
        raise ValueError(f"{value!r} holds a character that cannot be shown; write it again, in one line")
    return value


def check_unique(values: Sequence[str]) -> tuple[str, ...]:
    """Return addresses or ids as they are; raises ValueError naming what stands there twice, in whatever letter case."""
    twice = sorted(value for value, number in Counter(value.casefold() for value in values).items() if number > 1)
    if twice:
        raise ValueError(f"listed more than once: {', '.join(twice)}; each belongs there once")
    return tuple(values)


def _is_six(address: str | None) -> bool:
    if address is None:
        return True
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True
