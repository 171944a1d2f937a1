"""CalendarsConsent: the grant of Calendars.ReadWrite, which the portal calls admin consent.

Owns the one app role assignment and how it is taken away. Owns neither the order (its maker says what comes before it) nor what
limits the grant to rooms (`room_access.py`).

A grant is taken away by a command of ours and not by the provider, as a secret is (`secret.py`): the provider fails when the grant
is gone already, and every later run would fail with it. And one that the tenant has and the state does not is taken back by its
id, since the provider cannot make it a second time: "Permission being assigned already exists on the object".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azuread as azuread
import pulumi_command as command

from components.launcher import command_line
from microsoft365.connection import Connection


@dataclass(frozen=True, kw_only=True)
class ExistingGrant:
    """A grant that the tenant has already, and that is known to be this stack's."""

    id: str
    """Id of the app role assignment."""
    principal_object_id: str
    """Object id of the service principal that holds it."""


@dataclass(frozen=True, kw_only=True)
class CalendarsConsentArgs:
    """What a grant needs."""

    service_principal: azuread.ServicePrincipal
    """Who gets it."""
    resource_object_id: str
    """Object id of Microsoft Graph's service principal in this tenant."""
    role_id: str
    """Id of the application permission."""
    existing: ExistingGrant | None
    """What the tenant has already; the engine takes it over where its state lacks it."""
    connection: Connection
    """The tenant, for the command that removes it."""
    after: Sequence[pulumi.Resource]
    """What must stand before the grant does, and stay until it is gone: restriction and its removal, both directly."""
    deleted_with: pulumi.Resource | None
    """The application, where its deletion ends the grant as well; None where the grant must really be deleted."""


class CalendarsConsent(pulumi.ComponentResource):
    """One app role assignment and the command that removes it."""

    grant: azuread.AppRoleAssignment
    removal: command.local.Command

    def __init__(self, name: str, args: CalendarsConsentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:CalendarsConsent", name, None, opts)
        existing = args.existing
        self.grant = azuread.AppRoleAssignment(
            f"{name}-grant",
            app_role_id=args.role_id,
            principal_object_id=existing.principal_object_id if existing else args.service_principal.object_id,
            resource_object_id=args.resource_object_id,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[args.service_principal, *args.after],
                import_=f"/servicePrincipals/{args.resource_object_id}/appRoleAssignedTo/{existing.id}"
                if existing
                else None,
                retain_on_delete=True,
                deleted_with=args.deleted_with,
            ),
        )
        self.removal = command.local.Command(
            f"{name}-removal",
            delete=command_line("calendars_consent remove"),
            stdin=pulumi.Output.json_dumps(
                {"connection": json.loads(args.connection.model_dump_json(by_alias=True)), "grant": self.grant.id}
            ),
            logging=command.local.Logging.STDERR,
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.grant, *args.after], deleted_with=args.deleted_with
            ),
        )
        self.register_outputs({"grantId": self.grant.id})
