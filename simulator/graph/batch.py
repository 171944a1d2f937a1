"""Graph's $batch: up to twenty requests in one, each answered as if it had come alone.

Owns the envelope, the order that `dependsOn` asks for, and an entry in the log with faults of its own for each request.
Refuses to own the answers: each request goes through the whole application of this host, so calendars are in it.  What
throttling counts is the door's business (front.py); a batch passes there once.
Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching"; texts of refusals as captured publicly.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from simulator.delivery import body_of
from simulator.front import ConnectionResetAsked, asked
from simulator.graph import errors
from simulator.graph.call import Answer, Call, endpoint
from simulator.kernel import entry_of, simulator_of
from simulator.requestlog import Entry

MOST_IN_A_BATCH = 20
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
INHERITED = ("authorization", "client-request-id", "host")
"""Headers of the batch that its requests have as well, unless they bring their own."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One request of a batch; `id` as the caller wrote it, `key` and `depends_on` without regard to letter case."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    depends_on: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The id as others refer to it."""
        return self.id.lower()


async def batch(request: Request) -> Response:
    """Answer a batch."""
    accepted = await _accept(request)
    if accepted.status_code >= 400:
        return accepted
    statuses: dict[str, int] = {}
    responses: list[Document] = []
    for part in read(json.loads(await request.body())):
        if any(statuses[key] >= 400 for key in part.depends_on):
            response = _response(part, 424, {}, _FAILED_DEPENDENCY)
        else:
            response = await _run(request, part)
        statuses[part.key] = response["status"]
        responses.append(response)
    # Answers are matched by id; their order says nothing.
    random.shuffle(responses)
    headers = {name: accepted.headers[name] for name in ("request-id", "client-request-id")}
    return Response(json.dumps({"responses": responses}).encode(), 200, headers, "application/json")


def read(document: Document) -> list[Part]:
    """Return the requests of a batch, each after those that it depends on.

    Raises GraphError for a batch that is refused as a whole.
    """
    requests = document.get("requests")
    if not isinstance(requests, list) or not requests:
        raise _malformed()
    if len(requests) > MOST_IN_A_BATCH:
        raise errors.malformed("Number of requests inside batch exceeds the limit.")
    waiting: dict[str, Part] = {}
    for each in requests:
        part = _part(each)
        if part.key in waiting:
            raise errors.malformed(f"Request Id {part.id} has to be unique in a batch.")
        waiting[part.key] = part
    ordered: dict[str, Part] = {}
    while waiting:
        ready = {key: part for key, part in waiting.items() if part.depends_on <= ordered.keys()}
        if not ready:  # a circle, or an id that there is not
            raise _malformed()
        ordered |= ready
        waiting = {key: part for key, part in waiting.items() if key not in ready}
    return list(ordered.values())


def _part(each: object) -> Part:
    if not isinstance(each, dict):
        raise _malformed()
    name, method, url = each.get("id"), each.get("method"), each.get("url")
    headers, depends_on, body = each.get("headers") or {}, each.get("dependsOn") or [], each.get("body")
    if not (isinstance(name, str) and isinstance(method, str) and isinstance(url, str) and name and url):
        raise _malformed()
    if not isinstance(headers, dict) or not isinstance(depends_on, list) or method.upper() not in METHODS:
        raise _malformed()
    if urlsplit(url).netloc or urlsplit(url).path.strip("/") == "$batch":
        raise _malformed()
    lowered = {str(key).lower(): str(value) for key, value in headers.items()}
    if not all((key + value).isascii() for key, value in lowered.items()):
        raise _malformed()
    if body is not None and "content-type" not in lowered:
        raise _malformed()
    if isinstance(body, str):
        raise errors.not_imitated("bodies in base64 in a batch")
    return Part(name, method.upper(), url, lowered, body, frozenset(str(key).lower() for key in depends_on))


def _malformed() -> errors.GraphError:
    return errors.malformed("Invalid batch payload format.")


def _check(call: Call) -> Answer:
    """Refuse what is no batch, or comes from nobody: as any Graph request."""
    read(call.body)
    return Answer(204)


_accept = endpoint(_check)


async def _run(request: Request, part: Part) -> Document:
    """Run one request, with its own entry in the log and its own faults."""
    simulator = simulator_of(request)
    address = urlsplit(part.url)
    path = f"/{request.url.path.split('/')[1]}/{unquote(address.path).lstrip('/')}"
    api = "calendars" if path.startswith(("/v1.0/users/", "/beta/users/")) else "graph"
    addressed = simulator.addressed(path, part.headers.get("authorization") or request.headers.get("authorization"))
    tenant = addressed or simulator.store.first
    action = simulator.faults.take(asked(tenant, api, part.method, path, None))
    if action and action.delay_seconds:
        await asyncio.sleep(action.delay_seconds)
    own = simulator.begin(addressed, api, part.method, path, address.query)
    own.batch = entry_of(request.scope).number
    if action and not action.takes_effect:
        own.notes.append("answered by a fault; nothing took effect")
        own.status = "reset" if action.reset else action.status
        if action.status is None:
            raise ConnectionResetAsked
        return _response(part, action.status, action.headers, body_of(action.body)[0])
    simulator.before_effect()
    response = await _through_the_host(request, part, path, address.query, own)
    own.status = response["status"]
    if part.method != "GET" and response["status"] < 400:
        simulator.store.changed()
    simulator.after_effect(own)
    if action and action.reset == "after":
        own.status = "reset"
        raise ConnectionResetAsked
    if action and action.spoils_the_answer:
        # The parts of a batch share one body: what spoils one answer spoils all of them.
        request.scope["state"]["spoiling"] = action
    return response


async def _through_the_host(request: Request, part: Part, path: str, query: str, own: Entry) -> Document:
    """Let the application of this host answer a request, and return the answer."""
    inherited = {name: request.headers[name] for name in INHERITED if name in request.headers}
    headers = {**inherited, **part.headers}
    scope: Scope = {
        **{name: request.scope[name] for name in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": part.method,
        "root_path": "",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "state": {**request.scope["state"], "entry": own},
    }
    body = b"" if part.body is None else json.dumps(part.body).encode()
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await request.app(scope, receive, send)
    start, content = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
    answered = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return _response(part, start["status"], answered, content)


_FAILED_DEPENDENCY = json.dumps(
    {"error": {"code": "FailedDependency", "message": "A request that this one depends on has failed."}}
).encode()


def _response(part: Part, status: int, headers: dict[str, str], content: bytes) -> Document:
    """Return an answer as the envelope holds it: its body is JSON, or null."""
    shown = {name.title(): value for name, value in headers.items() if name != "content-length"}
    try:
        body = json.loads(content) if content else None
    except ValueError:  # a fault may say anything
        body = content.decode()
    return {"id": part.id, "status": status, "headers": shown, "body": body}
