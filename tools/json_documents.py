"""docs/schemas/ and the tables of docs/for-pipelines.md, from the models of microsoft365/documents.py and the exit codes.

Owns the form of the schemas: JSON Schema 2020-12 with Microsoft's and Pulumi's names as the documents spell them, open for keys
that a later version adds.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from microsoft365.documents import DOCUMENTS
from microsoft365.errors import EXIT_CODES, EXIT_CODES_OF_ONE
from microsoft365.exchange.desired import DesiredState
from microsoft365.schema_version import SCHEMA_VERSION

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
INPUT = "desired-state"


def _schema(name: str, model: type[BaseModel], title: str) -> str:
    schema = _untitled(model.model_json_schema(by_alias=True))
    head = {"$schema": _DIALECT, "$id": f"{name}.json", "title": title}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


def _untitled(part: Any) -> Any:
    """Leave out the titles that pydantic makes of names: they say nothing that the names do not."""
    if isinstance(part, list):
        return [_untitled(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {name: _untitled(each) for name, each in value.items()}
        if key in ("properties", "$defs")
        else _untitled(value)
        for key, value in part.items()
        if key != "title"
    }


def schemas(folder: Path) -> dict[Path, str]:
    """Return every schema's file with its text."""
    found = {folder / f"{name}.json": _schema(name, model, command) for name, (command, model) in DOCUMENTS.items()}
    title = "standard input of exchange_policy observe, plan, apply and remove"
    return {**found, folder / f"{INPUT}.json": _schema(INPUT, DesiredState, title)}


def documents_table() -> str:
    """Every command that prints a document, and its schema."""
    lines = ["| `scripts/run` … | prints | schema |", "|---|---|---|"]
    for name, (command, model) in DOCUMENTS.items():
        lines.append(f"| `{command}` | {(model.__doc__ or '').splitlines()[0]} | [{name}.json](schemas/{name}.json) |")
    return "\n".join(lines)


def exit_codes_table() -> str:
    """What each exit code means, and of which script where it is not every one's."""
    everyones = {code: ("", meaning) for code, meaning in EXIT_CODES.items()}
    every = sorted({**everyones, **EXIT_CODES_OF_ONE}.items())
    rows = [f"| {code} | {f'`{script}`: ' if script else ''}{meaning} |" for code, (script, meaning) in every]
    return "\n".join(["| exit code | meaning |", "|---|---|", *rows])


def version_line() -> str:
    """The version that documents carry now."""
    return f"The version now is `{SCHEMA_VERSION}`."
