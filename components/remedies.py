"""Ready commands that take away what a cut-off run or a removal left: pure texts, to be pasted into a shell in the project's folder.

Owns their form. Runs none of them, and owns no judgement of what should go (`drift.py`, `secret_plan.py`).
"""

import json
import shlex

from components.launcher import LAUNCHER
from microsoft365.connection import Connection
from microsoft365.exchange.desired import DesiredState

CERTIFICATES_AND_SECRETS = "Entra ID > App registrations > Certificates & secrets"
REVOKE_BY_HAND = "Entra ID > Enterprise applications > the application > Permissions > Revoke permission"


def remove_secret(connection: Connection, application_object_id: str | None, key_id: str) -> str:
    """The command that removes one client secret now, or the portal's page while the application's object id is not known."""
    if application_object_id is None:
        return CERTIFICATES_AND_SECRETS
    return _command("client_secret remove", connection, applicationObjectId=application_object_id, keyId=key_id)


def remove_grant(connection: Connection, resource_object_id: str, grant_id: str) -> str:
    """The command that takes one app role assignment away now."""
    grant = f"/servicePrincipals/{resource_object_id}/appRoleAssignedTo/{grant_id}"
    return _command("calendars_consent remove", connection, grant=grant)


def take_over_grant(stack: str, urn: str, resource_object_id: str, grant_id: str) -> str:
    """The command that puts an app role assignment which the tenant has into the state, as the resource of that URN."""
    head, _, name = urn.rpartition("::")
    kinds, _, kind = head.rpartition("$")
    # The parent is a component of that very name, without the last part: consent.py names its grant so.
    parent = f"{kinds}::{name.removesuffix('-grant')}"
    grant = f"/servicePrincipals/{resource_object_id}/appRoleAssignedTo/{grant_id}"
    return (
        f"pulumi import --stack {shlex.quote(stack)} {kind} {name} {grant} --parent {shlex.quote(f'consent={parent}')} "
        "--protect=false --generate-code=false"
    )


def write_runbook(desired: DesiredState) -> str:
    """The command that writes the script for an Exchange administrator now, by what the stack was told last."""
    stack = shlex.quote(desired.mark.rpartition("/")[2])
    path = shlex.quote(desired.runbook_path)
    return f"pulumi stack export --stack {stack} | {LAUNCHER} exchange_policy runbook --output {path}"


def end_what_stays(desired: DesiredState) -> str:
    """What somebody should know, and keep, before `destroy`: what stays then, the command that ends it, and the provider's trap.

    `destroy` prints the command itself, but a terminal shows it cut off, for a moment, and then never again.
    """
    return (
        "`pulumi destroy` would now delete the application with its secrets and leave the restriction in Exchange, since tokens live on "
        "and a deleted application can be restored for 30 days. If it is cut off, and the next one fails at the application with 404, that is "
        "gone already: pulumi destroy --refresh. Keep the command that ends the restriction, once the application is gone for good: "
        f"{desired.ending_command()}"
    )


def _command(script: str, connection: Connection, **values: str) -> str:
    document = {"connection": json.loads(connection.model_dump_json(by_alias=True, exclude_defaults=True)), **values}
    return f"echo {shlex.quote(json.dumps(document))} | {LAUNCHER} {script}"
