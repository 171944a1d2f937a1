"""The desired state as it comes in on standard input: the document itself, or the state of a stack that holds it.

Owns where in a state it is: so `pulumi stack export | scripts/run exchange_policy plan` works without anybody writing JSON.
"""

import json
from typing import Any

from pydantic import ValidationError

from microsoft365.errors import BadInput
from microsoft365.exchange.desired import DesiredState
from scripts.ending import bad_input, read_input

_COMMAND = "command:local:Command"
_APPLY = "exchange_policy apply"


def read_desired() -> DesiredState:
    """Return the desired state. Raises BadInput for anything else than one."""
    text = _document(read_input("the desired state"))
    try:
        return DesiredState.model_validate_json(text)
    except ValidationError as error:
        raise bad_input(error, "the desired state") from None


def _document(text: str) -> str:
    """Return the document: the text itself, or what the stack's command resource was told last."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, dict) or "deployment" not in found:
        return text
    told = [resource["inputs"].get("stdin") for resource in _resources(found) if _applies(resource)]
    if len(told) != 1 or not isinstance(told[0], str):
        raise BadInput(
            f"the state on standard input holds {len(told)} resources that run `{_APPLY}`, and exactly one tells what is wanted. Has "
            "pulumi up been run for this stack?"
        )
    return told[0]


def _resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    deployment = state["deployment"] if isinstance(state["deployment"], dict) else {}
    return [
        one
        for one in deployment.get("resources") or []
        if isinstance(one, dict) and isinstance(one.get("inputs"), dict)
    ]


def _applies(resource: dict[str, Any]) -> bool:
    return resource.get("type") == _COMMAND and str(resource["inputs"].get("create")).endswith(_APPLY)
