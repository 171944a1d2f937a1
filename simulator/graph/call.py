"""One Graph call: who calls, with which body and query; and the wrapper that turns a function into an endpoint.

Owns authentication, bodies, headers and the shape of answers.  Handlers are plain functions of a Call and run one at
a time, so nothing in the tenant changes while one runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens
from simulator.graph import errors
from simulator.graph.replication import Readers
from simulator.kernel import Caller, Simulator, authenticate, entry_of, request_ids, simulator_of
from simulator.operation import Endpoint
from simulator.tenant import Tenant

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass
class Answer:
    """What a handler returns: a status and a document, or none."""

    status: int = 200
    document: dict[str, Any] | None = None
    location: str | None = None


@dataclass
class Call:
    """A Graph request after authentication."""

    simulator: Simulator
    caller: Caller
    request: Request
    body: dict[str, Any]

    @property
    def tenant(self) -> Tenant:
        """The tenant that the token is from, in its newest state."""
        return self.caller.tenant

    @cached_property
    def readers(self) -> Readers:
        """What this request sees of the directory, which may be behind its newest state."""
        return Readers(self.tenant)

    @property
    def version(self) -> str:
        """`v1.0` or `beta`."""
        return self.request.url.path.split("/")[1]

    @property
    def base(self) -> str:
        """The address of this version: `https://127.0.0.1:PORT/v1.0`."""
        return f"{self.simulator.identity_url}/{self.version}"

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def take(self, allowed: set[str]) -> dict[str, Any]:
        """Return the body without its annotations.  Raises GraphError for a property that is not in `allowed`."""
        body = {key: value for key, value in self.body.items() if key != "@odata.type"}
        for name in body:
            if name not in allowed:
                raise errors.bad_request(f"Invalid property '{name}'.")
        return body


Handler = Callable[[Call], Answer]


def endpoint(handler: Handler) -> Endpoint:
    """Return the Starlette endpoint of a handler."""

    async def answer(request: Request) -> Response:
        simulator = simulator_of(request)
        request_id, client_request_id = request_ids(request)
        tenant = simulator.store.first
        more_headers: dict[str, str] = {}
        try:
            caller = _authenticate(simulator, request)
            tenant = caller.tenant
            tenant.end_what_time_ends()
            body = _body(request, await request.body())
            result = handler(Call(simulator, caller, request, body))
        except errors.GraphError as error:
            result = Answer(error.status, error.document(tenant.now(), request_id, client_request_id))
            more_headers = error.headers
        headers = {
            "request-id": request_id,
            "client-request-id": client_request_id,
            "x-ms-ags-diagnostic": json.dumps({"ServerInfo": {"DataCenter": "Loopback", "Slice": "E", "Ring": "0"}}),
            "odata-version": "4.0",
            **more_headers,
        }
        if result.location:
            headers["location"] = result.location
        if result.status == 401:
            headers["www-authenticate"] = f'Bearer realm="", authorization_uri="{simulator.identity_url}"'
        content = b"" if result.document is None else json.dumps(result.document).encode()
        media_type = CONTENT_TYPE if result.document is not None else None
        return Response(content, result.status, headers, media_type)

    return answer


def _authenticate(simulator: Simulator, request: Request) -> Caller:
    try:
        return authenticate(
            simulator, request.headers.get("authorization"), simulator.identity_url, entry_of(request.scope)
        )
    except tokens.TokenRefusedError as refusal:
        text = str(refusal)
        if "audience" in text:
            text = "Access token validation failure. Invalid audience."
        raise errors.invalid_token(text) from refusal


def _body(request: Request, content: bytes) -> dict[str, Any]:
    if request.method in ("GET", "DELETE"):
        if content.strip():
            raise errors.malformed(f"A {request.method} request has no body here.")
        return {}
    if not content.strip():
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise errors.malformed(
            "Write requests (excluding DELETE) must contain the Content-Type header declaration application/json."
        )
    try:
        document = json.loads(content)
    except ValueError as error:
        raise errors.malformed(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
            "JSON format."
        ) from error
    if not isinstance(document, dict):
        raise errors.malformed("The payload must be a JSON object.")
    return document
