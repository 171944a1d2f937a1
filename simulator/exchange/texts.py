"""Texts of refusals in the languages that a tenant's conditions choose from.

Users have reported localised texts; only the .NET type beside them can be relied on.
"""

from typing import NamedTuple


class Text(NamedTuple):
    """A text in each language."""

    english: str
    german: str


def plain_text(english: str) -> Text:
    """Return a text that has no translation of its own: in German a general one takes its place."""
    return Text(english, "Beim Ausführen des Cmdlets ist ein Fehler aufgetreten.")
