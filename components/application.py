"""RoomzApplication: the app registration and its service principal (enterprise application).

Owns names, mark, owners, requested permission and protection of both. Owns no grant (`consent.py`), no secret (`secret.py`) and
no restriction (`room_access.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azuread as azuread

from components.microsoft_graph import MICROSOFT_GRAPH_CLIENT_ID


@dataclass(frozen=True, kw_only=True)
class RoomzApplicationArgs:
    """What an application needs."""

    display_name: str
    """Its name in Entra; a change renames it."""
    mark: str
    """`roomz:<project>/<stack>`, written into its notes: how a removal and the next run recognise it."""
    owner_ids: Sequence[str]
    """Object ids of its owners; the caller must be among them."""
    owners_are_exact: bool
    """False: the owners of the first `up`, and whoever was added by hand since, are left as they are."""
    requested_role_ids: Sequence[pulumi.Input[str]]
    """Ids of the Microsoft Graph application permissions that the registration requests; none requests nothing."""
    protect: bool
    """Pulumi's protection: `destroy` stops before application and service principal."""
    after: Sequence[pulumi.Resource]
    """What must stay until both are gone: the removal of the restriction."""


class RoomzApplication(pulumi.ComponentResource):
    """An app registration of this organization only, and its service principal."""

    application: azuread.Application
    service_principal: azuread.ServicePrincipal

    def __init__(self, name: str, args: RoomzApplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:RoomzApplication", name, None, opts)
        # Left out of the comparison, not out of the request: without owners the provider would remove the caller, and
        # with Application.ReadWrite.OwnedBy nobody could change the application afterwards.
        ignored = None if args.owners_are_exact else ["owners"]
        self.application = azuread.Application(
            f"{name}-application",
            display_name=args.display_name,
            notes=args.mark,
            owners=list(args.owner_ids),
            sign_in_audience="AzureADMyOrg",
            required_resource_accesses=[
                azuread.ApplicationRequiredResourceAccessArgs(
                    resource_app_id=MICROSOFT_GRAPH_CLIENT_ID,
                    resource_accesses=[
                        azuread.ApplicationRequiredResourceAccessResourceAccessArgs(id=role_id, type="Role")
                        for role_id in args.requested_role_ids
                    ],
                )
            ]
            if args.requested_role_ids
            else None,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, ignore_changes=ignored, depends_on=list(args.after)
            ),
        )
        self.service_principal = azuread.ServicePrincipal(
            f"{name}-service-principal",
            client_id=self.application.client_id,
            owners=list(args.owner_ids),
            notes=args.mark,
            # A create that was cut off after it took effect finds its own service principal and goes on from there.
            use_existing=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                ignore_changes=ignored,
                depends_on=list(args.after),
                deleted_with=None if args.protect else self.application,
            ),
        )
        self.register_outputs({"clientId": self.application.client_id})
