"""OPATH recipient filters, as Exchange takes them: parsed, written back in Exchange's normal form, and evaluated.

Owns the language.  Refuses to own which cmdlet takes which property: that is in each cmdlet's row.
"""

from simulator.tenant import Recipient, Tenant


class FilterError(Exception):
    """A filter that Exchange would refuse; the text says why and where."""


class Filter:
    """A parsed filter.  `str(filter)` is the text as Exchange gives it back."""

    def matches(self, tenant: Tenant, recipient: Recipient) -> bool:
        """Tell whether the filter holds a recipient now."""
        raise NotImplementedError


def parse(text: str) -> Filter:
    """Return the filter.  Raises FilterError."""
    raise NotImplementedError(text)
