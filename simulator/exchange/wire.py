"""Values as the administrative API writes them: annotations go before the property that they describe.

Source: public captures of InvokeCommand answers (Get-Mailbox).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from simulator import moments


def row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return one object with its annotations.

    Takes text, bool, int, None, datetime, UUID, and lists of text.  Raises TypeError for anything else.
    """
    written: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or isinstance(value, str | bool):
            written[name] = value
        elif isinstance(value, list):
            written[f"{name}@odata.type"] = "#Collection(String)"
            written[name] = value
        elif isinstance(value, UUID):
            written[f"{name}@data.type"] = "System.Guid"
            written[f"{name}@odata.type"] = "#Guid"
            written[name] = str(value)
        elif isinstance(value, datetime):
            written[f"{name}@data.type"] = "System.DateTime"
            written[name] = moments.ticks(value)
        elif isinstance(value, int):
            written[f"{name}@data.type"] = "System.Int32"
            written[name] = value
        else:
            raise TypeError(f"{name} is a {type(value).__name__}, which this wire has no form for")
    return written
