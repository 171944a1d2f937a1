"""The real azuread provider and our client, side by side in the same environment: one identity, proved in the same way.

Who signed in, and by what, is what the simulated tenant's login host and the vendors saw.  The table covers each way to sign in,
what comes before what, and the mistakes that would make the provider act as somebody else: those we refuse.
"""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from microsoft365.connection import Connection
from microsoft365.errors import BadInput, Problem
from microsoft365.session import open_session
from simulator.server import SimulatorServer
from tests.provider import plugin
from tests.support.tenant import Tenant
from tests.support.vendors import CONNECTION_ID, Vendors, archive_of, azure_cli

pytestmark = pytest.mark.end_to_end

OIDC = {"ARM_USE_OIDC": "true"}


@dataclass
class Scene:
    """One tenant, everybody that a sign-in may ask, and an environment that holds nothing but the tenant."""

    tenant: Tenant
    vendors: Vendors
    folder: Path

    @property
    def stack(self) -> dict[str, str]:
        return {"tenantId": self.tenant.id, "metadataHost": f"127.0.0.1:{self.tenant.server.port}"}

    @property
    def nobody(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "SSL_CERT_FILE": str(self.tenant.server.certificate_file),
            "ARM_TENANT_ID": self.tenant.id,
        }

    @property
    def client(self) -> dict[str, str]:
        return {"ARM_CLIENT_ID": self.tenant.client_id}

    @property
    def secret(self) -> dict[str, str]:
        return {"ARM_CLIENT_SECRET": self.tenant.client_secret}

    def certificate(self, password: str = "") -> bytes:
        made = self.tenant.control(
            "POST", f"/tenants/{self.tenant.id}/certificates", {"clientId": self.tenant.client_id}
        )
        return archive_of(made["pem"], password or None)

    def in_file(self, content: str | bytes) -> str:
        file = self.folder / f"file-{len(list(self.folder.iterdir()))}"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(file)

    @property
    def az(self) -> dict[str, str]:
        return {"PATH": f"{azure_cli(self.folder / 'az', self.vendors)}:/usr/bin:/bin"}

    def seen(self) -> tuple[Any, ...]:
        """Who signed in by what since this was asked last, as everybody saw it; each once."""
        entries = self.tenant.control("GET", "/requests")["requests"]
        login = {
            (entry["callerAppId"], *entry.get("notes", [])) for entry in entries if entry["path"].endswith("/token")
        }
        asked = {(method, path, json.dumps(query, sort_keys=True)) for method, path, query in self.vendors.asked}
        log = self.folder / "az" / "az.json.log"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        by_command_line = any("get-access-token" in call for call in calls)
        self.tenant.control("DELETE", "/requests")
        self.vendors.asked.clear()
        log.unlink(missing_ok=True)
        return login, asked, by_command_line

    def provider(self, environment: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
        self.seen()
        return plugin.configure(environment, self.stack), self.seen()

    def ours(self, environment: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
        """Sign in for Microsoft Graph alone, as the provider does while it is configured."""
        connection = Connection(
            tenant_id=self.tenant.id,
            metadata_host=f"127.0.0.1:{self.tenant.server.port}",
            exchange_host=f"localhost:{self.tenant.server.port}",
        )
        self.seen()
        with mock.patch.dict(os.environ, environment, clear=True):
            try:
                session = open_session(connection, os.environ)
                session.sign_in.token(session.endpoints.graph)
            except BadInput as refused:
                return f"refused: {refused}", self.seen()
            except Problem as problem:
                return str(problem), self.seen()
        return "", self.seen()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("signing-in")
    with SimulatorServer(folder / "tenant") as server:
        tenant = Tenant.first(server)
        with Vendors(server.control_url, tenant.id, tenant.client_id) as vendors:
            (folder / "files").mkdir()
            yield Scene(tenant, vendors, folder / "files")


def _environments(scene: Scene) -> dict[str, dict[str, str]]:
    """Each way to sign in, and what counts before what, by name."""
    token = scene.vendors.pipeline_token
    archive = scene.in_file(scene.certificate("a password"))
    by_path = {"ARM_CLIENT_CERTIFICATE_PATH": archive, "ARM_CLIENT_CERTIFICATE_PASSWORD": "a password"}
    by_value = {"ARM_CLIENT_CERTIFICATE": base64.encodebytes(scene.certificate()).decode()}
    managed = {"ARM_USE_MSI": "T", "ARM_MSI_ENDPOINT": scene.vendors.metadata_service}
    github, devops, client = scene.vendors.github, scene.vendors.azure_devops, scene.client
    connection = {"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": CONNECTION_ID}
    return {
        "secret": {**client, **scene.secret},
        "secret and id in files": {
            "ARM_CLIENT_ID_FILE_PATH": scene.in_file(f" {scene.tenant.client_id}\n"),
            "ARM_CLIENT_SECRET_FILE_PATH": scene.in_file(f"{scene.tenant.client_secret}\n"),
        },
        "secret before federation": {**client, **scene.secret, **OIDC, **github, **managed},
        "certificate by path": {**client, **by_path},
        "certificate by value": {**client, **by_value},
        "certificate before secret": {**client, **by_path, **scene.secret, **OIDC, **github},
        "token": {**client, **OIDC, "ARM_OIDC_TOKEN": token()},
        "token in a file": {**client, **OIDC, "ARM_OIDC_TOKEN_FILE_PATH": scene.in_file(f"\n{token()}\n")},
        "token on kubernetes": {
            **client,
            "ARM_USE_AKS_WORKLOAD_IDENTITY": "1",
            "AZURE_TENANT_ID": scene.tenant.id,
            "ARM_OIDC_TOKEN_FILE_PATH": scene.in_file(token()),
        },
        "token before its request": {**client, **OIDC, "ARM_OIDC_TOKEN": token(), **github, **connection},
        "github": {**client, **OIDC, **github},
        "github before managed identity": {**client, **OIDC, **github, **managed},
        "azure devops": {**client, **OIDC, **devops, **connection},
        "azure devops before github": {
            **client,
            **OIDC,
            **devops,
            **connection,
            "ARM_OIDC_REQUEST_URL": devops["SYSTEM_OIDCREQUESTURI"],
            "ACTIONS_ID_TOKEN_REQUEST_URL": github["ACTIONS_ID_TOKEN_REQUEST_URL"],
        },
        "system-assigned identity": managed,
        "user-assigned identity": {**client, **managed},
        "managed identity before the command line": {**managed, **scene.az},
        "a token that does not count": {**managed, "ARM_OIDC_TOKEN": token(), "ARM_USE_OIDC": "false"},
        "command line": scene.az,
        "command line, asked for, beside github's variables": {**scene.az, **github, "ARM_USE_CLI": "TRUE"},
    }


def test_invariant_6_provider_and_client_are_one_identity_in_every_environment(scene: Scene) -> None:
    differ = {}
    for name, variables in _environments(scene).items():
        if plugin.is_official() and (
            "by value" in name or "in files" in name or "devops" in name or "kubernetes" in name
        ):
            continue  # Its own look at the credentials does not know these (docs/sign-in.md).
        environment = {**scene.nobody, **variables}
        theirs, ours = scene.provider(environment), scene.ours(environment)
        if theirs != ours or theirs[0] or theirs[1] == (set(), set(), False):
            differ[name] = (theirs, ours)
    assert differ == {}


def test_a_wrong_environment_is_refused_by_both_or_by_us_alone(scene: Scene) -> None:
    """Where the provider would go on as whoever az signed in, or die without a word, we say what is wrong."""
    client, az, github = scene.client, scene.az, scene.vendors.github
    nobody_saw: tuple[set[str], set[str], bool] = (set(), set(), False)
    as_whoever_az_signed_in = {
        "a secret without a client id": {**scene.secret, **az},
        "federation without a token": {**client, **OIDC, **az},
        "half a token request": {**client, **OIDC, **az, "ARM_OIDC_REQUEST_URL": "https://x/"},
        "kubernetes as its webhook leaves it": {
            **az,
            "ARM_USE_AKS_WORKLOAD_IDENTITY": "true",
            "AZURE_CLIENT_ID": scene.tenant.client_id,
            "AZURE_FEDERATED_TOKEN_FILE": scene.in_file(scene.vendors.pipeline_token()),
        },
    }
    for name, variables in as_whoever_az_signed_in.items():
        environment = {**scene.nobody, **variables}
        assert scene.provider(environment) == ("", (set(), set(), True)), name
        said, seen = scene.ours(environment)
        assert said.startswith("refused: "), name
        assert seen == nobody_saw
    both_fail = {
        "a switch that go does not know": {**client, **scene.secret, "ARM_USE_CLI": "yes"},
        "a file that is not there": {**client, **scene.secret, "ARM_OIDC_TOKEN_FILE_PATH": "/nowhere/token"},
        "two client ids": {**client, **scene.secret, "ARM_CLIENT_ID_FILE_PATH": scene.in_file("another")},
        "two secrets": {**client, **scene.secret, "ARM_CLIENT_SECRET_FILE_PATH": scene.in_file("another")},
        "two tokens": {
            **client,
            **OIDC,
            "ARM_OIDC_TOKEN": scene.vendors.pipeline_token(),
            "ARM_OIDC_TOKEN_FILE_PATH": scene.in_file(scene.vendors.pipeline_token()),
        },
        "a certificate that is not base64": {**client, **scene.secret, "ARM_CLIENT_CERTIFICATE": "/x/deployer.pfx"},
        "a wrong password": {
            **client,
            "ARM_CLIENT_CERTIFICATE_PATH": scene.in_file(scene.certificate("a password")),
            "ARM_CLIENT_CERTIFICATE_PASSWORD": "another",
        },
        "a certificate as pem": {
            **client,
            "ARM_CLIENT_CERTIFICATE_PATH": scene.in_file("-----BEGIN CERTIFICATE-----\n"),
        },
        "another tenant on kubernetes": {
            **client,
            "ARM_USE_AKS_WORKLOAD_IDENTITY": "true",
            "ARM_OIDC_TOKEN": scene.vendors.pipeline_token(),
            "AZURE_TENANT_ID": "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01",
        },
        "nothing, and no command line": {"ARM_USE_CLI": "false"},
        "nothing at all": {},
        "a token with a line break": {**client, **OIDC, "ARM_OIDC_TOKEN": scene.vendors.pipeline_token() + "\n"},
    }
    for name, variables in both_fail.items():
        environment = {**scene.nobody, **variables}
        theirs, _ = scene.provider(environment)
        assert theirs, f"{name}: the provider signs in"
        said, seen = scene.ours(environment)
        assert said.startswith("refused: "), f"{name}: {said}"
        assert seen == nobody_saw, name
    wrong_bearer = {**scene.nobody, **client, **OIDC, **github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}
    assert scene.provider(wrong_bearer)[0]
    assert "id-token: write" in scene.ours(wrong_bearer)[0]
