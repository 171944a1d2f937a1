"""The routes of sign-in."""

from starlette.routing import Route

from simulator.login import consent, handlers
from simulator.operation import Operation, routes

LEARN = "Microsoft identity platform"
CONSENT = "Microsoft Learn, Grant tenant-wide admin consent to an application; Troubleshoot consent issues in Microsoft Entra ID"

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
        "client_credentials for Graph and Exchange by a client secret (7000215, 7000222; a new one after its own lag), a "
        "certificate (RS256, RS384, RS512 or PS256, named by x5t, x5t#S256 or kid; 700021, 50048, 5002723, 700027, "
        "700023) or another issuer's token (RS256, federated identity credentials; 70021, 700211, 700212, 700213, "
        "7002138, 50166, 700027); both assertions 50027, 5002738, 700024; time is the tenant's; roles and wids fixed at "
        "issue, 65 minutes; appidacr 1 or 2; further refusals 90002, 700016, 7000229, 7000112, 53003, 500011, 500014, "
        "70011, 70003, 900144, 7000218. Other grants, SAML assertions, a secret beside an assertion: 501",
        f"{LEARN}, client credentials flow; certificate credentials; workload identity federation; error code reference",
    ),
    Operation(
        "GET",
        ("/{tenant}/adminconsent",),
        consent.show,
        "what the registration requests, by name, with the button that grants it; refusals 90002, 700016, 650052. Other "
        "parameters than client_id, delegated permissions, a missing service principal: 501",
        CONSENT,
    ),
    Operation(
        "POST",
        ("/{tenant}/adminconsent",),
        consent.accept,
        "the button: grants the app roles that are requested and not yet granted, takes none away, and ends with 500113 "
        "where there is no redirect URI (unverified). Nobody signs in: it stands for a Privileged Role Administrator",
        CONSENT,
    ),
]


def starlette_routes() -> list[Route]:
    """Return the routes; each ends in a fixed text, so that Graph's follow them safely."""
    return routes(OPERATIONS)


def refusals() -> list[Route]:
    """Return the last route of the host: what nobody imitates."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [Route("/{rest:path}", handlers.not_imitated, methods=everything)]
