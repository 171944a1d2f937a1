"""Answers of the sign-in endpoints: cloud metadata, OpenID configuration, keys and tokens.

Owns who may have a token.  Refuses to own what the token then allows.
"""

from base64 import urlsafe_b64encode
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse

from simulator import microsoft, tokens
from simulator.kernel import Simulator, entry_of, simulator_of
from simulator.login import errors
from simulator.records import ServicePrincipal
from simulator.store import hash_secret
from simulator.tenant import Tenant

ASSERTIONS = ("client_assertion", "client_assertion_type")
OTHER_GRANTS = {
    "authorization_code",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
}


async def metadata(request: Request) -> JSONResponse:
    """Answer the document by which clients find sign-in and Graph of a cloud."""
    simulator = simulator_of(request)
    if request.query_params.get("api-version") != "2022-09-01":
        message = "The local tenant imitates the metadata document of api-version 2022-09-01 only."
        return JSONResponse({"error": {"code": "NotImitated", "message": message}}, 501)
    base = simulator.identity_url
    return JSONResponse(
        {
            "name": "AzureCloud",
            "portal": "https://portal.azure.com",
            "authentication": {
                "loginEndpoint": base,
                "audiences": [base],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": base,
            "microsoftGraphResourceId": base,
            "media": "https://rest.media.azure.net",
            "graph": base,
            "graphAudience": base,
            "suffixes": {},
        }
    )


async def openid_configuration(request: Request) -> JSONResponse:
    """Answer what MSAL and azure-identity ask for before they ask for a token."""
    simulator = simulator_of(request)
    tenant = simulator.store.tenant(request.path_params["tenant"])
    if tenant is None:
        return _refusal(request, errors.tenant_not_found(request.path_params["tenant"]), simulator.store.first)
    base, version = f"{simulator.identity_url}/{tenant.id}", "/v2.0" if "/v2.0/" in request.url.path else ""
    return JSONResponse(
        {
            "token_endpoint": f"{base}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "jwks_uri": f"{base}/discovery{version}/keys",
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": [],
            "issuer": f"{base}{version}",
            "authorization_endpoint": f"{base}/oauth2{version}/authorize",
            "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "127.0.0.1",
            "msgraph_host": f"127.0.0.1:{simulator.port}",
        }
    )


async def keys(request: Request) -> JSONResponse:
    """Answer the public key with which the tenant's tokens are signed."""
    simulator = simulator_of(request)
    tenant = simulator.store.tenant(request.path_params["tenant"])
    if tenant is None:
        return _refusal(request, errors.tenant_not_found(request.path_params["tenant"]), simulator.store.first)
    numbers = tokens.public_numbers(tenant)

    def encode(number: int) -> str:
        return urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")

    key = {"kty": "RSA", "use": "sig", "kid": tenant.id, "n": encode(numbers.n), "e": encode(numbers.e)}
    return JSONResponse({"keys": [key]})


async def token(request: Request) -> JSONResponse:
    """Answer a client-credentials request with a token, or refuse it."""
    simulator = simulator_of(request)
    name = request.path_params["tenant"]
    tenant = simulator.store.tenant(name)
    if tenant is None:
        return _refusal(request, errors.tenant_not_found(name), simulator.store.first)
    entry_of(request.scope).tenant_id = tenant.id
    form = {
        key: values[0]
        for key, values in parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True).items()
    }
    entry_of(request.scope).caller_app_id = form.get("client_id")
    if form.get("grant_type") in OTHER_GRANTS or any(name in form for name in ASSERTIONS):
        text = (
            "The local tenant imitates client_credentials with a client secret; assertions and other grants come later."
        )
        return JSONResponse({"error": "NotImitated", "error_description": text, "error_codes": [501]}, 501)
    try:
        principal, resource, audience = _decide(simulator, tenant, form)
    except errors.LoginError as error:
        return _refusal(request, error, tenant)
    seconds = int(tokens.LIFETIME.total_seconds())
    access_token = tokens.issue(tenant, principal, resource, audience)
    document = {
        "token_type": "Bearer",
        "expires_in": seconds - 1,
        "ext_expires_in": seconds - 1,
        "access_token": access_token,
    }
    return JSONResponse(document, headers={"cache-control": "no-store, no-cache"})


async def not_imitated(request: Request) -> JSONResponse:
    """Refuse what the sign-in host has and the simulator has not."""
    message = f"The local tenant does not imitate {request.method} {request.url.path}."
    return JSONResponse({"error": {"code": "NotImitated", "message": message}}, 501)


def audience_of(simulator: Simulator, tenant: Tenant, audience: str) -> ServicePrincipal | None:
    """Return the service principal behind an audience."""
    services = {
        simulator.identity_url: microsoft.GRAPH.app_id,
        simulator.exchange_url: microsoft.EXCHANGE.app_id,
    }
    app_id = services.get(audience)
    return tenant.service_principal_by_app_id(app_id) if app_id else None


def _decide(
    simulator: Simulator, tenant: Tenant, form: dict[str, str]
) -> tuple[ServicePrincipal, ServicePrincipal, str]:
    """Return who gets a token, for which service and audience.  Raises LoginError."""
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise errors.missing_parameter(name)
    if form["grant_type"] != "client_credentials":
        raise errors.unsupported_grant(form["grant_type"])
    scope = form["scope"].strip()
    if not scope.endswith("/.default") or " " in scope:
        raise errors.wrong_scope(form["scope"])
    application = tenant.application_by_app_id(form["client_id"])
    if application is None:
        raise errors.application_not_found(form["client_id"], tenant.display_name)
    if not form.get("client_secret"):
        raise errors.no_credentials()
    password = tenant.valid_password(application, hash_secret(form["client_secret"]))
    now = tenant.now()
    if password is None or now < password.start_date_time:
        raise errors.wrong_secret(application.app_id)
    if now >= password.end_date_time:
        raise errors.expired_secret(application.app_id)
    audience = scope.removesuffix("/.default")
    resource = audience_of(simulator, tenant, audience)
    if resource is None:
        raise errors.unknown_resource(audience, tenant.display_name)
    principal = tenant.service_principal_by_app_id(application.app_id)
    if principal is None:
        raise errors.no_service_principal(application.app_id, tenant.id)
    return principal, resource, audience


def _refusal(request: Request, error: errors.LoginError, tenant: Tenant) -> JSONResponse:
    entry_of(request.scope).notes.append(f"AADSTS{error.number}")
    return JSONResponse(error.document(tenant.now(), request.headers.get("client-request-id")), error.status)
