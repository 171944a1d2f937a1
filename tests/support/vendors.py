"""Whom a sign-in may ask besides Microsoft's login: GitHub Actions, Azure DevOps, an Azure resource, and the Azure CLI.

Written from the vendors' documents, and refusing what they refuse: GitHub Docs, "OpenID Connect reference"; Azure DevOps REST API
7.1, "Oidctoken - Create"; Microsoft Learn, "How to use managed identities for Azure resources on an Azure VM to acquire an
access token"; Azure CLI reference, `az account` and `az version`. What they hand out comes from the simulated tenant.
"""

import base64
import json
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

BEARER = "bearer-of-the-pipelines-job"
CONNECTION_ID = "6f2d1c55-8a0e-4a46-9a53-0c3c5a1d7e21"
AUDIENCE = "api://AzureADTokenExchange"


class Vendors:
    """All of them on one port of this machine. `asked` holds each request's method, path and query."""

    def __init__(self, control_url: str, tenant_id: str, client_id: str) -> None:
        self.control_url = control_url
        self.tenant_id = tenant_id
        self.client_id = client_id
        self.subject: str | None = None
        """The subject that a job's token carries; None for the workflow that the seeded deployer trusts."""
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.tokens: list[str] = []
        """Every token that was handed out."""
        vendors = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vendors.answer(self)

            def do_POST(self) -> None:
                vendors.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Vendors":
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and wait for it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def github(self) -> dict[str, str]:
        """What GitHub Actions sets in a job with `permissions: id-token: write`; its address has a query already."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/github/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        }

    @property
    def azure_devops(self) -> dict[str, str]:
        """What Azure DevOps sets in a step that maps System.AccessToken."""
        return {"SYSTEM_OIDCREQUESTURI": f"{self.url}/devops/oidctoken", "SYSTEM_ACCESSTOKEN": BEARER}

    @property
    def metadata_service(self) -> str:
        return f"{self.url}/metadata/identity/oauth2/token"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((request.command, parts.path, query))
        routes = {
            ("GET", "/github/idtoken"): self._github,
            ("POST", "/devops/oidctoken"): self._devops,
            ("GET", "/metadata/identity/oauth2/token"): self._metadata,
        }
        route = routes.get((request.command, parts.path))
        status, document = route(query, request.headers) if route else (404, {"message": "not found"})
        content = json.dumps(document).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        if status == 302:
            request.send_header("Location", f"{self.url}/_signin")
        request.end_headers()
        request.wfile.write(content)

    def _github(self, query: Mapping[str, str], headers: Any) -> tuple[int, Any]:
        if headers.get("Authorization") != f"Bearer {BEARER}":
            return 401, {"message": "Unauthorized"}
        token = self.pipeline_token(query.get("audience"))
        return 200, {"count": len(token), "value": token}

    def _devops(self, query: Mapping[str, str], headers: Any) -> tuple[int, Any]:
        if headers.get("Authorization") != f"Bearer {BEARER}":
            return (401, {}) if headers.get("X-TFS-FedAuthRedirect") == "Suppress" else (302, {})
        if not query.get("api-version", "").startswith("7.1"):
            return 400, {"message": "No api-version was supplied for the request."}
        if query.get("serviceConnectionId") != CONNECTION_ID:
            return 404, {"message": "The service connection does not exist."}
        return 200, {"oidcToken": self.pipeline_token(query.get("audience") or AUDIENCE)}

    def _metadata(self, query: Mapping[str, str], headers: Any) -> tuple[int, Any]:
        if headers.get("Metadata") != "true":
            return 400, {"error": "invalid_request", "error_description": "Required metadata header not specified"}
        if query.get("api-version") != "2018-02-01" or not query.get("resource"):
            return 400, {"error": "invalid_request", "error_description": "Required audience parameter not specified"}
        if query.get("client_id") not in (None, self.client_id):
            return 400, {"error": "invalid_request", "error_description": "Identity not found"}
        token = issued(self.control_url, self.tenant_id, self.client_id, query["resource"])
        self.tokens.append(token)
        answer = {
            "access_token": token,
            "client_id": self.client_id,
            "expires_in": "3599",
            "expires_on": str(int(time.time()) + 3599),
            "ext_expires_in": "86399",
            "not_before": str(int(time.time())),
            "resource": query["resource"],
            "token_type": "Bearer",
        }
        return 200, answer

    def pipeline_token(self, audience: str | None = AUDIENCE) -> str:
        """A job's token, as the pretend pipeline of the simulated tenant signs it."""
        wanted = {"audience": audience, "subject": self.subject}
        query = {name: value for name, value in wanted.items() if value}
        answer = httpx.get(
            f"{self.control_url}/pipeline/token", params=query, headers={"authorization": "Bearer any"}, trust_env=False
        )
        token = str(answer.raise_for_status().json()["value"])
        self.tokens.append(token)
        return token


