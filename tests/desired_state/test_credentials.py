"""Which way to sign in the ARM_* variables mean: the provider's own order, and no other identity than the provider's."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from microsoft365.connection import Connection
from microsoft365.credentials import credentials
from microsoft365.errors import BadInput
from microsoft365.identity.methods import (
    METADATA_SERVICE,
    ClientCertificate,
    ClientSecret,
    CommandLine,
    FederatedToken,
    ManagedIdentity,
    Method,
    RequestedToken,
)
from tests.desired_state.builders import TENANT
from tests.support.vendors import token_of

CONNECTION = Connection(tenant_id=TENANT)
OTHER = "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"
SECRET = "a-secret-value-that-must-not-be-seen"
TOKEN = token_of(iss="https://issuer.example", sub="repo:x", aud="api://AzureADTokenExchange")
CERTIFICATE = base64.b64encode(b"an archive").decode()
ID = {"ARM_CLIENT_ID": "id"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example/x?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"}
DEVOPS = {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.example/x", "SYSTEM_ACCESSTOKEN": "bearer of devops"}
ARM_REQUEST = {"ARM_OIDC_REQUEST_URL": "https://arm.example/", "ARM_OIDC_REQUEST_TOKEN": "bearer of arm"}
OIDC = {"ARM_USE_OIDC": "true"}


def decided(*parts: dict[str, str]) -> Method:
    environment: dict[str, str] = {}
    for part in parts:
        environment |= part
    return credentials(CONNECTION, environment)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        # One way alone.
        ([ID, {"ARM_CLIENT_SECRET": SECRET}], ClientSecret("id", SECRET)),
        (
            [ID, {"ARM_CLIENT_CERTIFICATE": CERTIFICATE}],
            ClientCertificate("id", b"an archive", "", "ARM_CLIENT_CERTIFICATE"),
        ),
        ([ID, OIDC, {"ARM_OIDC_TOKEN": TOKEN}], FederatedToken("id", TOKEN)),
        ([ID, {"ARM_USE_AKS_WORKLOAD_IDENTITY": "1", "ARM_OIDC_TOKEN": TOKEN}], FederatedToken("id", TOKEN)),
        (
            [ID, OIDC, GITHUB],
            RequestedToken(
                "id",
                "https://github.example/x?a=b",
                "bearer",
                None,
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            ),
        ),
        (
            [ID, OIDC, DEVOPS, {"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "c"}],
            RequestedToken(
                "id",
                "https://dev.azure.example/x",
                "bearer of devops",
                "c",
                "SYSTEM_OIDCREQUESTURI",
                "SYSTEM_ACCESSTOKEN",
            ),
        ),
        ([{"ARM_USE_MSI": "true"}], ManagedIdentity(None, METADATA_SERVICE)),
        ([ID, {"ARM_USE_MSI": "t"}], ManagedIdentity("id", METADATA_SERVICE)),
        ([{"ARM_USE_MSI": "1", "ARM_MSI_ENDPOINT": "http://x/y"}], ManagedIdentity(None, "http://x/y")),
        ([], CommandLine()),
        ([{"ARM_USE_CLI": "true"}], CommandLine()),
        # What counts before what.
        (
            [ID, {"ARM_CLIENT_CERTIFICATE": CERTIFICATE, "ARM_CLIENT_SECRET": SECRET}, OIDC, GITHUB],
            ClientCertificate("id", b"an archive", "", "ARM_CLIENT_CERTIFICATE"),
        ),
        ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_USE_MSI": "true"}, OIDC, GITHUB], ClientSecret("id", SECRET)),
        ([ID, {"ARM_CLIENT_SECRET": SECRET}, OIDC], ClientSecret("id", SECRET)),
        ([ID, OIDC, {"ARM_OIDC_TOKEN": TOKEN}, GITHUB, {"ARM_USE_MSI": "true"}], FederatedToken("id", TOKEN)),
        (
            [ID, OIDC, ARM_REQUEST, {"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "c", "ARM_USE_MSI": "true"}],
            RequestedToken("id", "https://arm.example/", "bearer of arm", "c"),
        ),
        ([{"ARM_USE_MSI": "true", "ARM_USE_CLI": "true"}], ManagedIdentity(None, METADATA_SERVICE)),
        # Aliases, one by one: an address of GitHub's with a bearer of ours is what the provider takes, too.
        ([ID, OIDC, GITHUB, ARM_REQUEST], RequestedToken("id", "https://arm.example/", "bearer of arm")),
        (
            [ID, OIDC, GITHUB, {"ARM_OIDC_REQUEST_TOKEN": "mine"}],
            RequestedToken(
                "id",
                "https://github.example/x?a=b",
                "mine",
                None,
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "ARM_OIDC_REQUEST_TOKEN",
            ),
        ),
        (
            [
                {**ID, **OIDC, **ARM_REQUEST},
                {"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "a", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "b"},
            ],
            RequestedToken("id", "https://arm.example/", "bearer of arm", "a"),
        ),
        # What is passed over: a token without ARM_USE_OIDC, an empty variable, blanks around a value.
        (
            [ID, {"ARM_OIDC_TOKEN": TOKEN, "ARM_OIDC_REQUEST_URL": "https://x/"}],
            CommandLine("id", ("ARM_OIDC_TOKEN", "ARM_OIDC_REQUEST_URL")),
        ),
        ([ID, GITHUB], CommandLine("id", ("ACTIONS_ID_TOKEN_REQUEST_URL",))),
        ([{"AZURE_FEDERATED_TOKEN_FILE": "/x"}], CommandLine(None, ("AZURE_FEDERATED_TOKEN_FILE",))),
        ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_USE_OIDC": "", "ARM_USE_CLI": ""}], ClientSecret("id", SECRET)),
        ([{"ARM_CLIENT_ID": " id\n", "ARM_CLIENT_SECRET": f" {SECRET}\n"}], ClientSecret("id", SECRET)),
        ([ID, {"ARM_CLIENT_SECRET": " ", "ARM_CLIENT_CERTIFICATE_PATH": " "}], CommandLine("id")),
        ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_TENANT_ID": f" {TENANT.upper()} "}], ClientSecret("id", SECRET)),
        ([ID, {"ARM_CLIENT_SECRET": SECRET, "AZURE_TENANT_ID": OTHER}], ClientSecret("id", SECRET)),
        # Go leaves out the line breaks that `base64` prints.
        (
            [ID, {"ARM_CLIENT_CERTIFICATE": f"{CERTIFICATE[:5]}\r\n{CERTIFICATE[5:]}\n"}],
            ClientCertificate("id", b"an archive", "", "ARM_CLIENT_CERTIFICATE"),
        ),
    ],
)
def test_the_way_that_the_provider_takes_is_taken(parts: list[dict[str, str]], wanted: Method) -> None:
    assert decided(*parts) == wanted


@pytest.mark.parametrize("value", ["1", "t", "T", "TRUE", "true", "True"])
def test_a_switch_is_on_as_go_reads_it(value: str) -> None:
    assert isinstance(decided({"ARM_USE_MSI": value}), ManagedIdentity)


@pytest.mark.parametrize("value", ["0", "f", "F", "FALSE", "false", "False", ""])
def test_a_switch_is_off_as_go_reads_it(value: str) -> None:
    assert isinstance(decided({"ARM_USE_MSI": value}), CommandLine)


def test_what_stands_in_a_file_counts_like_a_value(tmp_path: Path) -> None:
    for name, text in {"id": "id\n", "secret": f"{SECRET}\n", "token": f"\n{TOKEN}\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pfx").write_bytes(b"an archive")
    in_files = {"ARM_CLIENT_ID_FILE_PATH": str(tmp_path / "id")}
    secret = {"ARM_CLIENT_SECRET_FILE_PATH": str(tmp_path / "secret")}
    assert decided(in_files, secret) == ClientSecret("id", SECRET)
    assert decided(in_files, secret, {"ARM_CLIENT_SECRET": SECRET}, ID) == ClientSecret("id", SECRET)
    token = {"ARM_OIDC_TOKEN_FILE_PATH": str(tmp_path / "token")}
    assert decided(in_files, OIDC, token) == FederatedToken("id", TOKEN, str(tmp_path / "token"))
    assert decided(in_files, OIDC, token, {"ARM_OIDC_TOKEN": TOKEN}) == FederatedToken(
        "id", TOKEN, str(tmp_path / "token")
    )
    archive = {"ARM_CLIENT_CERTIFICATE_PATH": str(tmp_path / "pfx"), "ARM_CLIENT_CERTIFICATE_PASSWORD": " as it is "}
    assert decided(ID, archive) == ClientCertificate(
        "id", b"an archive", " as it is ", f"{tmp_path / 'pfx'} (ARM_CLIENT_CERTIFICATE_PATH)"
    )
    # The value counts before the file, as in the provider.
    both = decided(ID, archive, {"ARM_CLIENT_CERTIFICATE": base64.b64encode(b"another").decode()})
    assert both == ClientCertificate("id", b"another", " as it is ", "ARM_CLIENT_CERTIFICATE")


REFUSED: list[tuple[list[dict[str, str]], str]] = [
    # Half of a way: the provider passes it over, and signs in as whoever comes next.
    ([{"ARM_CLIENT_SECRET": SECRET}], "ARM_CLIENT_ID not set, while ARM_CLIENT_SECRET is"),
    ([{"ARM_CLIENT_CERTIFICATE": CERTIFICATE}], "ARM_CLIENT_ID not set, while ARM_CLIENT_CERTIFICATE is"),
    ([OIDC, {"ARM_OIDC_TOKEN": TOKEN}], "ARM_CLIENT_ID not set, while ARM_USE_OIDC is"),
    ([OIDC, GITHUB], "ARM_CLIENT_ID not set, while ARM_USE_OIDC is"),
    ([ID, OIDC], "id-token: write"),
    ([ID, OIDC, {"ARM_USE_MSI": "true"}], "ARM_USE_OIDC is on, and there is no token"),
    ([ID, {"ARM_USE_AKS_WORKLOAD_IDENTITY": "true"}], "ARM_OIDC_TOKEN_FILE_PATH=.AZURE_FEDERATED_TOKEN_FILE"),
    ([ID, OIDC, {"AZURE_FEDERATED_TOKEN_FILE": "/x"}], "ARM_OIDC_TOKEN_FILE_PATH=.AZURE_FEDERATED_TOKEN_FILE"),
    ([ID, OIDC, {"ARM_OIDC_REQUEST_URL": "https://x/"}], "ARM_OIDC_REQUEST_TOKEN not set"),
    ([ID, OIDC, {"ARM_OIDC_REQUEST_TOKEN": "x"}], "ARM_OIDC_REQUEST_URL not set"),
    ([ID, OIDC, {"SYSTEM_OIDCREQUESTURI": "https://x/"}], r"SYSTEM_ACCESSTOKEN: \$\(System.AccessToken\)"),
    (
        [ID, OIDC, {"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "c"}],
        "ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN not set",
    ),
    ([ID, OIDC, DEVOPS], "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID not set"),
    # Nothing at all, and the last way is closed.
    ([{"ARM_USE_CLI": "false"}], "ARM_CLIENT_ID and ARM_CLIENT_SECRET not set.*ARM_USE_CLI is false"),
    ([ID, {"ARM_USE_CLI": "0"}], "not signed in: ARM_CLIENT_SECRET not set"),
    ([{"ARM_USE_CLI": "0", "ARM_OIDC_TOKEN": TOKEN}], "ARM_OIDC_TOKEN is set.*ARM_USE_OIDC=true"),
    # Values that the provider fails on, whatever else is set.
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_USE_CLI": "yes"}], "ARM_USE_CLI is 'yes'"),
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_USE_OIDC": " true"}], "ARM_USE_OIDC is ' true'"),
    ([{"ARM_USE_MSI": "on"}], "ARM_USE_MSI is 'on'"),
    ([{"ARM_USE_AKS_WORKLOAD_IDENTITY": "tRUE"}], "ARM_USE_AKS_WORKLOAD_IDENTITY is 'tRUE'"),
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_CLIENT_CERTIFICATE": "/x/deployer.pfx!"}], "CERTIFICATE is not base64"),
    ([ID, {"ARM_CLIENT_CERTIFICATE": CERTIFICATE.rstrip("=")}], "ARM_CLIENT_CERTIFICATE is not base64"),
    ([ID, {"ARM_CLIENT_CERTIFICATE": f"{CERTIFICATE[:4]}!{CERTIFICATE[4:]}"}], "ARM_CLIENT_CERTIFICATE is not base64"),
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_OIDC_TOKEN_FILE_PATH": "/nowhere/x"}], "ARM_OIDC_TOKEN_FILE_PATH names"),
    (
        [ID, {"ARM_CLIENT_SECRET_FILE_PATH": "/x", "ARM_CLIENT_SECRET": SECRET}],
        "CLIENT_SECRET_FILE_PATH names.*cannot be",
    ),
    (
        [{"ARM_CLIENT_ID_FILE_PATH": "/dev", "ARM_CLIENT_SECRET": SECRET}],
        "ARM_CLIENT_ID_FILE_PATH names /dev.*directory",
    ),
    ([ID, {"ARM_CLIENT_CERTIFICATE_PATH": "/dev/nowhere.pfx"}], "ARM_CLIENT_CERTIFICATE_PATH names /dev/nowhere.pfx"),
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_CLIENT_SECRET_FILE_PATH": "/dev/null"}], "hold different values"),
    ([ID, {"ARM_CLIENT_ID_FILE_PATH": "/dev/null", "ARM_CLIENT_SECRET": SECRET}], "hold different values"),
    ([ID, OIDC, {"ARM_OIDC_TOKEN": TOKEN, "ARM_OIDC_TOKEN_FILE_PATH": "/dev/null"}], "hold different values"),
    ([ID, OIDC, {"ARM_OIDC_TOKEN": "/var/run/token"}], "ARM_OIDC_TOKEN holds no JSON Web Token"),
    ([ID, OIDC, {"ARM_OIDC_TOKEN": f"{TOKEN}\n"}], "begins or ends with blanks"),
    (
        [ID, OIDC, {"ARM_OIDC_REQUEST_URL": "github.example", "ARM_OIDC_REQUEST_TOKEN": "x"}],
        "OIDC_REQUEST_URL is no address",
    ),
    ([{"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": "169.254.169.254"}], "ARM_MSI_ENDPOINT is no address"),
    # Another tenant.
    ([ID, {"ARM_CLIENT_SECRET": SECRET, "ARM_TENANT_ID": OTHER}], f"ARM_TENANT_ID is {OTHER}"),
    ([{"ARM_USE_MSI": "true", "ARM_TENANT_ID": OTHER}], f"ARM_TENANT_ID is {OTHER}"),
    (
        [ID, {"ARM_USE_AKS_WORKLOAD_IDENTITY": "true", "ARM_OIDC_TOKEN": TOKEN, "AZURE_TENANT_ID": OTHER}],
        f"AZURE_TENANT_ID is {OTHER}",
    ),
]


@pytest.mark.parametrize(("parts", "said"), REFUSED)
def test_invariant_6_variables_that_do_not_fit_are_named(parts: list[dict[str, str]], said: str) -> None:
    with pytest.raises(BadInput, match=f"(?s){said}") as raised:
        decided(*parts)
    assert SECRET not in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_invariant_4_a_secret_that_stands_where_its_path_belongs_is_not_told() -> None:
    for name in ("ARM_CLIENT_SECRET_FILE_PATH", "ARM_OIDC_TOKEN_FILE_PATH", "ARM_CLIENT_ID_FILE_PATH"):
        for value in (SECRET, TOKEN, f"a/{SECRET}"):
            with pytest.raises(BadInput, match=name) as raised:
                decided(ID, {name: value})
            assert value not in str(raised.value)
            assert SECRET not in str(raised.value)


def test_invariant_4_no_way_to_sign_in_shows_its_secrets() -> None:
    ways: list[Method] = [
        ClientSecret("id", SECRET),
        ClientCertificate("id", SECRET.encode(), SECRET, "x"),
        FederatedToken("id", SECRET),
        RequestedToken("id", "https://x/", SECRET),
    ]
    for way in ways:
        assert SECRET not in repr(way)
        assert way.secrets == (SECRET,)


# -- any combination ----------------------------------------------------------------------------------------------------

_CHOICES = {
    "ARM_CLIENT_ID": ["", "id"],
    "ARM_CLIENT_CERTIFICATE": ["", CERTIFICATE],
    "ARM_CLIENT_SECRET": ["", SECRET],
    "ARM_OIDC_TOKEN": ["", TOKEN],
    "ARM_OIDC_REQUEST_URL": ["", "https://arm.example/"],
    "ARM_OIDC_REQUEST_TOKEN": ["", "bearer of arm"],
    "ACTIONS_ID_TOKEN_REQUEST_URL": ["", "https://github.example/"],
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ["", "bearer"],
    "SYSTEM_OIDCREQUESTURI": ["", "https://dev.azure.example/"],
    "SYSTEM_ACCESSTOKEN": ["", "bearer of devops"],
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": ["", "c"],
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": ["", "d"],
    "ARM_USE_OIDC": ["", "true", "false"],
    "ARM_USE_AKS_WORKLOAD_IDENTITY": ["", "1", "0"],
    "ARM_USE_MSI": ["", "T", "F"],
    "ARM_USE_CLI": ["", "True", "False"],
}


def by_the_provider(of: dict[str, str]) -> str:
    """What hashicorp/go-azure-sdk's NewAuthorizerFromCredentials takes, written after its text, condition by condition."""
    enabled = of["ARM_USE_OIDC"] == "true" or of["ARM_USE_AKS_WORKLOAD_IDENTITY"] == "1"
    url = of["ARM_OIDC_REQUEST_URL"] or of["ACTIONS_ID_TOKEN_REQUEST_URL"] or of["SYSTEM_OIDCREQUESTURI"]
    bearer = of["ARM_OIDC_REQUEST_TOKEN"] or of["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] or of["SYSTEM_ACCESSTOKEN"]
    connection = of["ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"] or of["ARM_OIDC_AZURE_SERVICE_CONNECTION_ID"]
    if of["ARM_CLIENT_ID"] and of["ARM_CLIENT_CERTIFICATE"]:
        return "certificate"
    if of["ARM_CLIENT_ID"] and of["ARM_CLIENT_SECRET"]:
        return "secret"
    if enabled and of["ARM_CLIENT_ID"] and of["ARM_OIDC_TOKEN"]:
        return "token"
    if enabled and of["ARM_CLIENT_ID"] and url and bearer and connection:
        return f"devops {url} {bearer} {connection}"
    if enabled and of["ARM_CLIENT_ID"] and url and bearer:
        return f"github {url} {bearer}"
    if of["ARM_USE_MSI"] == "T":
        return "managed identity"
    return "command line" if of["ARM_USE_CLI"] != "False" else "nobody"


def by_us(of: dict[str, str]) -> str:
    """The same of ours, or the refusal."""
    try:
        method = credentials(CONNECTION, of)
    except BadInput as refused:
        return f"refused: {refused}"
    match method:
        case ClientCertificate():
            return "certificate"
        case ClientSecret():
            return "secret"
        case FederatedToken():
            return "token"
        case RequestedToken(url=url, bearer=bearer, service_connection_id=None):
            return f"github {url} {bearer}"
        case RequestedToken(url=url, bearer=bearer, service_connection_id=connection):
            return f"devops {url} {bearer} {connection}"
        case ManagedIdentity():
            return "managed identity"
        case CommandLine():
            return "command line"


@given(some.fixed_dictionaries({name: some.sampled_from(values) for name, values in _CHOICES.items()}))
@settings(max_examples=300, deadline=None)
def test_invariant_6_no_combination_signs_in_as_somebody_else_than_the_provider(of: dict[str, str]) -> None:
    ours, providers = by_us(of), by_the_provider(of)
    if providers.split()[0] in {"certificate", "secret", "token", "devops"}:
        # What is complete is never refused.
        assert ours == providers
    elif ours.startswith("refused: "):
        assert not any(value in ours for value in (SECRET, TOKEN, CERTIFICATE, "bearer"))
    else:
        assert ours == providers != "nobody"
