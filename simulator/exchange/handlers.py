"""InvokeCommand and $batch: who may call, which cmdlet runs, pages of results, and the envelopes.

Owns the order of refusals: token (401), what is not imitated (501), rights (403 with an empty body), binding (400), the
cmdlet itself.  Source: public captures of Exchange Online's administrative API, which is undocumented.
"""

import asyncio
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from simulator import tokens
from simulator.exchange import errors
from simulator.exchange.cmdlet import Session
from simulator.exchange.execution import run_cmdlet
from simulator.exchange.pages import check_select, first_page, next_page, page_size
from simulator.exchange.rights import rights
from simulator.exchange.table import CMDLETS
from simulator.front import ConnectionResetAsked, asked, cmdlet_of
from simulator.kernel import Caller, Simulator, authenticate, entry_of, request_ids, simulator_of
from simulator.requestlog import Entry
from simulator.tenant import Tenant

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
MOST_IN_A_BATCH = 10
MANAGE_AS_APP = "Exchange.ManageAsApp"

_INVOKE = re.compile(r"^/adminapi/beta/([^/]+)/InvokeCommand$")
_CMDLET = re.compile(
    r"^(Add|Clear|Complete|Disable|Enable|Export|Get|Import|Install|Invoke|Mount|Move|New|Redirect|Release|Remove|Reset|"
    r"Restore|Resume|Retry|Revoke|Search|Send|Set|Start|Stop|Suspend|Test|Undo|Uninstall|Update|Upgrade|Validate|Write)-"
    r"[A-Za-z0-9]+$",
    re.IGNORECASE,
)
"""The form of a cmdlet's name, with the verbs that Exchange's cmdlets have."""


@dataclass
class Reply:
    """Status, document (none is an empty body) and headers of an answer."""

    status: int
    document: Any = None
    headers: Mapping[str, str] | None = None


async def invoke(request: Request) -> Response:
    """Answer InvokeCommand."""
    simulator = simulator_of(request)
    reply = run(
        simulator,
        entry_of(request.scope),
        request.url.path,
        request.url.query,
        dict(request.headers),
        await request.body(),
    )
    return _response(request, reply)


async def batch(request: Request) -> Response:
    """Answer $batch: up to ten InvokeCommands, each with its own token and its own answer."""
    simulator, entry = simulator_of(request), entry_of(request.scope)
    try:
        _authorize(simulator, entry, request.path_params["tenant"], dict(request.headers))
        requests = _batch_requests(await request.body())
    except errors.ExchangeError as error:
        return _response(request, Reply(error.status, error.document))
    continues = "odata.continue-on-error" in request.headers.get("prefer", "")
    responses: list[dict[str, Any]] = []
    stopped = False
    for each in requests:
        headers = {str(name).lower(): str(value) for name, value in (each.get("headers") or {}).items()}
        if stopped:
            reply = Reply(
                424, errors.plain(424, "FailedDependency", "An earlier request of the batch failed.").document
            )
        else:
            reply = await _run_of_batch(simulator, request.scope, each, headers)
            stopped = reply.status >= 400 and not (continues or "odata.continue-on-error" in headers.get("prefer", ""))
        responses.append(
            {
                "id": each["id"],
                "status": reply.status,
                "headers": {"Content-Type": CONTENT_TYPE, **(reply.headers or {})},
                "body": reply.document,
            }
        )
    # Answers are matched by id; their order says nothing.
    random.shuffle(responses)
    return _response(request, Reply(200, {"responses": responses}))


async def get_next_page(request: Request) -> Response:
    """Refuse to read a further page by GET: it is asked for with a POST of the same body."""
    text = "The requested resource does not support http method 'GET'."
    return _response(request, Reply(405, errors.plain(405, "MethodNotAllowed", text).document))


async def not_imitated(request: Request) -> Response:
    """Refuse what Exchange's host has and the simulator has not."""
    return _response(request, Reply(501, errors.not_imitated(f"{request.method} {request.url.path}").document))


def run(
    simulator: Simulator, entry: Entry, path: str, query: str, headers: Mapping[str, str], body: bytes | dict[str, Any]
) -> Reply:
    """Run one InvokeCommand and return its answer."""
    found = _INVOKE.match(path)
    try:
        if found is None:
            raise errors.not_imitated(f"POST {path}")
        caller = _authorize(simulator, entry, found.group(1), headers)
        name, given = _command(body)
        cmdlet = CMDLETS.get(name.lower())
        if cmdlet is None:
            raise _unknown_cmdlet(name)
        own = rights(caller.tenant, caller)
        own.require(cmdlet, given)
        options = parse_qs(query)
        for option in options:
            if option not in ("$select", "$skiptoken"):
                raise errors.not_imitated(f"the query option '{option}' of InvokeCommand")
        size = page_size(headers.get("prefer", ""))
        mark = json.dumps([caller.tenant.id, name, given], sort_keys=True)
        token = options.get("$skiptoken", [None])[0]
        select = options.get("$select", [None])[0]
        if token is not None:
            page = next_page(simulator, caller.tenant, token, mark)
        else:
            bound = cmdlet.bind(given)
            result = run_cmdlet(Session(caller.tenant, cmdlet.name, own.require_delegation), cmdlet, bound)
            if cmdlet.writes:
                simulator.store.changed()
            check_select(result, select)
            page = first_page(caller.tenant, result, size, mark, select)
        document = page.document(simulator, caller.tenant)
    except errors.ExchangeError as error:
        entry.status = error.status
        return _refusal(error, simulator.store.tenants.get(entry.tenant_id or ""))
    entry.status = 200
    return Reply(200, document, {"Preference-Applied": 'odata.include-annotations="*"'})


