"""The control API's side of a tenant's conditions: read them, and change some of them."""

import json
from typing import Any

from starlette.requests import Request

from simulator.conditions import MICROSOFTS_MAILBOX_CONCURRENCY, MICROSOFTS_OWN, Conditions, Throttle
from simulator.control.handlers import ControlError, find_tenant
from simulator.kernel import Simulator

PRESETS = {
    "microsoft": Conditions(
        lag=MICROSOFTS_OWN, throttle=Throttle(concurrent_requests_of_mailbox=MICROSOFTS_MAILBOX_CONCURRENCY)
    ),
    "none": Conditions(),
}


def get_conditions(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer all conditions."""
    return find_tenant(simulator, request).conditions.model_dump(mode="json", by_alias=True)


def set_conditions(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Change what the body names, after its preset, which puts everything in its place; answer all conditions."""
    tenant = find_tenant(simulator, request)
    try:
        wanted = json.loads(body)
    except ValueError as error:
        raise ControlError(400, f"The body is no JSON: {error}.") from error
    if not isinstance(wanted, dict):
        raise ControlError(400, 'The body must be an object, e.g. {"lag": {"policySeconds": 60}}.')
    conditions = tenant.conditions
    if "preset" in wanted:
        name = wanted.pop("preset")
        if name not in PRESETS:
            raise ControlError(400, f"There is no preset '{name}'. Known: {', '.join(PRESETS)}.")
        conditions = PRESETS[name]
    tenant.conditions = Conditions.model_validate(_merged(conditions.model_dump(by_alias=True), wanted))
    simulator.store.changed()
    return get_conditions(simulator, request, body)


def _merged(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a document with some of its values changed, object by object."""
    merged = dict(document)
    for name, value in changes.items():
        former = merged.get(name)
        merged[name] = _merged(former, value) if isinstance(former, dict) and isinstance(value, dict) else value
    return merged
