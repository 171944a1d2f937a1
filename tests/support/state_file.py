"""What the file backend of a test's stack holds, read without starting `pulumi` for it.

Owns the reading of Pulumi's checkpoint and history files, as `pulumi stack export`, `stack output --json` and `stack history --json`
show them (tests/end_to_end/test_state_file.py compares them). Refuses to decrypt: a secret is `[secret]` here as it is there.
"""

import json
from pathlib import Path
from typing import Any

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks special values, and below it that the value is a secret.
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go"""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
HIDDEN = "[secret]"


def resources(backend: Path, stack: str) -> list[dict[str, Any]]:
    """Every resource of the stack's state; secrets stay encrypted.

    Raises:
        FileNotFoundError: there is no such stack in the backend, or two projects have one of that name.

    """
    paths = list((backend / ".pulumi" / "stacks").glob(f"*/{stack}.json"))
    if len(paths) != 1:
        raise FileNotFoundError(f"not one stack {stack!r} in {backend}, but {len(paths)}")
    checkpoint = json.loads(paths[0].read_text())["checkpoint"]
    return (checkpoint.get("latest") or {}).get("resources") or []


def outputs(backend: Path, stack: str) -> dict[str, Any]:
    """The stack's outputs, `[secret]` where one is."""
    own = [each for each in resources(backend, stack) if each["type"] == "pulumi:pulumi:Stack"]
    found: dict[str, Any] = _shown((own[0].get("outputs") or {}) if own else {})
    return found


def last_update(backend: Path, stack: str) -> dict[str, Any]:
    """What the backend noted about the newest run of the stack.

    Raises:
        IndexError: none ran.

    """
    folders = (backend / ".pulumi" / "history").glob(f"*/{stack}")
    (folder,) = folders
    newest = sorted(folder.glob(f"{stack}-*.history.json"))[-1]
    update: dict[str, Any] = json.loads(newest.read_text())
    return update


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return HIDDEN if value.get(_SIGNATURE) == _SECRET else {key: _shown(each) for key, each in value.items()}
    return value