async def _run_of_batch(simulator: Simulator, scope: Scope, each: dict[str, Any], headers: dict[str, str]) -> Reply:
    """Run one request of a batch, with its own entry in the log, its own wait and its own faults."""
    batch = entry_of(scope)
    address = urlsplit(each["url"])
    body = each.get("body") if isinstance(each.get("body"), dict) else {}
    cmdlet, parameters = cmdlet_of(body or {})
    addressed = simulator.addressed(address.path, None)
    tenant = addressed or simulator.store.first
    action = simulator.faults.take(asked(tenant, "exchange", "POST", address.path, cmdlet))
    seconds = tenant.conditions.latency.cmdlet_milliseconds / 1000 + ((action.delay_seconds or 0) if action else 0)
    if seconds:
        await asyncio.sleep(seconds)
    own = simulator.begin(addressed, "exchange", "POST", address.path, address.query)
    own.batch, own.cmdlet, own.parameters = batch.number, cmdlet, parameters
    if action and not action.takes_effect:
        own.notes.append("answered by a fault; nothing took effect")
        own.status = "reset" if action.reset else action.status
        if action.status is None:
            raise ConnectionResetAsked
        return Reply(action.status, action.body, action.headers)
    if f"{address.scheme}://{address.netloc}" != simulator.exchange_url or each.get("method") != "POST":
        error = errors.plain(400, "BadRequest", f"'{each.get('method')} {each['url']}' is no request to InvokeCommand.")
        own.status = 400
        return Reply(400, error.document)
    simulator.before_effect()
    reply = run(simulator, own, address.path, address.query, headers, body or {})
    simulator.after_effect(own)
    if action and action.reset == "after":
        own.status = "reset"
        raise ConnectionResetAsked
    if action and action.spoils_the_answer:
        # The parts of a batch share one body: what spoils one answer spoils all of them.
        scope["state"]["spoiling"] = action
    return reply


def _batch_requests(body: bytes) -> list[dict[str, Any]]:
    try:
        requests = json.loads(body)["requests"]
        ids = [each["id"] for each in requests if isinstance(each["url"], str)]
    except (ValueError, KeyError, TypeError) as error:
        text = 'A batch is {"requests": [...]}, each with id, method, url, headers and body.'
        raise errors.plain(400, "BadRequest", text) from error
    if not isinstance(requests, list) or not requests or len(set(map(str, ids))) != len(requests):
        raise errors.plain(400, "BadRequest", "A batch holds at least one request, and each id once.")
    if len(requests) > MOST_IN_A_BATCH:
        text = f"The batch holds {len(requests)} requests. The maximum is {MOST_IN_A_BATCH}."
        raise errors.plain(400, "BadRequest", text)
    return requests


def _command(body: bytes | dict[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        document = json.loads(body) if isinstance(body, bytes) else body
        command = document["CmdletInput"]
        name, given = command["CmdletName"], command["Parameters"]
    except (ValueError, KeyError, TypeError) as error:
        text = 'The body must be {"CmdletInput": {"CmdletName": "...", "Parameters": {...}}}.'
        raise errors.plain(400, "BadRequest", text) from error
    if not isinstance(name, str) or not isinstance(given, dict):
        raise errors.plain(
            400, "BadRequest", "CmdletName must be a text and Parameters an object, {} when there are none."
        )
    return name, given


def _authorize(simulator: Simulator, entry: Entry, tenant_name: str, headers: Mapping[str, str]) -> Caller:
    """Return the caller.  Raises ExchangeError: 401 for the token, 403 for another tenant."""
    try:
        caller = authenticate(simulator, headers.get("authorization"), simulator.exchange_url, entry)
    except tokens.TokenRefusedError as refusal:
        raise errors.ExchangeError(401, None, str(refusal)) from refusal
    if not caller.has(MANAGE_AS_APP):
        raise errors.ExchangeError(401, None, "the token has no Exchange.ManageAsApp")
    if simulator.store.tenant(tenant_name) is not caller.tenant:
        raise errors.ExchangeError(403, None, "the token is from another tenant")
    return caller


def _unknown_cmdlet(name: str) -> errors.ExchangeError:
    """Refuse a cmdlet that is not in the table.

    What can't be a cmdlet of Exchange's administrative API is answered as Exchange answers it: 403 with an empty body.
    Anything else may be one, and is refused by name.
    """
    if not _CMDLET.match(name) or name.casefold().startswith("get-exo"):
        return errors.ExchangeError(403, None, f"there is no cmdlet {name}")
    return errors.not_imitated(f"the cmdlet {name}")


def _refusal(error: errors.ExchangeError, tenant: Tenant | None) -> Reply:
    """Return the answer to a refusal, in the form and language that the tenant's conditions ask for."""
    document: Any = error.document
    if isinstance(error, errors.CmdletFailedError) and tenant is not None:
        conditions = tenant.conditions
        document = error.written(conditions.exchange_error_form, conditions.exchange_language)
    return Reply(error.status, document, error.headers)


def _response(request: Request, reply: Reply) -> Response:
    request_id, _ = request_ids(request)
    headers = {
        "request-id": request_id,
        "odata-version": "4.0",
        "organizationstatus": "Active",
        **(reply.headers or {}),
    }
    if reply.status == 401:
        headers["www-authenticate"] = 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"'
    if reply.document is None:
        return Response(b"", reply.status, headers)
    if isinstance(reply.document, str):
        return Response(reply.document, reply.status, headers, "text/plain; charset=utf-8")
    return Response(json.dumps(reply.document).encode(), reply.status, headers, CONTENT_TYPE)
