"""Answers of the control API.

Owns what a test or a person may do from outside.  It has no sign-in: it listens on loopback only, refuses requests
that come from a browser's page (they carry an Origin) and hands out nothing that the state folder would not.
"""

import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import keycredentials, microsoft, moments, tokens
from simulator.calendars import meetings
from simulator.calendars.attendant import SettingNotImitatedError
from simulator.control.difference import differences
from simulator.control.models import CertificateBody, ClockBody, DirectoryRolesBody, MailboxBody, MeetingBody, TokenBody
from simulator.control.snapshot import snapshot
from simulator.faults import Fault
from simulator.kernel import Simulator, simulator_of
from simulator.records import Grant, Mailbox
from simulator.tenant import Tenant, new_id, new_opaque_id


class ControlError(Exception):
    """A refusal of the control API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Handler = Callable[[Simulator, Request, bytes], Any]
Model = TypeVar("Model", bound=BaseModel)


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return the Starlette endpoint of a handler; None is answered as 204."""

    async def answer(request: Request) -> Response:
        simulator = simulator_of(request)
        try:
            _refuse_browsers(request)
            body = await request.body()
            simulator.before_effect()
            document = handler(simulator, request, body)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except ValidationError as error:
            texts = [f"{'.'.join(str(part) for part in e['loc']) or 'body'}: {e['msg']}" for e in error.errors()]
            return JSONResponse({"error": "; ".join(texts)}, 400)
        finally:
            simulator.after_effect(None)
            simulator.store.save_before_answering()
        return Response(status_code=204) if document is None else JSONResponse(document)

    return answer


def _refuse_browsers(request: Request) -> None:
    if "origin" in request.headers or request.url.hostname not in ("127.0.0.1", "localhost"):
        raise ControlError(403, "The control API answers programs on this machine only.")


def find_tenant(simulator: Simulator, request: Request) -> Tenant:
    """Return the tenant of the path, by id or domain.  Raises ControlError."""
    name = request.path_params["tenant"]
    tenant = simulator.store.tenant(name)
    if tenant is None:
        raise ControlError(404, f"There is no tenant '{name}'. Known: {', '.join(simulator.store.tenants)}.")
    return tenant


def read_body(model: type[Model], body: bytes) -> Model:
    """Return the body; an empty one is an empty object.  Raises ValidationError."""
    return model.model_validate_json(body or b"{}")


def status(simulator: Simulator, _request: Request, _body: bytes) -> dict[str, Any]:
    """Answer where the tenant is and what it holds."""
    return {
        "url": simulator.identity_url,
        "exchangeUrl": simulator.exchange_url,
        "port": simulator.port,
        "processId": os.getpid(),
        "stateFolder": str(simulator.store.folder),
        "certificateFile": str(simulator.store.folder / "certificate.pem"),
        "lastRequest": simulator.log.last,
        "tenants": [
            {
                "id": tenant.id,
                "displayName": tenant.display_name,
                "domain": tenant.domains[0],
                "now": moments.seconds(tenant.now()),
                "applications": sum(not a.deleted_date_time for a in tenant.applications),
                "mailboxes": len(tenant.mailboxes),
                "rooms": sum(m.resource_type == "Room" for m in tenant.mailboxes),
                "groups": len(tenant.groups),
                "policies": len(tenant.policies),
            }
            for tenant in simulator.store.tenants.values()
        ],
    }


