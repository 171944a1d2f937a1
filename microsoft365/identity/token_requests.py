"""Asking a pipeline for its job's token, as often as one is needed: GitHub Actions and Azure DevOps.

Owns the two requests, which are the azuread provider's own (hashicorp/go-azure-sdk v0.20250513.1112057,
sdk/auth/github_oidc_authorizer.go and ado_pipeline_oidc_authorizer.go): what the address names already is left as it is. Such
a token lives for minutes and is never kept. Sources of the answers: GitHub Docs, "OpenID Connect reference"; Azure DevOps REST
API, "Oidctoken - Create". Refuses to own what a token is worth.
"""

import httpx

from microsoft365.errors import NoAccess, Problem
from microsoft365.http import Http
from microsoft365.identity.claims import is_token
from microsoft365.identity.methods import RequestedToken

# Microsoft's recommended audience of tokens that are traded for those of Entra, in every cloud that the provider knows.
AUDIENCE = "api://AzureADTokenExchange"
_API_VERSION = "7.1"


def request_token(http: Http, method: RequestedToken) -> str:
    """Ask for a token. Raises NoAccess when it is refused, GaveUp when nobody answers; never shows the bearer."""
    url = address(method)
    verb = "GET" if method.service_connection_id is None else "POST"
    what = f"the pipeline's token ({method.url_name}, {url.host})"
    headers = {"Accept": "application/json", "Authorization": f"Bearer {method.bearer}"}
    if method.service_connection_id is not None:
        # Without it Azure DevOps answers a wrong bearer with a page to sign in at (azure-identity's AzurePipelinesCredential).
        headers["X-TFS-FedAuthRedirect"] = "Suppress"
    response = http.send(verb, str(url), headers=headers, what=what)
    if not response.is_success:
        raise _refused(method, what, response.status_code)
    token = _token_of(response, "value" if method.service_connection_id is None else "oidcToken")
    if not token:
        raise NoAccess(f"{what}: the answer holds no token; {_expected(method)}")
    return token


def address(method: RequestedToken) -> httpx.URL:
    """Return where the token is asked for, with what the provider adds to it."""
    url = httpx.URL(method.url)
    wanted = {"audience": AUDIENCE}
    if method.service_connection_id is not None:
        wanted |= {"api-version": _API_VERSION, "serviceConnectionId": method.service_connection_id}
    return url.copy_merge_params({name: value for name, value in wanted.items() if not url.params.get(name)})


def _token_of(response: httpx.Response, name: str) -> str:
    try:
        document = response.json()
    except ValueError:
        return ""
    token = document.get(name) if isinstance(document, dict) else None
    return token if isinstance(token, str) and is_token(token) else ""


def _refused(method: RequestedToken, what: str, status: int) -> Problem:
    return NoAccess(f"{what}: HTTP {status}, so there is no token to sign in with; {_expected(method)}")


def _expected(method: RequestedToken) -> str:
    if method.service_connection_id is None:
        return (
            "on GitHub Actions the job needs `permissions: id-token: write`, and its two variables count until the job ends; "
            "elsewhere ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN must answer as GitHub does"
        )
    return (
        "on Azure DevOps the step needs `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`, and the pipeline must be allowed to "
        f"use the service connection {method.service_connection_id}"
    )