def issued(control_url: str, tenant_id: str, client_id: str, resource: str) -> str:
    """A token of an application for one of the simulated tenant's services, without its credentials."""
    audience = "exchange" if urlsplit(resource).hostname == "localhost" else "graph"
    answer = httpx.post(
        f"{control_url}/tenants/{tenant_id}/tokens", json={"clientId": client_id, "audience": audience}, trust_env=False
    )
    document = answer.raise_for_status().json()
    return str(document.get("access_token") or document["accessToken"])


def token_of(**claims: Any) -> str:
    """Something of a token's form that claims this much; nobody signed it."""
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
    )


def archive_of(pem: str, password: str | None = None, *, legacy: bool = False) -> bytes:
    """A PKCS#12 archive of the key and certificate in a PEM text."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    certificate = x509.load_pem_x509_certificate(pem.encode())
    encryption: Any = serialization.NoEncryption()
    if password is not None:
        builder = serialization.PrivateFormat.PKCS12.encryption_builder()
        algorithm = pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC if legacy else pkcs12.PBES.PBESv2SHA256AndAES256CBC
        encryption = builder.key_cert_algorithm(algorithm).build(password.encode())
    return pkcs12.serialize_key_and_certificates(b"deployer", key, certificate, None, encryption)  # type: ignore[arg-type]


_AZ = """#!{python} -IS
import datetime, json, sys, time, urllib.request
known = json.load(open({file!r}))
arguments = sys.argv[1:]
with open({file!r} + ".log", "a") as log:
    print(json.dumps(arguments), file=log)
def ended(document):
    print(json.dumps(document))
    sys.exit(0)
def failed(text):
    print("ERROR: " + text, file=sys.stderr)
    sys.exit(1)
def option(name):
    return arguments[arguments.index(name) + 1] if name in arguments else None
if arguments[:1] == ["version"]:
    ended({{"azure-cli": "2.80.0", "azure-cli-core": "2.80.0", "azure-cli-telemetry": "1.1.0", "extensions": {{}}}})
account = known["account"]
if account is None:
    failed("Please run 'az login' to setup account.")
if arguments[:2] == ["account", "show"]:
    ended(account)
if arguments[:2] != ["account", "get-access-token"]:
    failed("'" + " ".join(arguments) + "' is misspelled or not recognized by the system.")
managed = account["user"]["name"] in ("systemAssignedIdentity", "userAssignedIdentity")
if managed and option("--tenant"):
    failed("Tenant shouldn't be specified for managed identity account")
if known["refusal"]:
    failed(known["refusal"])
if option("--tenant") not in (None, account["tenantId"]):
    failed("Could not retrieve credential from local cache for service principal under tenant " + option("--tenant"))
resource = option("--resource") or option("--scope").removesuffix("/.default")
token = known["token"]
if token is None:
    audience = "exchange" if "//localhost" in resource else "graph"
    body = json.dumps({{"clientId": known["clientId"], "audience": audience}}).encode()
    asked = urllib.request.Request(known["tokens"], body, {{"Content-Type": "application/json"}})
    answer = json.load(urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(asked))
    token = answer.get("access_token") or answer["accessToken"]
ends = time.time() + 3600
ended({{
    "accessToken": token,
    "expiresOn": datetime.datetime.fromtimestamp(ends).strftime("%Y-%m-%d %H:%M:%S.%f"),
    "expires_on": int(ends),
    "subscription": account["id"],
    "tenant": account["tenantId"],
    "tokenType": "Bearer",
}})
"""


def azure_cli(
    folder: Path,
    vendors: Vendors,
    *,
    name: str | None = None,
    kind: str = "servicePrincipal",
    tenant_id: str | None = None,
    token: str | None = None,
    refusal: str = "",
    signed_in: bool = True,
) -> Path:
    """Put an `az` into a folder and return it, for PATH: signed in as the deployer unless something else is said.

    What it is called with stands in `az.json.log` beside it, one JSON list a line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tenant = tenant_id or vendors.tenant_id
    account = {
        "environmentName": "AzureCloud",
        "homeTenantId": tenant,
        # As after `az login --allow-no-subscriptions`: the tenant stands in for a subscription.
        "id": tenant,
        "isDefault": True,
        "managedByTenants": [],
        "name": "N/A(tenant level account)",
        "state": "Enabled",
        "tenantId": tenant,
        "user": {"name": name or vendors.client_id, "type": kind},
    }
    known = {
        "account": account if signed_in else None,
        "clientId": vendors.client_id,
        "tokens": f"{vendors.control_url}/tenants/{vendors.tenant_id}/tokens",
        "token": token,
        "refusal": refusal,
    }
    (folder / "az.json").write_text(json.dumps(known))
    program = folder / "az"
    program.write_text(_AZ.format(python=sys.executable, file=str(folder / "az.json")))
    program.chmod(0o755)
    return folder
