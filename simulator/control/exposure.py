"""The control API's side of the exposure meter."""

from typing import Any

from starlette.requests import Request

from simulator.control.handlers import ControlError, find_tenant, read_body
from simulator.control.models import ExposureBody
from simulator.exposure.meter import Meter
from simulator.kernel import Simulator


def start(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Start the tenant's meter; a former one is forgotten."""
    tenant, wanted = find_tenant(simulator, request), read_body(ExposureBody, body)
    meter = simulator.meters[tenant.id] = Meter(tenant, wanted.allowed, wanted.client_ids)
    return meter.document()


def read(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer what the tenant's meter has measured until now."""
    tenant = find_tenant(simulator, request)
    if tenant.id not in simulator.meters:
        raise ControlError(404, f"No meter runs in {tenant.domains[0]}: POST to {request.url.path} starts one.")
    meter = simulator.meters[tenant.id]
    meter.look(simulator.store.revision, None)
    return meter.document()
