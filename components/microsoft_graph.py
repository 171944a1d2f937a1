"""What the provider is asked before anything is declared: Microsoft Graph's permission names as ids, and who deploys.

Owns the names that this project may ask for. Declares no resource: Microsoft Graph's service principal belongs to the tenant,
and a program that declared it would delete it on the way down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_azuread as azuread

# The same in every tenant: "Verify first-party Microsoft applications in sign-in reports",
# https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
MICROSOFT_GRAPH_CLIENT_ID = "00000003-0000-0000-c000-000000000000"


class ApplicationPermission(StrEnum):
    """Application permissions (app roles) of Microsoft Graph, by the names that the portal shows."""

    CALENDARS_READ_WRITE = "Calendars.ReadWrite"


@dataclass(frozen=True)
class MicrosoftGraph:
    """Microsoft Graph's service principal in this tenant."""

    object_id: str
    role_ids: Mapping[str, str]

    def role_id(self, permission: ApplicationPermission) -> str:
        """The id of an application permission. Raises pulumi.RunError where the tenant's Microsoft Graph does not have it."""
        if permission.value not in self.role_ids:
            raise pulumi.RunError(
                f"Microsoft Graph in this tenant has no application permission {permission.value}, so nothing was changed. Its list "
                "stands at Entra ID > Enterprise applications > Microsoft Graph."
            )
        return self.role_ids[permission.value]


def look_up_microsoft_graph(parent: pulumi.Resource) -> MicrosoftGraph:
    """Ask the tenant once, at preview and update alike. Raises pulumi.RunError, in one line, where it does not say."""
    try:
        found = azuread.get_service_principal(
            client_id=MICROSOFT_GRAPH_CLIENT_ID, opts=pulumi.InvokeOptions(parent=parent)
        )
    except Exception as error:  # noqa: BLE001 -- an invoke that fails raises nothing narrower
        raise pulumi.RunError(
            "Microsoft Graph's service principal could not be read, so nothing was changed. Whoever deploys needs the application "
            f"permission Application.Read.All, with admin consent (docs/permissions.md). {one_line(error)}"
        ) from None
    return MicrosoftGraph(found.object_id, found.app_role_ids)


def look_up_caller(parent: pulumi.Resource) -> str:
    """The object id of whoever deploys. Raises pulumi.RunError, in one line, where the provider cannot sign in."""
    try:
        return azuread.get_client_config(pulumi.InvokeOptions(parent=parent)).object_id
    except Exception as error:  # noqa: BLE001 -- an invoke that fails raises nothing narrower
        raise pulumi.RunError(
            f"The azuread provider could not be used, so nothing was changed. {one_line(error)}"
        ) from None


def one_line(error: Exception) -> str:
    """What a provider's error says, without its traceback and line breaks."""
    return " ".join(str(error).split())[:600]
