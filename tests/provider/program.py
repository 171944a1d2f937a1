"""The Pulumi program of these tests: one of each azuread resource that the project uses, declared as the project does.

Copied into a temporary project as its `__main__.py`.  Owns no decision: the stack's configuration says what is declared.
"""

import pulumi
import pulumi_azuread as azuread

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"

configuration = pulumi.Config("contract")
declared = set(configuration.require_object("declared"))
owners = [configuration.require("owner")]
name = configuration.require("name")
imported = configuration.get_object("imported") or {}

application = azuread.Application(
    "application",
    display_name=name,
    notes=configuration.get("notes"),
    owners=owners,
    opts=pulumi.ResourceOptions(import_=imported.get("application")),
)


def options(resource: str) -> pulumi.ResourceOptions:
    """What a dependent of the application gets: one deletion ends all, unless a test wants each deletion made."""
    together = configuration.get_bool("together")
    return pulumi.ResourceOptions(deleted_with=application if together else None, import_=imported.get(resource))


if declared & {"principal", "grant"}:
    principal = azuread.ServicePrincipal(
        "principal",
        client_id=application.client_id,
        owners=owners,
        notes=configuration.get("notes"),
        use_existing=True,
        opts=options("principal"),
    )
if "grant" in declared:
    graph = azuread.get_service_principal(client_id=MICROSOFT_GRAPH)
    azuread.AppRoleAssignment(
        "grant",
        app_role_id=graph.app_role_ids["Calendars.ReadWrite"],
        principal_object_id=principal.object_id,
        resource_object_id=graph.object_id,
        opts=options("grant"),
    )
    pulumi.export("graph", graph.object_id)
if "password" in declared:
    password = azuread.ApplicationPassword(
        "password",
        application_id=application.id,
        display_name="generation 0",
        end_date=configuration.require("ends"),
        opts=options("password"),
    )
    pulumi.export("keyId", password.key_id)
