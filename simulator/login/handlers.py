"""Answers of the sign-in endpoints: cloud metadata, OpenID configuration, keys and tokens.

Owns forms and documents.  Refuses to own who may have a token (issuance.py).
"""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse

from simulator import tokens
from simulator.kernel import NotImitatedError, entry_of, simulator_of
from simulator.login import errors
from simulator.login.issuance import decide
from simulator.tenant import Tenant


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
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
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
    return JSONResponse({"keys": [tokens.public_key_document(tenant.signing_key, tenant.id)]})


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
    try:
        issued = decide(simulator, tenant, name, form)
    except errors.LoginError as error:
        return _refusal(request, error, tenant)
    except NotImitatedError as error:
        text = f"The local tenant does not imitate {error}."
        return JSONResponse({"error": "NotImitated", "error_description": text, "error_codes": [501]}, 501)
    entry_of(request.scope).notes.append(f"signed in by {issued.proof}")
    seconds = int(tokens.lifetime(tenant).total_seconds())
    access_token = tokens.issue(tenant, issued.principal, issued.resource, issued.audience, issued.authenticated)
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


def _refusal(request: Request, error: errors.LoginError, tenant: Tenant) -> JSONResponse:
    entry_of(request.scope).notes.append(f"AADSTS{error.number}")
    return JSONResponse(error.document(tenant.now(), request.headers.get("client-request-id")), error.status)
