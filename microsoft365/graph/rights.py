"""What whoever deploys may do in Microsoft Graph: each call that is made, by whom, and the permission that suffices.

Owns the tables that docs/permissions.md is made of and that tests hold against what is really called: by our scripts, and by
the azuread provider for the resources that the program declares. Decides nothing and asks nobody.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from microsoft365.setups import EVERYWHERE, POLICY, Setup

READ = "Application.Read.All"
OWN = "Application.ReadWrite.OwnedBy"
ASSIGN = "AppRoleAssignment.ReadWrite.All"
PERMISSIONS: Mapping[str, str] = {
    OWN: "make and change the one application, of which it becomes owner, and its secrets",
    READ: "find Microsoft Graph's own service principal, applications with our mark, and deleted ones",
    ASSIGN: "make and take back the grant of Calendars.ReadWrite, with `policy` alone",
}

# Asked for where it is given; without it nothing is lost but a better error.
OPTIONAL_READ = "Policy.Read.All"

_PAGE = "https://learn.microsoft.com/graph/api/{}"


@dataclass(frozen=True, slots=True)
class GraphCall:
    """One call: method, path with its ids left out, permission, where it is made, and Microsoft's page."""

    method: str
    path: str
    permission: str
    setups: frozenset[Setup]
    what_for: str
    source: str

    @property
    def page(self) -> str:
        """Microsoft's page, which lists the permissions."""
        return _PAGE.format(self.source)


APPLICATION = "/applications/{id}"
PRINCIPAL = "/servicePrincipals/{id}"

SCRIPTS: tuple[GraphCall, ...] = (
    GraphCall("GET", "/applications", READ, EVERYWHERE, "applications with this stack's mark", "application-list"),
    GraphCall(
        "GET",
        "/applications(appId='{id}')",
        READ,
        EVERYWHERE,
        "one that the list does not show; before a removal",
        "application-get",
    ),
    GraphCall("GET", APPLICATION, READ, EVERYWHERE, "the same, and whether a secret is gone", "application-get"),
    GraphCall("GET", f"{APPLICATION}/owners", READ, EVERYWHERE, "owners", "application-list-owners"),
    GraphCall("GET", "/servicePrincipals", READ, EVERYWHERE, "by client id", "serviceprincipal-list"),
    GraphCall("GET", PRINCIPAL, READ, EVERYWHERE, "before a removal", "serviceprincipal-get"),
    GraphCall("GET", f"{PRINCIPAL}/owners", READ, EVERYWHERE, "owners", "serviceprincipal-list-owners"),
    GraphCall(
        "GET",
        f"{PRINCIPAL}/appRoleAssignments",
        READ,
        EVERYWHERE,
        "what was granted to it",
        "serviceprincipal-list-approleassignments",
    ),
    GraphCall(
        "GET",
        "/directory/deletedItems/microsoft.graph.application",
        READ,
        EVERYWHERE,
        "applications that could be restored",
        "directory-deleteditems-list",
    ),
    GraphCall(
        "POST", f"{APPLICATION}/removePassword", OWN, EVERYWHERE, "takes a secret away", "application-removepassword"
    ),
    GraphCall(
        "DELETE",
        f"{PRINCIPAL}/appRoleAssignedTo/{{grant}}",
        ASSIGN,
        POLICY,
        "takes the grant away",
        "serviceprincipal-delete-approleassignedto",
    ),
)

