"""The documents that scripts print, held against docs/schemas/: every test that reads one checks it.

Owns which schema belongs to which command, and that nothing is printed which no schema describes.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
# Script and command to the schema's file; what a command line says besides: below.
OF_COMMANDS = {
    "exchange_policy observe": "observe",
    "exchange_policy plan": "plan",
    "exchange_policy apply": "apply",
    "exchange_policy remove": "remove",
    "client_secret remove": "client-secret-remove",
    "calendars_consent remove": "calendars-consent-remove",
    "hand_over show": "hand-over-show",
    "verify_connector --json": "verify-connector",
    "secret_status --json": "secret-status",
}


def read(text: str, command: str) -> dict[str, Any]:
    """Return the one JSON document that a command printed; it must be as its schema says, without a key besides."""
    found = json.loads(text)
    assert isinstance(found, dict)
    name = OF_COMMANDS.get(" ".join(command.split()[:2]))
    assert name is not None, (
        f"no schema for `{command}`: add a model to microsoft365/documents.py, then make documentation"
    )
    if name == "observe" and "--entra-only" in command:
        name = "observe-entra"
    if "error" in found:
        assert "--errors-as-json" in command or command.split()[1] in ("apply", "remove")
        name = "error"
    wrong = [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(found)]
    assert wrong == [], f"{command} printed what docs/schemas/{name}.json does not say"
    return found


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the schema, closed: readers must not mind new keys, and the project must not print undocumented ones."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema))


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return (
        {**closed, "additionalProperties": False} if "properties" in part and part.get("type") == "object" else closed
    )