def requests(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the log's entries after number `since`."""
    since = request.query_params.get("since", "0")
    if not since.isdecimal():
        raise ControlError(400, f"since must be a number of an entry, not '{since}'.")
    entries = [entry.document() for entry in simulator.log.since(int(since))]
    return {"last": simulator.log.last, "requests": entries}


def clear_requests(simulator: Simulator, _request: Request, _body: bytes) -> None:
    """Empty the log; numbers go on."""
    simulator.log.clear()


def get_clock(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the tenant's time."""
    tenant = find_tenant(simulator, request)
    return {"now": moments.ticks(tenant.now()), "offsetSeconds": tenant.clock_offset_seconds}


def set_clock(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Set the tenant's time or let it advance."""
    tenant, wanted = find_tenant(simulator, request), read_body(ClockBody, body)
    if wanted.now is not None:
        tenant.set_clock(wanted.now)
    else:
        tenant.advance(wanted.advance_seconds or 0)
    # The exposure meters step through the time between before anything is forgotten because of it.
    simulator.before_effect()
    tenant.end_what_time_ends()
    simulator.store.changed()
    return get_clock(simulator, request, body)


def get_snapshot(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the tenant as canonical JSON."""
    return snapshot(find_tenant(simulator, request))


def compare_snapshot(simulator: Simulator, request: Request, body: bytes) -> list[dict[str, Any]]:
    """Answer how the tenant differs from an earlier snapshot."""
    try:
        before = json.loads(body)
    except ValueError as error:
        raise ControlError(400, "The body must be an earlier snapshot, as GET answers it.") from error
    if not isinstance(before, dict) or "tenantId" not in before:
        raise ControlError(400, "The body must be an earlier snapshot, as GET answers it.")
    return differences(before, snapshot(find_tenant(simulator, request)))


def add_mailbox(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Let a mailbox appear."""
    tenant, wanted = find_tenant(simulator, request), read_body(MailboxBody, body)
    local_part, _, domain = wanted.address.partition("@")
    if not local_part or domain.lower() not in tenant.domains:
        raise ControlError(400, f"'{wanted.address}' is no address of {', '.join(tenant.domains)}.")
    if any(tenant.find_recipients(name) for name in (wanted.address, local_part, wanted.name or local_part)):
        raise ControlError(409, f"There is a recipient called '{wanted.address}' or '{wanted.name}' already.")
    default_types = {"RoomMailbox": "Room", "EquipmentMailbox": "Equipment"}
    mailbox = Mailbox.model_validate(
        {
            **wanted.model_dump(exclude={"name", "resource_type"}),
            "guid": new_id(),
            "object_id": new_id(),
            "name": wanted.name or local_part,
            "display_name": wanted.name or local_part,
            "alias": local_part,
            "resource_type": wanted.resource_type or default_types.get(wanted.kind),
            "sid": tenant.new_sid(),
            "created": tenant.now(),
        }
    )
    tenant.mailboxes.append(mailbox)
    tenant.recipients_changed()
    simulator.store.changed()
    return {"objectId": mailbox.object_id, "address": mailbox.address, "name": mailbox.name}


def remove_mailbox(simulator: Simulator, request: Request, _body: bytes) -> None:
    """Let a mailbox disappear, from every group as well."""
    tenant, address = find_tenant(simulator, request), request.path_params["address"]
    mailbox = next((m for m in tenant.mailboxes if m.address.lower() == address.lower()), None)
    if mailbox is None:
        raise ControlError(404, f"There is no mailbox '{address}'.")
    tenant.mailboxes.remove(mailbox)
    for group in tenant.groups:
        group.member_ids = [member for member in group.member_ids if member != mailbox.object_id]
    tenant.recipients_changed()
    simulator.store.changed()


def send_meeting(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Let a person invite rooms, and answer what each of them did."""
    tenant, wanted = find_tenant(simulator, request), read_body(MeetingBody, body)
    try:
        replies = meetings.send(
            tenant,
            meetings.Meeting(
                organizer=wanted.organizer,
                organizer_name=wanted.organizer_name,
                rooms=tuple(wanted.rooms),
                subject=wanted.subject,
                body=wanted.body,
                start=wanted.start,
                end=wanted.end,
                is_private=wanted.private,
            ),
            tenant.now(),
            new_id(),
        )
    except meetings.NoSuchPartyError as error:
        raise ControlError(404, str(error)) from error
    except SettingNotImitatedError as error:
        raise ControlError(501, str(error)) from error
    simulator.store.changed()
    rooms = [{"room": room.address, "outcome": reply.outcome, "reason": reply.reason} for room, reply in replies]
    return {"rooms": rooms}


def add_fault(simulator: Simulator, _request: Request, body: bytes) -> dict[str, Any]:
    """Ask for a fault."""
    return {"id": simulator.faults.add(read_body(Fault, body))}


def list_faults(simulator: Simulator, _request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the faults and how often each was met."""
    return {"faults": simulator.faults.documents()}


def clear_faults(simulator: Simulator, _request: Request, _body: bytes) -> None:
    """Forget the faults."""
    simulator.faults.clear()


def issue_token(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Answer a token without asking for a secret."""
    tenant, wanted = find_tenant(simulator, request), read_body(TokenBody, body)
    principal = tenant.service_principal_by_app_id(wanted.client_id)
    if principal is None:
        raise ControlError(404, f"There is no service principal of the client id '{wanted.client_id}'.")
    service, audience = (
        (microsoft.GRAPH, simulator.identity_url)
        if wanted.audience == "graph"
        else (microsoft.EXCHANGE, simulator.exchange_url)
    )
    resource = tenant.service_principal_by_app_id(service.app_id)
    if resource is None:
        raise ControlError(409, f"The tenant has no service principal of {service.display_name}.")
    token = tokens.issue(tenant, principal, resource, audience)
    simulator.store.changed()
    return {"accessToken": token}


def add_certificate(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Give an application a certificate; the private key is in this answer and nowhere else."""
    tenant, wanted = find_tenant(simulator, request), read_body(CertificateBody, body)
    application = tenant.application_by_app_id(wanted.client_id)
    if application is None:
        raise ControlError(404, f"There is no application with the client id '{wanted.client_id}'.")
    name = str(application.properties["displayName"])
    pem, certificate = keycredentials.make(name, tenant.now(), timedelta(days=wanted.days))
    application.certificates.append(certificate)
    simulator.store.changed()
    return {
        "pem": pem,
        "keyId": certificate.key_id,
        "thumbprint": certificate.thumbprint,
        "endDateTime": moments.seconds(certificate.end_date_time),
    }


def set_rights(simulator: Simulator, request: Request, body: bytes) -> dict[str, Any]:
    """Give a client id exactly these directory roles and grants, as a Global Administrator would in the portal."""
    tenant, wanted = find_tenant(simulator, request), read_body(DirectoryRolesBody, body)
    principal = tenant.service_principal_by_app_id(request.path_params["client"])
    if principal is None:
        raise ControlError(404, f"There is no service principal of the client id '{request.path_params['client']}'.")
    if wanted.directory_roles is not None:
        unknown = [name for name in wanted.directory_roles if name not in microsoft.DIRECTORY_ROLES]
        if unknown:
            known = ", ".join(microsoft.DIRECTORY_ROLES)
            raise ControlError(400, f"'{unknown[0]}' is no directory role here. Known: {known}.")
        principal.directory_roles = [microsoft.DIRECTORY_ROLES[name] for name in wanted.directory_roles]
    if wanted.app_roles is not None:
        offers = {r.value: (s.id, r.id) for s in tenant.service_principals for r in s.app_roles}
        unknown = [value for value in wanted.app_roles if value not in offers]
        if unknown:
            raise ControlError(400, f"'{unknown[0]}' is no app role here. Known: {', '.join(sorted(offers))}.")
        tenant.grants = [g for g in tenant.grants if g.principal_id != principal.id]
        for value in wanted.app_roles:
            resource_id, role_id = offers[value]
            tenant.grants.append(
                Grant(
                    id=new_opaque_id(),
                    app_role_id=role_id,
                    principal_id=principal.id,
                    resource_id=resource_id,
                    created_date_time=tenant.now(),
                )
            )
    simulator.store.changed()
    return {"directoryRoles": principal.directory_roles, "appRoles": wanted.app_roles}


async def not_found(request: Request) -> JSONResponse:
    """Name what there is."""
    text = f"The control API has no {request.method} {request.url.path}; simulator/README.md lists what it has."
    return JSONResponse(json.loads(json.dumps({"error": text})), 404)
