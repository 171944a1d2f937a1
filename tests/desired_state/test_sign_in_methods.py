"""Every way to sign in, by the scripts, against the simulated tenant: what works, and what each refusal tells."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desired_state.tenant import Ended, Tenant
from tests.support.vendors import BEARER, CONNECTION_ID, Vendors, archive_of, azure_cli, token_of
from tests.tenant.signing import make_key

SOME_APPLICATION = "9b1f9cbb-6a51-4b0c-9c2a-5a7e0a4f3d11"
PASSWORD = "the-password-of-the-archive"
Variables = dict[str, str | None]
NO_SECRET: Variables = {
    "ARM_CLIENT_SECRET": None,
    "HTTP_PROXY": "http://127.0.0.1:1",
    "NO_PROXY": "localhost,127.0.0.1",
}


@pytest.fixture
def vendors(tenant: Tenant) -> Iterator[Vendors]:
    with Vendors(tenant.server.control_url, tenant.id, tenant.administrator["clientId"]) as running:
        yield running


@pytest.fixture
def pem(tenant: Tenant) -> str:
    """A certificate of the deployer, with its private key."""
    body = {"clientId": tenant.administrator["clientId"]}
    answer = tenant.control.post(f"/tenants/{tenant.id}/certificates", json=body).raise_for_status()
    return str(answer.json()["pem"])


def in_file(folder: Path, content: str | bytes) -> str:
    file = folder / "given"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


def by_secret_in_a_file(tenant: Tenant, _: Vendors, __: str, folder: Path) -> Variables:
    return {"ARM_CLIENT_SECRET_FILE_PATH": in_file(folder, f"{tenant.administrator['clientSecret']}\n")}


def by_certificate(_: Tenant, __: Vendors, pem: str, ___: Path) -> Variables:
    return {"ARM_CLIENT_CERTIFICATE": base64.encodebytes(archive_of(pem)).decode()}


def by_certificate_in_a_file(_: Tenant, __: Vendors, pem: str, folder: Path) -> Variables:
    return {
        "ARM_CLIENT_CERTIFICATE_PATH": in_file(folder, archive_of(pem, PASSWORD)),
        "ARM_CLIENT_CERTIFICATE_PASSWORD": PASSWORD,
    }


def by_token(_: Tenant, vendors: Vendors, __: str, ___: Path) -> Variables:
    return {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": vendors.pipeline_token()}


def by_token_in_a_file(_: Tenant, vendors: Vendors, __: str, folder: Path) -> Variables:
    return {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": in_file(folder, f"{vendors.pipeline_token()}\n")}


def on_kubernetes(tenant: Tenant, vendors: Vendors, __: str, folder: Path) -> Variables:
    file = in_file(folder, vendors.pipeline_token())
    webhook = {"AZURE_TENANT_ID": tenant.id, "AZURE_CLIENT_ID": "x", "AZURE_FEDERATED_TOKEN_FILE": file}
    return {**webhook, "ARM_USE_AKS_WORKLOAD_IDENTITY": "true", "ARM_OIDC_TOKEN_FILE_PATH": file}


def on_github(_: Tenant, vendors: Vendors, __: str, ___: Path) -> Variables:
    return {"ARM_USE_OIDC": "true", **vendors.github}


def on_azure_devops(_: Tenant, vendors: Vendors, __: str, ___: Path) -> Variables:
    connection = {"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": CONNECTION_ID}
    return {"ARM_USE_OIDC": "true", **connection, **vendors.azure_devops}


def by_managed_identity(_: Tenant, vendors: Vendors, __: str, ___: Path) -> Variables:
    # Nobody answers at the proxy; the service is on this very machine.
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": None}
    return {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": vendors.metadata_service, **proxy}


def by_system_assigned_identity(_: Tenant, vendors: Vendors, __: str, ___: Path) -> Variables:
    return {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": vendors.metadata_service, "ARM_CLIENT_ID": None}


def by_command_line(_: Tenant, vendors: Vendors, __: str, folder: Path) -> Variables:
    return {"PATH": f"{azure_cli(folder, vendors)}:/usr/bin:/bin", "ARM_CLIENT_ID": None}


def by_command_line_as_managed_identity(_: Tenant, vendors: Vendors, __: str, folder: Path) -> Variables:
    path = azure_cli(folder, vendors, name="systemAssignedIdentity")
    return {"PATH": f"{path}:/usr/bin:/bin", "ARM_CLIENT_ID": None}


WAYS = {
    "secret": by_secret_in_a_file,
    "certificate": [by_certificate, by_certificate_in_a_file],
    "federation": [by_token, by_token_in_a_file, on_kubernetes, on_github, on_azure_devops],
    None: [by_managed_identity, by_system_assigned_identity, by_command_line, by_command_line_as_managed_identity],
}
EVERY_WAY = [(way, proof) for proof, ways in WAYS.items() for way in (ways if isinstance(ways, list) else [ways])]


def run(tenant: Tenant, variables: Variables, **options: Any) -> Ended:
    document = tenant.desired()
    return tenant.run("observe", stdin=document, variables={**NO_SECRET, **variables}, **options)


def signed_in(tenant: Tenant) -> tuple[set[str], set[str]]:
    """Whom the tenant saw at Graph and Exchange, and what proved it at the login host."""
    entries = tenant.requests()
    callers = {entry["callerAppId"] for entry in entries if entry["api"] in {"graph", "exchange"}}
    proofs = {note for entry in entries if entry["path"].endswith("/token") for note in entry.get("notes", [])}
    return callers, proofs


@pytest.mark.parametrize(("way", "proof"), EVERY_WAY, ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_way_reaches_graph_and_exchange_as_the_deployer(
    tenant: Tenant, vendors: Vendors, pem: str, tmp_path: Path, way: Any, proof: str | None
) -> None:
    variables = way(tenant, vendors, pem, tmp_path)
    tenant.forget_requests()
    ended = run(tenant, variables)
    assert ended.code == 0, ended.err
    assert ended.document["exchange"]["restriction"] == "absent"
    assert ended.document["entra"]["applications"] == []
    # The tenant's own time, also where nobody asked its login host for a token.
    assert ended.document["observedAt"]
    callers, proofs = signed_in(tenant)
    assert callers == {tenant.administrator["clientId"]}
    assert proofs == (set() if proof is None else {f"signed in by {proof}"})
    if proof == "federation":
        # The token's answer had the time; nothing else is asked for it.
        assert not any(entry["path"].endswith("openid-configuration") for entry in tenant.requests())
    for secret in (*vendors.tokens, BEARER, PASSWORD):
        assert secret not in ended.out + ended.err


@pytest.mark.parametrize("way", [by_certificate_in_a_file, by_command_line])
def test_a_command_resources_script_signs_in_that_way_in_a_process_of_its_own(
    tenant: Tenant, vendors: Vendors, pem: str, tmp_path: Path, way: Any
) -> None:
    variables = {**NO_SECRET, **way(tenant, vendors, pem, tmp_path)}
    application = tenant.application(grant=True)
    path = f"/applications/{application['objectId']}/addPassword"
    key_id = tenant.graph("POST", path, {"passwordCredential": {"displayName": "x"}})["keyId"]
    secret = {"connection": tenant.connection, "applicationObjectId": application["objectId"], "keyId": key_id}
    ended = tenant.run("remove", script="client_secret", stdin=secret, variables=variables, process=True)
    assert ended.document == {"schemaVersion": 1, "keyId": key_id, "removed": True}


def test_a_pipelines_token_is_asked_for_each_of_ours_as_the_vendor_documents(tenant: Tenant, vendors: Vendors) -> None:
    assert run(tenant, {"ARM_USE_OIDC": "true", **vendors.github}).code == 0
    audience = {"audience": "api://AzureADTokenExchange"}
    assert vendors.asked == [("GET", "/github/idtoken", {"api-version": "2.0", **audience})] * 2
    vendors.asked.clear()
    connection: Variables = {"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": CONNECTION_ID}
    assert run(tenant, {"ARM_USE_OIDC": "true", **connection, **vendors.azure_devops}).code == 0
    query = {"api-version": "7.1", "serviceConnectionId": CONNECTION_ID, **audience}
    assert vendors.asked == [("POST", "/devops/oidctoken", query)] * 2


def test_a_token_file_is_read_again_for_each_token(tenant: Tenant, vendors: Vendors, tmp_path: Path) -> None:
    from microsoft365.connection import Connection
    from microsoft365.session import open_session

    file = in_file(tmp_path, vendors.pipeline_token())
    environment = {
        **{name: value for name, value in tenant.environment.items() if name != "ARM_CLIENT_SECRET"},
        "ARM_USE_OIDC": "true",
        "ARM_OIDC_TOKEN_FILE_PATH": file,
    }
    session = open_session(Connection.model_validate(tenant.connection), environment)
    first = session.sign_in.token(session.endpoints.graph)
    tenant.advance(hours=1)
    in_file(tmp_path, vendors.pipeline_token())
    assert session.sign_in.token(session.endpoints.graph, instead_of=first) != first
    assert session.sign_in.client_id == tenant.administrator["clientId"]


def test_the_tenants_time_is_asked_for_where_somebody_else_signs_in(tenant: Tenant, vendors: Vendors) -> None:
    tenant.advance(hours=24 * 400)
    by_login = run(tenant, {"ARM_CLIENT_SECRET": tenant.administrator["clientSecret"]}).document["observedAt"]
    by_identity = run(tenant, {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": vendors.metadata_service})
    assert by_identity.document["observedAt"][:13] == by_login[:13]


# -- refusals -----------------------------------------------------------------------------------------------------------


def refused(tenant: Tenant, code: int, variables: Variables) -> str:
    """What is told when a way fails; nothing may have been changed, or asked beyond the login host."""
    before = tenant.snapshot()
    tenant.forget_requests()
    ended = tenant.run("apply", stdin=tenant.desired(SOME_APPLICATION), variables={**NO_SECRET, **variables})
    assert ended.code == code, ended.err
    assert tenant.snapshot() == before
    assert {entry["api"] for entry in tenant.requests()} <= {"login"}
    last = ended.err.splitlines()[-1]
    assert last.startswith("error: "), ended.err
    return last


def test_invariant_6_what_this_machine_can_tell_is_told_before_anything_is_asked(
    tenant: Tenant, pem: str, tmp_path: Path
) -> None:
    archive = in_file(tmp_path, archive_of(pem, PASSWORD))
    wrong: Variables = {"ARM_CLIENT_CERTIFICATE_PATH": archive, "ARM_CLIENT_CERTIFICATE_PASSWORD": "not-it-at-all"}
    said = refused(tenant, 2, wrong)
    assert "ARM_CLIENT_CERTIFICATE_PASSWORD is wrong" in said
    assert "not-it-at-all" not in said
    assert tenant.requests() == []
    assert "ended on" in refused(tenant, 2, by_certificate(tenant, None, make_key(0).pem.decode(), tmp_path))  # type: ignore[arg-type]
    assert "is PEM" in refused(tenant, 2, {"ARM_CLIENT_CERTIFICATE_PATH": in_file(tmp_path, pem)})
    assert "there is no `az`" in refused(tenant, 2, {"PATH": str(tmp_path)})
    assert tenant.requests() == []


def test_a_certificate_that_is_not_registered_is_named_by_its_thumbprint(tenant: Tenant, tmp_path: Path) -> None:
    key = make_key()
    said = refused(tenant, 3, by_certificate(tenant, None, key.pem.decode(), tmp_path))  # type: ignore[arg-type]
    assert "AADSTS700027" in said
    assert key.hexadecimal in said
    assert "Certificates & secrets" in said


def test_a_federated_token_that_nobody_trusts_is_told_with_what_it_presented(tenant: Tenant, vendors: Vendors) -> None:
    vendors.subject = "repo:alpenblick/roomz:pull_request"
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", **vendors.github})
    assert "AADSTS700213" in said
    assert "Subject identifier 'repo:alpenblick/roomz:pull_request'" in said
    vendors.subject = None
    wrong = vendors.pipeline_token("https://github.example/alpenblick")
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": wrong})
    assert "AADSTS700212" in said
    assert "Audience 'https://github.example/alpenblick'" in said
    stranger = token_of(iss="https://elsewhere.example", sub="x", aud="api://AzureADTokenExchange")
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": stranger})
    assert "AADSTS700211" in said
    assert "Issuer 'https://elsewhere.example'" in said
    assert stranger not in said


def test_a_token_that_has_ended_says_whether_it_can_be_renewed(
    tenant: Tenant, vendors: Vendors, tmp_path: Path
) -> None:
    token = vendors.pipeline_token()
    file = in_file(tmp_path, token)
    tenant.advance(hours=1)
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": token})
    assert "AADSTS700024" in said
    assert "cannot be renewed" in said
    assert "ARM_OIDC_REQUEST_URL" in said
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": file})
    assert "whoever writes the file must keep it new" in said
    assert token not in said
    # One that is asked for is new each time.
    assert run(tenant, {"ARM_USE_OIDC": "true", **vendors.github}).code == 0


def test_a_pipeline_that_gives_no_token_is_told_what_the_job_lacks(tenant: Tenant, vendors: Vendors) -> None:
    wrong: Variables = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "some-other-bearer"}
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", **vendors.github, **wrong})
    assert "HTTP 401" in said
    assert "id-token: write" in said
    assert "some-other-bearer" not in said
    devops: Variables = {**vendors.azure_devops, "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "another"}
    assert "HTTP 404" in refused(tenant, 3, {"ARM_USE_OIDC": "true", **devops})
    devops |= {"SYSTEM_ACCESSTOKEN": "some-other-bearer"}
    said = refused(tenant, 3, {"ARM_USE_OIDC": "true", **devops})
    assert "HTTP 401" in said
    assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in said
    page: Variables = {"ARM_OIDC_REQUEST_URL": f"{tenant.server.control_url}/status", "ARM_OIDC_REQUEST_TOKEN": "x"}
    assert "the answer holds no token" in refused(tenant, 3, {"ARM_USE_OIDC": "true", **page})
    nobody: Variables = {"ARM_OIDC_REQUEST_URL": "http://127.0.0.1:1/x", "ARM_OIDC_REQUEST_TOKEN": "x"}
    assert "cannot reach 127.0.0.1:1" in refused(tenant, 5, {"ARM_USE_OIDC": "true", **nobody})


def test_a_managed_identity_that_is_not_there_is_told_with_where_to_assign_it(tenant: Tenant, vendors: Vendors) -> None:
    identity: Variables = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": vendors.metadata_service}
    said = refused(tenant, 3, {**identity, "ARM_CLIENT_ID": SOME_APPLICATION})
    assert "Identity not found" in said
    assert f"client id {SOME_APPLICATION} (ARM_CLIENT_ID)" in said
    nobody: Variables = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": "http://127.0.0.1:1/metadata/identity/oauth2/token"}
    said = refused(tenant, 3, nobody)
    assert "127.0.0.1:1 cannot be reached" in said
    assert "unset ARM_USE_MSI" in said
    assert "Container Apps" in refused(tenant, 3, {**nobody, "IDENTITY_ENDPOINT": "http://localhost:42356/msi/token"})
    elsewhere: Variables = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": f"{tenant.server.control_url}/status"}
    assert "without a token" in refused(tenant, 3, elsewhere)


def test_a_person_at_the_command_line_is_refused_with_what_to_use_instead(
    tenant: Tenant, vendors: Vendors, tmp_path: Path
) -> None:
    def az(folder: str, **changes: Any) -> Variables:
        return {"PATH": f"{azure_cli(tmp_path / folder, vendors, **changes)}:/usr/bin:/bin", "ARM_CLIENT_ID": None}

    said = refused(tenant, 3, az("person", name="vera@alpenblick.example", kind="user"))
    assert "signed in as the person vera@alpenblick.example" in said
    assert "docs/sign-in.md" in said
    persons = token_of(tid=tenant.id, upn="vera@alpenblick.example", scp="user_impersonation", appid="x", idtyp="user")
    said = refused(tenant, 3, az("disguised", token=persons))
    assert "handed out a token of vera@alpenblick.example" in said
    assert persons not in said
    other = "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"
    assert f"signed in to tenant {other}" in refused(tenant, 3, az("elsewhere", tenant_id=other))
    assert "nobody is signed in" in refused(tenant, 3, az("nobody", signed_in=False))
    expired = "AADSTS7000222: The provided client secret keys are expired. Trace ID: 1"
    said = refused(tenant, 3, az("expired", refusal=expired))
    assert "AADSTS7000222" in said
    assert "sign in again with: az login" in said


@pytest.mark.parametrize("way", [by_certificate, on_github, by_managed_identity])
def test_a_missing_role_is_told_whoever_is_signed_in(
    tenant: Tenant, vendors: Vendors, pem: str, tmp_path: Path, way: Any
) -> None:
    client = tenant.administrator["clientId"]
    tenant.control.put(f"/tenants/{tenant.id}/rights/{client}", json={"directoryRoles": []}).raise_for_status()
    ended = run(tenant, way(tenant, vendors, pem, tmp_path))
    assert ended.code == 3
    assert "Exchange Administrator" in ended.err
