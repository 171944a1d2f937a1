"""The bare Pulumi program that `up` is compared with: the same resources as the project's, and nothing else.

Copied into a stack's folder as its `__main__.py`. It reads no tenant and no last outputs, validates nothing and decides nothing:
every value is a constant of its configuration.
"""

from typing import Any

import pulumi
import pulumi_azuread as azuread
import pulumi_command as command

given = pulumi.Config("roomz").require_object("bare")
MARK, OWNER, LAUNCHER = given["mark"], given["owner"], "scripts/run"


class Part(pulumi.ComponentResource):
    """What the project's components are to the engine."""

    def __init__(self, kind: str, name: str, parent: pulumi.Resource | None = None) -> None:
        super().__init__(f"roomz:index:{kind}", name, None, pulumi.ResourceOptions(parent=parent))


def options(parent: Part, after: list[pulumi.Resource], **further: Any) -> pulumi.ResourceOptions:
    """Return the options of a resource that ends with the application."""
    return pulumi.ResourceOptions(parent=parent, depends_on=after, deleted_with=application, **further)


def told(document: Any, **further: Any) -> command.local.CommandArgs:
    """Return a command that reads a document on standard input."""
    return command.local.CommandArgs(
        **further,
        stdin=pulumi.Output.json_dumps(document),
        logging=command.local.Logging.STDERR,
        add_previous_output_in_env=False,
    )


def desired(client_id: pulumi.Input[str] | None) -> dict[str, Any]:
    """Return the document that `exchange_policy` reads."""
    return {**given["desired"], "application": {"clientId": client_id}}


connector = Part("RoomzConnector", "roomz")
removal = command.local.Command(
    "restriction-removal-command",
    told(desired(None), delete=f"{LAUNCHER} exchange_policy remove"),
    pulumi.ResourceOptions(parent=Part("RestrictionRemoval", "restriction-removal", connector)),
)
entra = Part("RoomzApplication", "entra", connector)
application = azuread.Application(
    "application",
    display_name="Bare",
    notes=MARK,
    owners=[OWNER],
    sign_in_audience="AzureADMyOrg",
    required_resource_accesses=[
        azuread.ApplicationRequiredResourceAccessArgs(
            resource_app_id="00000003-0000-0000-c000-000000000000",
            resource_accesses=[
                azuread.ApplicationRequiredResourceAccessResourceAccessArgs(id=given["role"], type="Role")
            ],
        )
    ],
    opts=pulumi.ResourceOptions(parent=entra, depends_on=[removal]),
)
principal = azuread.ServicePrincipal(
    "service-principal",
    client_id=application.client_id,
    owners=[OWNER],
    notes=MARK,
    use_existing=True,
    opts=options(entra, [removal]),
)
apply = f"{LAUNCHER} exchange_policy apply"
policy = command.local.Command(
    "policy",
    told(desired(application.client_id), create=apply, update=apply, environment={"ROOMZ_EXCHANGE_REVISION": "0"}),
    options(Part("RoomAccess", "room-access", connector), [removal]),
)
consent = Part("CalendarsConsent", "consent", connector)
grant = azuread.AppRoleAssignment(
    "grant",
    app_role_id=given["role"],
    principal_object_id=principal.object_id,
    resource_object_id=given["graph"],
    opts=options(consent, [principal, removal, policy], retain_on_delete=True),
)
connection = given["desired"]["connection"]
grant_removal = command.local.Command(
    "grant-removal",
    told({"connection": connection, "grant": grant.id}, delete=f"{LAUNCHER} calendars_consent remove"),
    options(consent, [grant, removal, policy]),
)
secret = Part("ClientSecret", "secret", connector)
before: list[pulumi.Resource] = [removal, grant, grant_removal]
password = azuread.ApplicationPassword(
    "password",
    application_id=application.id,
    display_name=MARK,
    end_date=given["ends"],
    opts=options(secret, before, retain_on_delete=True),
)
document = {"connection": connection, "applicationObjectId": application.object_id, "keyId": password.key_id}
command.local.Command(
    "password-removal",
    told(document, delete=f"{LAUNCHER} client_secret remove"),
    options(secret, [password, *before]),
)
pulumi.export("clientId", application.client_id)
pulumi.export("clientSecret", pulumi.Output.secret(password.value))
