"""Filters as parameters: -Filter of the Get- cmdlets, -RecipientRestrictionFilter of the scopes.

Owns which cmdlet takes which property (Microsoft Learn, "Filterable properties for the Filter parameter on Exchange
cmdlets") and what a refused filter becomes on the wire.  Refuses to own the language (recipientfilter/).
"""

from collections.abc import Iterable

from simulator.exchange import errors
from simulator.recipientfilter import Filter, FilterError, FilterNotImitatedError, parse
from simulator.recipientfilter.properties import PROPERTIES

NAMES = tuple(p.name for p in PROPERTIES.values() if not p.name.startswith("CustomAttribute"))
"""Everything that can be filtered by, but the custom attributes."""
EVERYTHING = frozenset(p.name for p in PROPERTIES.values())
OF_GET_MAILBOX = EVERYTHING - {"City"}
OF_GET_RECIPIENT = EVERYTHING - {"ResourceCapacity"}


def read(parameter: str, text: str, allowed: Iterable[str] = EVERYTHING) -> Filter:
    """Return the filter.  Raises ExchangeError, also for a property that the cmdlet does not filter by."""
    try:
        found = parse(text)
    except FilterNotImitatedError as refusal:
        raise errors.not_imitated(str(refusal)) from refusal
    except FilterError as refusal:
        raise _refused(parameter, str(refusal)) from refusal
    unknown = sorted(set(found.properties()) - set(allowed))
    if unknown:
        raise _refused(
            parameter,
            f'"{unknown[0]}" is not a recognized filterable property. For a complete list of filterable properties see '
            f'the command help.\n"{text}" at position 1.',
        )
    return found


def _refused(parameter: str, text: str) -> errors.ExchangeError:
    return errors.invalid(
        f'Cannot bind parameter \'{parameter}\' to the target. Exception setting "{parameter}": "{text}"',
        "System.Management.Automation.ParameterBindingException",
    )
