"""Who may have a token: the order in which the token endpoint decides a client-credentials request.

Source: Microsoft Learn, "Microsoft identity platform and the OAuth 2.0 client credentials flow"; "Conditional Access
for workload identities".  Owns secrets and the order.  Refuses to own assertions (certificates.py, federation.py) and
what a token then allows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid5

from simulator import microsoft, tokens
from simulator.kernel import NotImitatedError, Simulator
from simulator.login import assertions, certificates, errors, federation
from simulator.records import Application, ServicePrincipal
from simulator.store import hash_secret
from simulator.tenant import Tenant

Form = dict[str, str]
Proof = Literal["secret", "certificate", "federation"]

OTHER_GRANTS = {
    "authorization_code",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
}
"""Grants that Microsoft has besides client credentials."""


@dataclass(frozen=True)
class Issued:
    """Who gets a token, for which service and audience, and by what the client proved who it is."""

    principal: ServicePrincipal
    resource: ServicePrincipal
    audience: str
    proof: Proof

    @property
    def authenticated(self) -> str:
        """The token's `appidacr`."""
        return tokens.AUTHENTICATED_BY_SECRET if self.proof == "secret" else tokens.AUTHENTICATED_BY_ASSERTION


def decide(simulator: Simulator, tenant: Tenant, named: str, form: Form) -> Issued:
    """Return what to issue; `named` is the tenant as the request's path has it.

    Raises LoginError, and NotImitatedError for what the simulator has not.
    """
    if form.get("grant_type") in OTHER_GRANTS:
        raise NotImitatedError(f"the grant {form['grant_type']}; it imitates client_credentials")
    audience = _audience_asked_for(form)
    application = tenant.application_by_app_id(form["client_id"])
    if application is None:
        raise errors.application_not_found(form["client_id"], tenant.display_name)
    proof = _authenticate(simulator, tenant, named, application, form)
    resource = _resource(simulator, tenant, audience)
    principal = tenant.service_principal_by_app_id(application.app_id)
    if principal is None:
        raise errors.no_service_principal(application.app_id, tenant.id)
    if not _is_enabled(principal):
        raise errors.disabled(application.app_id, str(application.properties["displayName"]))
    if application.app_id in (each.lower() for each in tenant.conditions.blocked_client_ids):
        raise errors.blocked_by_policy(str(uuid5(UUID(tenant.id), "conditional access")))
    return Issued(principal, resource, audience, proof)


def _audience_asked_for(form: Form) -> str:
    """Return the audience of the one scope that client credentials take: `<audience>/.default`.  Raises LoginError."""
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise errors.missing_parameter(name)
    if form["grant_type"] != "client_credentials":
        raise errors.unsupported_grant(form["grant_type"])
    scope = form["scope"].strip()
    if not scope.endswith("/.default") or " " in scope:
        raise errors.wrong_scope(form["scope"])
    return scope.removesuffix("/.default")


def _authenticate(simulator: Simulator, tenant: Tenant, named: str, application: Application, form: Form) -> Proof:
    """Return by what the client proved that it is the application.  Raises LoginError."""
    secret, text = form.get("client_secret"), form.get("client_assertion")
    if secret and text:
        raise NotImitatedError("a request with both client_secret and client_assertion")
    if secret:
        _check_secret(tenant, application, secret)
        return "secret"
    if not text:
        raise errors.no_credentials()
    if not form.get("client_assertion_type"):
        raise errors.missing_parameter("client_assertion_type")
    if form["client_assertion_type"] != assertions.TYPE:
        raise NotImitatedError(f"assertions of the type {form['client_assertion_type']}")
    assertion, now = assertions.read(text), tenant.now()
    if federation.is_foreign(assertion):
        federation.check(simulator, application, assertion, now)
        return "federation"
    certificates.check(application, assertion, _token_endpoints(simulator, tenant, named), now)
    return "certificate"


def _check_secret(tenant: Tenant, application: Application, secret: str) -> None:
    """Raise LoginError unless the value is a secret of the application that counts already and still."""
    password, now = tenant.valid_password(application, hash_secret(secret)), tenant.now()
    if password is None or now < password.start_date_time:
        raise errors.wrong_secret(application.app_id)
    lag = timedelta(seconds=tenant.conditions.lag.secret_seconds)
    if password.created_date_time and now < password.created_date_time + lag:
        # The directory shows a new secret before sign-in has heard of it.
        raise errors.wrong_secret(application.app_id)
    if now >= password.end_date_time:
        raise errors.expired_secret(application.app_id)


def _token_endpoints(simulator: Simulator, tenant: Tenant, named: str) -> set[str]:
    """Return the addresses of this endpoint: with the tenant's id, and as the request named the tenant."""
    return {f"{simulator.identity_url}/{name}/oauth2/v2.0/token" for name in (tenant.id, named)}


def _resource(simulator: Simulator, tenant: Tenant, audience: str) -> ServicePrincipal:
    """Return the service principal behind an audience.  Raises LoginError."""
    services = {
        simulator.identity_url: microsoft.GRAPH.app_id,
        simulator.exchange_url: microsoft.EXCHANGE.app_id,
    }
    app_id = services.get(audience)
    resource = tenant.service_principal_by_app_id(app_id) if app_id else None
    if resource is None:
        raise errors.unknown_resource(audience, tenant.display_name)
    if not _is_enabled(resource):
        raise errors.resource_disabled(audience)
    return resource


def _is_enabled(principal: ServicePrincipal) -> bool:
    return principal.properties.get("accountEnabled", True) is not False