PROVIDER: tuple[GraphCall, ...] = (
    GraphCall(
        "GET",
        "/servicePrincipals",
        READ,
        EVERYWHERE,
        "Microsoft Graph's own, and the application's before it is made",
        "serviceprincipal-list",
    ),
    GraphCall("POST", "/applications", OWN, EVERYWHERE, "makes the application", "application-post-applications"),
    GraphCall("GET", APPLICATION, OWN, EVERYWHERE, "reads it back", "application-get"),
    GraphCall("PATCH", APPLICATION, OWN, EVERYWHERE, "changes it", "application-update"),
    GraphCall("DELETE", APPLICATION, OWN, EVERYWHERE, "deletes it", "application-delete"),
    GraphCall("GET", f"{APPLICATION}/owners", OWN, EVERYWHERE, "its owners", "application-list-owners"),
    GraphCall("POST", f"{APPLICATION}/addPassword", OWN, EVERYWHERE, "makes a secret", "application-addpassword"),
    GraphCall(
        "POST",
        "/servicePrincipals",
        OWN,
        EVERYWHERE,
        "makes the service principal",
        "serviceprincipal-post-serviceprincipals",
    ),
    GraphCall("GET", PRINCIPAL, READ, EVERYWHERE, "reads it back; Microsoft Graph's own", "serviceprincipal-get"),
    GraphCall("PATCH", PRINCIPAL, OWN, EVERYWHERE, "changes it", "serviceprincipal-update"),
    GraphCall("DELETE", PRINCIPAL, OWN, EVERYWHERE, "deletes it", "serviceprincipal-delete"),
    GraphCall("GET", f"{PRINCIPAL}/owners", OWN, EVERYWHERE, "its owners", "serviceprincipal-list-owners"),
    GraphCall(
        "POST",
        f"{PRINCIPAL}/appRoleAssignedTo",
        ASSIGN,
        POLICY,
        "makes the grant",
        "serviceprincipal-post-approleassignedto",
    ),
    GraphCall(
        "GET",
        f"{PRINCIPAL}/appRoleAssignedTo/{{grant}}",
        READ,
        POLICY,
        "reads it back",
        "serviceprincipal-list-approleassignedto",
    ),
)

VERIFICATION: tuple[GraphCall, ...] = (
    GraphCall(
        "GET", "/servicePrincipals", READ, EVERYWHERE, "the application's, by client id", "serviceprincipal-list"
    ),
    GraphCall(
        "GET",
        f"{PRINCIPAL}/appRoleAssignments",
        READ,
        EVERYWHERE,
        "what was granted to it",
        "serviceprincipal-list-approleassignments",
    ),
    GraphCall("GET", PRINCIPAL, READ, POLICY, "the names of permissions that were granted", "serviceprincipal-get"),
)
"""Calls of whoever verifies a connector, which changes nothing."""

OPTIONAL: tuple[GraphCall, ...] = (
    GraphCall(
        "GET",
        "/policies/defaultAppManagementPolicy",
        OPTIONAL_READ,
        EVERYWHERE,
        "how long a secret may live; may be refused",
        "tenantappmanagementpolicy-get",
    ),
    GraphCall(
        "GET",
        f"{APPLICATION}/appManagementPolicies",
        OPTIONAL_READ,
        EVERYWHERE,
        "the same of one application; may be refused",
        "application-list-appmanagementpolicies",
    ),
)
"""Calls that the scripts make, and that may be refused."""


def permissions(setup: Setup) -> tuple[str, ...]:
    """Return the application permissions that a deployer needs."""
    needed = {call.permission for call in (*SCRIPTS, *PROVIDER) if setup in call.setups}
    return tuple(permission for permission in PERMISSIONS if permission in needed)


def template(path: str) -> str:
    """Return a path as the tables write it: without the version, and without ids."""
    path = re.sub(r"^/(v1\.0|beta)", "", path)
    path = re.sub(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "{id}", path)
    return re.sub(r"(/appRoleAssignedTo/)[^/]+$", r"\1{grant}", path)


def missing(permission: str) -> str:
    """Say which permission is missing and where it is given."""
    return (
        f"the application that deploys lacks {permission}. Add it at Entra ID > App registrations > the application that deploys "
        "> API permissions > Microsoft Graph > Application permissions, and press *Grant admin consent* there "
        "(docs/permissions.md); it counts from the next token on, so run again after some minutes"
    )
