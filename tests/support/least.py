"""An end-to-end tenant's application that deploys with exactly the documented rights; and the tables against what it asked.

Owns how the rights are given and how the log is read. Which rights those are say microsoft365/exchange/rights.py and
microsoft365/graph/rights.py.
"""

from collections.abc import Mapping
from typing import Any

from microsoft365.exchange import rights
from microsoft365.graph.rights import OPTIONAL, PROVIDER, SCRIPTS, permissions, template
from microsoft365.setups import Setup
from tests.support import role_group
from tests.support.tenant import Tenant

MANAGE_AS_APP = "Exchange.ManageAsApp"
# Rows that such a run does not come to: deletions that another one includes, and what tests/desired_state/test_rights.py sees.
ELSEWHERE = {
    ("DELETE", "/servicePrincipals/{id}"),
    ("DELETE", "/servicePrincipals/{id}/appRoleAssignedTo/{grant}"),
    ("GET", "/applications(appId='{id}')"),
    ("GET", "/applications/{id}/owners"),
    ("POST", "/applications/{id}/removePassword"),
}


def may(tenant: Tenant, *app_roles: str) -> None:
    """Give whoever deploys exactly these application permissions, and no directory role."""
    wanted: dict[str, Any] = {"appRoles": list(app_roles), "directoryRoles": []}
    tenant.control("PUT", f"/tenants/{tenant.id}/rights/{tenant.client_id}", wanted)


def join_role_group(tenant: Tenant, setup: Setup) -> None:
    """Put whoever deploys into the role group, as an Exchange administrator does."""
    found = tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{tenant.client_id}'&$select=id")
    principal = found.json()["value"][0]["id"]
    tenant.exchange("New-ServicePrincipal", AppId=tenant.client_id, ObjectId=principal, DisplayName="ROOMZ deployer")
    role_group.make(tenant.exchange, principal, rights.needed(setup), delegating=setup != "policy")


def have_what_is_documented(tenant: Tenant, setup: Setup) -> None:
    """Give the documented permissions, with the role group's rights."""
    may(tenant, *permissions(setup), MANAGE_AS_APP)


def assert_tables_hold_what_was_asked(tenant: Tenant, setup: Setup, begun: int) -> None:
    """Everything that was asked since `begun` stands in the tables and was allowed; and the tables hold nothing else."""
    asked = [
        entry
        for entry in tenant.requests(begun)
        if entry.get("callerAppId") == tenant.client_id and not _may_be_refused(entry, setup)
    ]
    assert [entry for entry in asked if entry["status"] in {401, 403}] == []
    graph = {(entry["method"], template(entry["path"])) for entry in asked if entry["api"] == "graph"}
    table = {(call.method, call.path) for call in (*PROVIDER, *SCRIPTS) if setup in call.setups}
    assert graph - table == set(), "calls that docs/permissions.md does not list"
    assert table - graph <= ELSEWHERE, "calls that docs/permissions.md lists and nobody makes"
    known = {right.cmdlet: {*right.parameters} for right in rights.needed(setup)}
    for entry in asked:
        if entry.get("cmdlet"):
            assert set(entry["parameters"] or {}) <= known[entry["cmdlet"]], entry["cmdlet"]


def _may_be_refused(entry: Mapping[str, Any], setup: Setup) -> bool:
    """Whether a call is one that is asked for where it is given, and whose refusal costs nothing but a better message."""
    if entry.get("cmdlet"):
        return setup == "policy" and entry["cmdlet"] == "Get-ServicePrincipal"
    return (entry["method"], template(entry["path"])) in {(call.method, call.path) for call in OPTIONAL}
