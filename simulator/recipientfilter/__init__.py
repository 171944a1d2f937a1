"""OPATH recipient filters, as Exchange takes them: parsed, written back in Exchange's normal form, and evaluated.

Owns the language.  Refuses to own which cmdlet takes which property: that is in each cmdlet's row.
Sources: Microsoft Learn, "Recipient filters in Exchange PowerShell commands", "Filterable properties for the Filter
parameter on Exchange cmdlets".
"""

from simulator.recipientfilter.expressions import Filter
from simulator.recipientfilter.parser import parse
from simulator.recipientfilter.refusals import FilterError, FilterNotImitatedError

__all__ = ["Filter", "FilterError", "FilterNotImitatedError", "parse"]
