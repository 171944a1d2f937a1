"""Why a filter is not taken.

Owns the two texts that users have reported of Exchange ("Invalid filter syntax", "not a recognized filterable
property"); the others are this simulator's own words.
"""

HELP = "see the command help."


class FilterError(Exception):
    """A filter that Exchange would refuse; the text says why and where."""


class FilterNotImitatedError(FilterError):
    """A filter that Exchange may take and the simulator does not; the text names what of it."""


def invalid_syntax(text: str, position: int) -> FilterError:
    """The text is no filter; `position` counts from 1."""
    return FilterError(
        f'Invalid filter syntax. For a description of the filter parameter syntax {HELP}\n"{text}" at position '
        f"{position}."
    )


def unknown_property(name: str, text: str, position: int) -> FilterError:
    """A comparison's left side is no property that can be filtered by."""
    return FilterError(
        f'"{name}" is not a recognized filterable property. For a complete list of filterable properties {HELP}\n'
        f'"{text}" at position {position}.'
    )


def wrong_value(name: str, value: str, wanted: str) -> FilterError:
    """A value that is none of the property's."""
    return FilterError(f"Cannot convert value '{value}' of the filterable property {name} to {wanted}.")


def wrong_operator(name: str, operator: str) -> FilterError:
    """A property that can't be compared this way."""
    return FilterError(f"The operator -{operator} can't be used with the filterable property {name}.")
