"""Who could read a calendar that it should not, at the moment at which the tenant's clock stands.

Owns the three questions of the meter, as pure functions of a tenant.  Refuses to own time (moments.py knows when an
answer can change by itself, meter.py asks at those moments) and what is allowed (whoever asks says it).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator import access, microsoft, tokens
from simulator.exposure import moments
from simulator.exposure.reach import readable
from simulator.records import Application, ServicePrincipal
from simulator.tenant import Tenant

Watched = Callable[[str], bool]
"""Tells whether a client id is looked at."""


@dataclass(frozen=True, order=True)
class Credential:
    """What an application could read with; `key_id` names it and is never its value, and is empty for a token."""

    kind: str
    key_id: str


@dataclass(frozen=True)
class Finding:
    """An application that could read calendars outside what is allowed: which, by object id, and with what."""

    outside: frozenset[str]
    credentials: frozenset[Credential]


Findings = dict[str, Finding]
"""By client id."""

TOKEN = Credential("token", "")


def avoidable(tenant: Tenant, watched: Watched, allowed: set[str]) -> Findings:
    """Return who could read if everything that was done counted at once and rights were looked up at each use."""
    restrictions, found = access.restrictions_now(tenant), {}
    for application, principal in _living(tenant, watched):
        credentials = frozenset(_credentials(tenant, application, instantly=True))
        if credentials:
            outside = readable(tenant, restrictions, application.app_id, _roles(tenant, principal)) - allowed
            if outside:
                found[application.app_id] = Finding(frozenset(outside), credentials)
    return found


def with_delays(tenant: Tenant, watched: Watched, allowed: set[str]) -> Findings:
    """Return who could read as Microsoft has it: tokens keep their roles, and what was done counts when it does."""
    held = _held_roles(tenant, watched)
    found: Findings = {}
    for app_id, ways in held.items():
        restrictions = access.restrictions_in_force(tenant, app_id)
        by_right: dict[bool, frozenset[str]] = {}
        outside: frozenset[str] = frozenset()
        credentials: set[Credential] = set()
        for roles, credential in ways:
            entitled = bool(roles & access.READ)
            if entitled not in by_right:
                by_right[entitled] = frozenset(readable(tenant, restrictions, app_id, roles) - allowed)
            if by_right[entitled]:
                outside |= by_right[entitled]
                credentials.add(credential)
        if outside:
            found[app_id] = Finding(outside, frozenset(credentials))
    return found


def one_secret_away(tenant: Tenant, watched: Watched, allowed: set[str]) -> Findings:
    """Return who could read, with instant propagation, if only it had a credential that is valid."""
    restrictions, found = access.restrictions_now(tenant), {}
    for application, principal in _living(tenant, watched):
        if not any(_credentials(tenant, application, instantly=True)):
            outside = readable(tenant, restrictions, application.app_id, _roles(tenant, principal)) - allowed
            if outside:
                found[application.app_id] = Finding(frozenset(outside), frozenset())
    return found


def _held_roles(tenant: Tenant, watched: Watched) -> dict[str, list[tuple[frozenset[str], Credential]]]:
    """Return by client id what can be read with: tokens that were issued and have not ended, and what gets a new one."""
    now = tenant.now()
    held: dict[str, list[tuple[frozenset[str], Credential]]] = {}
    for token in tenant.issued_tokens:
        if token.expires > now and watched(token.app_id):
            held.setdefault(token.app_id, []).append((frozenset(token.roles), TOKEN))
    for application, principal in _living(tenant, watched):
        roles = _roles(tenant, principal)
        for credential in _credentials(tenant, application, instantly=False):
            held.setdefault(application.app_id, []).append((roles, credential))
    return held


def _living(tenant: Tenant, watched: Watched) -> Iterator[tuple[Application, ServicePrincipal]]:
    """Yield the applications that can sign in, given a credential.

    A Conditional Access policy that refuses one does not count: it is no restriction of what the application may read.
    """
    for application in tenant.applications:
        if not application.deleted_date_time and watched(application.app_id):
            principal = tenant.service_principal_by_app_id(application.app_id)
            if principal and principal.properties.get("accountEnabled", True) is not False:
                yield application, principal


def _roles(tenant: Tenant, principal: ServicePrincipal) -> frozenset[str]:
    graph = tenant.service_principal_by_app_id(microsoft.GRAPH.app_id)
    return frozenset(tokens.roles_of(tenant, principal, graph)) if graph else frozenset()


def _credentials(tenant: Tenant, application: Application, *, instantly: bool) -> Iterator[Credential]:
    """Yield the credentials with which the application could sign in now."""
    now = tenant.now()
    for password in application.passwords:
        begin = password.start_date_time if instantly else moments.usable_from(tenant, password)
        if begin <= now < password.end_date_time:
            yield Credential("secret", password.key_id)
    for certificate in application.certificates:
        if certificate.start_date_time <= now < certificate.end_date_time:
            yield Credential("certificate", certificate.key_id)
    for federated in application.federated_credentials:
        yield Credential("federated", federated.id)
