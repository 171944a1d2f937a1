"""Microsoft's own libraries sign in, as pipelines use them: nothing here knows how an assertion looks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msal  # type: ignore[import-untyped]
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.tenant.client import TenantClient
from tests.tenant.signing import claims, make_key, pipeline_token


@pytest.fixture(autouse=True)
def _trust(tenant: TenantClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tenant.server.certificate_file))


def options(tenant: TenantClient) -> dict[str, Any]:
    """Return what every credential is told of the local tenant."""
    return {"authority": tenant.server.url, "disable_instance_discovery": True}


def by_secret(tenant: TenantClient, _folder: Path) -> Any:
    own = tenant.administrator
    return ClientSecretCredential(own["tenantId"], own["clientId"], own["clientSecret"], **options(tenant))


def certificate_file(tenant: TenantClient, folder: Path) -> Path:
    body = {"clientId": tenant.administrator["clientId"]}
    made = tenant.control("POST", f"/tenants/{tenant.tenant_id}/certificates", body)
    file = folder / "deployer.pem"
    file.write_text(made["pem"])
    return file


def by_certificate(tenant: TenantClient, folder: Path, **further: Any) -> Any:
    file = certificate_file(tenant, folder)
    own = tenant.administrator
    return CertificateCredential(own["tenantId"], own["clientId"], str(file), **options(tenant), **further)


def by_certificate_with_its_chain(tenant: TenantClient, folder: Path) -> Any:
    return by_certificate(tenant, folder, send_certificate_chain=True)


def by_pipeline(tenant: TenantClient, _folder: Path) -> Any:
    own = tenant.administrator
    return ClientAssertionCredential(
        own["tenantId"], own["clientId"], lambda: pipeline_token(tenant), **options(tenant)
    )


@pytest.mark.parametrize(
    ("make", "authenticated", "proof"),
    [
        (by_secret, "1", "secret"),
        (by_certificate, "2", "certificate"),
        (by_certificate_with_its_chain, "2", "certificate"),
        (by_pipeline, "2", "federation"),
    ],
)
def test_azure_identity(
    tenant: TenantClient,
    tmp_path: Path,
    make: Callable[[TenantClient, Path], Any],
    authenticated: str,
    proof: str,
) -> None:
    with make(tenant, tmp_path) as credential:
        graph = credential.get_token(f"{tenant.server.url}/.default").token
        exchange = credential.get_token(f"{tenant.server.exchange_url}/.default").token
    assert claims(graph)["appidacr"] == claims(exchange)["appidacr"] == authenticated
    assert tenant.graph("GET", "/applications", token=graph).status_code == 200
    assert tenant.cmdlet("Get-AcceptedDomain", token=exchange).status_code == 200
    entries = tenant.control("GET", "/requests")["requests"]
    signed_in = [entry["notes"] for entry in entries if entry["path"].endswith("/token") and entry["api"] == "login"]
    assert signed_in[-2:] == [[f"signed in by {proof}"]] * 2


def test_azure_identity_names_the_refusal(tenant: TenantClient) -> None:
    own = tenant.administrator
    stranger = CertificateCredential(
        own["tenantId"], own["clientId"], certificate_data=make_key().pem, **options(tenant)
    )
    other = ClientAssertionCredential(
        own["tenantId"], own["clientId"], lambda: pipeline_token(tenant, subject="repo:evil"), **options(tenant)
    )
    guess = ClientSecretCredential(own["tenantId"], own["clientId"], "wrong", **options(tenant))
    for credential, number in ((stranger, 700027), (other, 700213), (guess, 7000215)):
        with credential, pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}: "):
            credential.get_token(f"{tenant.server.url}/.default")


def test_msal_signs_with_pss_when_it_is_given_the_certificate(tenant: TenantClient, tmp_path: Path) -> None:
    pem = certificate_file(tenant, tmp_path).read_bytes()
    public = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.PEM).decode()
    application = msal.ConfidentialClientApplication(
        tenant.administrator["clientId"],
        client_credential={"private_key": pem.decode(), "public_certificate": public},
        authority=f"{tenant.server.url}/{tenant.tenant_id}",
        instance_discovery=False,
    )
    answer = application.acquire_token_for_client([f"{tenant.server.url}/.default"])
    assert claims(answer["access_token"])["appidacr"] == "2"
