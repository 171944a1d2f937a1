"""Writes what must not be written twice: tables of the README and of docs/, the keys in Pulumi.yaml, the role group's rights.

`python tools/generate_documentation.py` writes, `--check` ends with 1 and names what is stale. Owns no words of its own: every description stands beside the thing that it describes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from components.outputs import OUTPUTS  # noqa: E402  # the line above makes the project importable
from components.rules import Section  # noqa: E402
from components.settings import Settings  # noqa: E402
from tools import (  # noqa: E402
    invariant_documents,
    json_documents,
    permission_documents,
    verification_document,
)

NOT_A_KEY = "connection"
VERIFY_PAGE = ROOT / "docs" / "verify.md"


def _section(field: FieldInfo) -> type[Section] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in Settings.model_fields.items() if name != NOT_A_KEY)


def _keys(model: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if name == NOT_A_KEY:
            continue
        section = _section(field)
        if section:
            yield from _keys(section, f"{prefix}{to_camel(name)}.")
        else:
            yield f"{prefix}{to_camel(name)}", field


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == "":
        return "–"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, tuple):
        return f"`[{', '.join(field.default)}]`"
    return f"`{field.default}`"


def configuration_table() -> str:
    """Every key of the namespace `roomz`, with default and meaning."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {_default(field)} | {field.description} |" for name, field in _keys(Settings)]
    return "\n".join(lines)


def outputs_table() -> str:
    """Every output of the stack, with its meaning."""
    return "\n".join(
        ["| output | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in OUTPUTS.items())]
    )


def pulumi_keys() -> dict[str, Any]:
    """The `config` of Pulumi.yaml: type, default and description of each key.

    Pulumi asks for every key that stands there without a default, in words of its own; so a required key is left to the
    program, whose error explains the choice, and a section's default is empty: the program fills it in key by key.
    """
    keys: dict[str, Any] = {}
    for name, field in _fields():
        if field.is_required():
            continue
        section = _section(field)
        entry: dict[str, Any] = {"type": _pulumi_type(field)}
        if entry["type"] == "array":
            entry["items"] = {"type": "string"}
        entry["default"] = {} if section else list(field.default) if isinstance(field.default, tuple) else field.default
        inner = f" Keys: {', '.join(key for key, _ in _keys(section))}." if section else ""
        entry["description"] = f"{field.description}{inner}"
        keys[f"roomz:{to_camel(name)}"] = entry
    return keys


def _pulumi_type(field: FieldInfo) -> str:
    if _section(field):
        return "object"
    if field.annotation is bool:
        return "boolean"
    return "array" if isinstance(field.default, tuple) else "string"


def _between(path: Path, parts: dict[str, str], form: str = "<!-- {} -->") -> str:
    """Return a file's text with fresh parts, each between two lines that name it."""
    text = path.read_text(encoding="utf-8")
    for name, content in parts.items():
        start, end = form.format(f"{name}: generated, see CONTRIBUTING.md"), form.format(f"end of {name}")
        before, _, rest = text.partition(start)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"{path.name} lacks the lines {start!r} and {end!r}")
        text = f"{before}{start}\n{content}\n{end}{after}"
    return text


def fresh() -> dict[Path, str]:
    """Every file that is generated, in whole or in part, as it should be."""
    permissions = ROOT / "docs" / "permissions.md"
    script = ROOT / "docs" / "permissions" / "roomz-role-group.ps1"
    contributing = ROOT / "CONTRIBUTING.md"
    pipelines = ROOT / "docs" / "for-pipelines.md"
    return {
        contributing: invariant_documents.with_tests(contributing.read_text(encoding="utf-8"), ROOT / "tests"),
        ROOT / "README.md": _between(
            ROOT / "README.md", {"configuration": configuration_table(), "outputs": outputs_table()}
        ),
        ROOT / "Pulumi.yaml": pulumi_yaml(),
        permissions: _between(
            permissions,
            {
                "permissions": permission_documents.permissions_table(),
                "cmdlets": permission_documents.cmdlets_table(),
                "graph": permission_documents.graph_table(),
                "reading": permission_documents.reading_table(),
            },
        ),
        pipelines: _between(
            pipelines,
            {
                "version": json_documents.version_line(),
                "documents": json_documents.documents_table(),
                "exit codes": json_documents.exit_codes_table(),
            },
        ),
        VERIFY_PAGE: _between(VERIFY_PAGE, {"symptoms": verification_document.table()}),
        **json_documents.schemas(ROOT / "docs" / "schemas"),
        script: _between(script, {"rights": permission_documents.needed_rights()}, form="# {}"),
    }


def pulumi_yaml() -> str:
    """Pulumi.yaml with fresh keys."""
    head = (ROOT / "Pulumi.yaml").read_text(encoding="utf-8").partition("\nconfig:")[0].rstrip("\n")
    keys = yaml.safe_dump({"config": pulumi_keys()}, sort_keys=False, width=110, allow_unicode=True)
    return f"{head}\n{keys}"


def main() -> int:
    """Write, or with --check compare. Exit code 1 when something is stale."""
    stale = [
        (path, text) for path, text in fresh().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for path, _ in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale. Mend it with: make documentation\n")
        return 1 if stale else 0
    for path, text in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
