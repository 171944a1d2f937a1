"""The routes of sign-in."""

from starlette.routing import Route

from simulator.login import handlers
from simulator.operation import Operation, routes

LEARN = "Microsoft identity platform"

OPERATIONS = [
    Operation(
        "GET",
        ("/metadata/endpoints",),
        handlers.metadata,
        "api-version 2022-09-01; the endpoints that azuread and azure-identity read",
        "Azure Resource Manager metadata document, as azuread reads it",
    ),
    Operation(
        "GET",
        ("/{tenant}/v2.0/.well-known/openid-configuration", "/{tenant}/.well-known/openid-configuration"),
        handlers.openid_configuration,
        "endpoints, issuer and key document",
        f"{LEARN}, OpenID Connect",
    ),
    Operation(
        "GET",
        ("/{tenant}/discovery/v2.0/keys", "/{tenant}/discovery/keys"),
        handlers.keys,
        "the one key with which tokens are signed",
        f"{LEARN}, access tokens",
    ),
    Operation(
        "POST",
        ("/{tenant}/oauth2/v2.0/token",),
        handlers.token,
        "client_credentials with a client secret: validity by the tenant's clock, roles and wids fixed at issue, 65 "
        "minutes; refusals AADSTS7000215, 7000222, 700016, 7000229, 90002, 500011, 70011, 70003, 900144, 7000218. "
        "Assertions and other grants: 501",
        f"{LEARN}, client credentials flow; error code reference",
    ),
]


def starlette_routes() -> list[Route]:
    """Return the routes; each ends in a fixed text, so that Graph's follow them safely."""
    return routes(OPERATIONS)


def refusals() -> list[Route]:
    """Return the last route of the host: what nobody imitates."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [Route("/{rest:path}", handlers.not_imitated, methods=everything)]
