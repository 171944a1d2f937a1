"""CalendarsConsent: the grant of Calendars.ReadWrite, which the portal calls admin consent.

Owns the one app role assignment. Owns neither the order (its maker says what comes before it) nor what limits the grant to rooms
(`room_access.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azuread as azuread


@dataclass(frozen=True, kw_only=True)
class CalendarsConsentArgs:
    """What a grant needs."""

    service_principal: azuread.ServicePrincipal
    """Who gets it."""
    resource_object_id: pulumi.Input[str]
    """Object id of Microsoft Graph's service principal in this tenant."""
    role_id: pulumi.Input[str]
    """Id of the application permission."""
    after: Sequence[pulumi.Resource]
    """What must stand before the grant does, and stay until it is gone: restriction and its removal, both directly."""
    deleted_with: pulumi.Resource | None
    """The application, where its deletion ends the grant as well; None where the grant must really be deleted."""


class CalendarsConsent(pulumi.ComponentResource):
    """One app role assignment."""

    grant: azuread.AppRoleAssignment

    def __init__(self, name: str, args: CalendarsConsentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:CalendarsConsent", name, None, opts)
        self.grant = azuread.AppRoleAssignment(
            f"{name}-grant",
            app_role_id=args.role_id,
            principal_object_id=args.service_principal.object_id,
            resource_object_id=args.resource_object_id,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                deleted_with=args.deleted_with,
                # A second assignment of the same role is refused, so the old one has to go first.
                delete_before_replace=True,
            ),
        )
        self.register_outputs({"grantId": self.grant.id})
