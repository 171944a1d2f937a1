"""The version that every JSON document for machines carries. Its shapes are documents.py's, which no script need load.

It grows when a key goes, changes its type or means something else; a new key changes nothing for whoever reads the others.
"""

from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 1


def versioned(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its version in front."""
    return {"schemaVersion": SCHEMA_VERSION, **document}
