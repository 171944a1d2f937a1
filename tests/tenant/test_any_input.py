"""Whatever is sent, the tenant refuses or obeys: it never breaks."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.exchange.table import CMDLETS
from simulator.graph.models import APPLICATION_DEFAULTS, SERVICE_PRINCIPAL_DEFAULTS
from tests.tenant.client import TenantClient

SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.sampled_from(["room-eiger", "Unlimited"])
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=4), v, max_size=2), max_leaves=5
)
PROPERTIES = sorted({*APPLICATION_DEFAULTS, *SERVICE_PRINCIPAL_DEFAULTS, "owners@odata.bind", "appId", "bogus"})
BODIES = st.dictionaries(st.sampled_from(PROPERTIES), VALUES, max_size=4)
OTHER_BODIES = st.dictionaries(
    st.sampled_from(["passwordCredential", "keyId", "@odata.id", "appRoleId", "principalId", "resourceId", "x"]),
    VALUES,
    max_size=3,
)
RESTRICTIONS = st.dictionaries(
    st.sampled_from(["restrictionType", "maxLifetime", "state", "restrictForAppsCreatedAfterDateTime"]),
    SCALARS | st.sampled_from(["passwordLifetime", "passwordAddition", "P1D", "P999999999999D", "PT", "enabled"]),
)
POLICIES = st.dictionaries(
    st.sampled_from(["isEnabled", "displayName", "description", "applicationRestrictions", "x"]),
    VALUES | st.fixed_dictionaries({"passwordCredentials": st.lists(RESTRICTIONS, max_size=2)}),
)
WORDS = [
    "displayName",
    "tags/any",
    "startswith",
    "eq",
    "ne",
    "in",
    "not",
    "and",
    "or",
    "(",
    ")",
    ",",
    ":",
    "t",
    "null",
    "'x'",
    "'",
    "notes",
    "é",
    "5",
]
GUID = "55555555-5555-5555-5555-555555555555"
FILTERS = st.lists(st.sampled_from([*WORDS, GUID, ""]), max_size=8).map(" ".join)
PARTS = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "method", "url", "headers", "body", "dependsOn"]),
        VALUES | st.sampled_from(["GET", "POST", "1", "2", "/applications", "users/x/events", "//x", "/a b?$c=é#d"]),
    )
    | st.fixed_dictionaries(
        {
            "id": st.sampled_from("abc"),
            "method": st.sampled_from(["GET", "POST"]),
            "url": st.text(min_size=1, max_size=9),
        },
        optional={"headers": st.just({"Content-Type": "application/json", "x": "é€"}), "body": VALUES},
    ),
    max_size=3,
)
PASSWORDS = st.dictionaries(st.sampled_from(["displayName", "endDateTime", "startDateTime"]), SCALARS, max_size=3)
CERTIFICATES = st.dictionaries(
    st.sampled_from(["key", "keyId", "type", "usage", "displayName", "endDateTime", "x"]),
    SCALARS | st.sampled_from(["AsymmetricX509Cert", "Verify", "AAAA"]),
    max_size=5,
)
TRUSTS = st.dictionaries(
    st.sampled_from(["name", "issuer", "subject", "audiences", "description", "x"]),
    VALUES | st.sampled_from(["https://issuer.example", "main"]),
    max_size=5,
)
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(body=BODIES, other=OTHER_BODIES, password=PASSWORDS, certificate=CERTIFICATES, trust=TRUSTS)
def test_graph(
    tenant: TenantClient,
    body: dict[str, Any],
    other: dict[str, Any],
    password: dict[str, Any],
    certificate: dict[str, Any],
    trust: dict[str, Any],
) -> None:
    made = tenant.make_application()
    application, principal = f"/applications/{made['id']}", f"/servicePrincipals/{made['servicePrincipalId']}"
    answers = [
        tenant.graph("POST", "/applications", {"displayName": "x", **body}),
        tenant.graph("PATCH", application, body),
        tenant.graph("PATCH", principal, body),
        tenant.graph("POST", "/servicePrincipals", body),
        tenant.graph("POST", f"{application}/addPassword", other),
        tenant.graph("POST", f"{application}/addPassword", {"passwordCredential": password}),
        tenant.graph("POST", f"{application}/removePassword", other),
        tenant.graph("PATCH", application, {"keyCredentials": [certificate]}),
        tenant.graph("POST", f"{application}/federatedIdentityCredentials", trust),
        tenant.graph("POST", f"{application}/owners/$ref", other),
        tenant.graph("POST", f"{principal}/appRoleAssignments", other),
        tenant.graph("GET", application),
        tenant.graph("GET", principal),
        tenant.graph("GET", "/applications?$select=id,notes"),
    ]
    assert [(a.request.method, a.request.url.path, a.text) for a in answers if a.status_code == 500] == []
    assert [a.status_code for a in answers[-3:]] == [200, 200, 200]


@QUIET
@given(policy=POLICIES, text=FILTERS, parts=PARTS, headers=st.sampled_from([{}, {"ConsistencyLevel": "eventual"}]))
def test_graphs_policies_filters_and_batches(
    tenant: TenantClient, policy: dict[str, Any], text: str, parts: list[Any], headers: dict[str, str]
) -> None:
    token = tenant.token_with("Policy.ReadWrite.ApplicationConfiguration", "Application.ReadWrite.All")
    query = {"$filter": text, "$count": "true"}
    answers = [
        tenant.graph("PATCH", "/policies/defaultAppManagementPolicy", policy, token),
        tenant.graph("POST", "/policies/appManagementPolicies", policy, token),
        tenant.graph("GET", "/applications", token=token, params=query, headers=headers),
        tenant.graph("POST", "/$batch", {"requests": parts}, token),
        tenant.graph("GET", "/policies/defaultAppManagementPolicy", token=token),
    ]
    assert [(a.request.method, a.request.url.path, a.text) for a in answers if a.status_code == 500] == []
    if answers[3].status_code == 200:
        assert 500 not in [each["status"] for each in answers[3].json()["responses"]]
    assert answers[-1].status_code == 200


@QUIET
@given(data=st.data())
def test_exchange(tenant: TenantClient, data: st.DataObject) -> None:
    cmdlet = data.draw(st.sampled_from(sorted(CMDLETS.values(), key=lambda c: c.name)))
    names = st.sampled_from([*cmdlet.parameters, "Bogus"])
    parameters = data.draw(st.dictionaries(names, VALUES, max_size=5))
    known = {"Identity": "crm-mailboxes", "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    for given_parameters in (parameters, {**{k: v for k, v in known.items() if k in cmdlet.parameters}, **parameters}):
        answer = tenant.cmdlet(cmdlet.name, given_parameters)
        assert answer.status_code != 500, (cmdlet.name, given_parameters)
    assert tenant.cmdlet("Get-Group", {"ResultSize": "Unlimited"}).status_code == 200
    assert tenant.cmdlet("Get-Recipient", {"ResultSize": "Unlimited"}).status_code == 200
    tenant.snapshot()
