"""The rooms to be verified, from a file that a person has: the CSV of the hand-over, or one address a line. Pure."""

import csv

from microsoft365.validation import is_address

# What stands in the most lines; of two alike the one that names of rooms have least.
_DELIMITERS = "\t;,"


def addresses_in(text: str, name: str) -> tuple[str, ...]:
    """Return the addresses of a file's text, one of each line, in its order; `name` is the file's, for errors.

    A line holds one address, beside whatever else (the room's name); the first may be a heading. Raises ValueError naming
    the line that has none, and where there is no address at all or one stands twice.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    delimiter = max(_DELIMITERS, key=lambda one: sum(one in line for line in lines))
    found: dict[str, str] = {}
    for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
        given = [cell.strip() for cell in cells if cell.strip()]
        address = next((cell for cell in given if is_address(cell)), None)
        if address is not None:
            if address.casefold() in found:
                raise ValueError(f"line {number} of {name} names {address} a second time; each room belongs there once")
            found[address.casefold()] = address
        elif given and number > 1:
            raise ValueError(f"line {number} of {name} holds no e-mail address: {', '.join(given)[:100]}")
    if not found:
        raise ValueError(f"{name} holds no e-mail address; each line names a room by one, beside its name or alone")
    return tuple(found.values())
