"""ClientSecret: one password of the application for each generation.

Owns how a password is declared, and how it is taken away. Owns no decision about which generations exist (`secret_plan.py`).

A password is taken away by a command of ours and not by the provider: the provider fails when the password is gone already
(somebody deleted it by hand), and every later `up` would fail with it. So the password itself is retained on delete, and
the command beside it, which depends on it and so runs first, removes it and is content when there is nothing to remove.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azuread as azuread
import pulumi_command as command

from components.launcher import command_line
from components.secret_plan import PlannedSecret, format_date
from microsoft365.connection import Connection


@dataclass(frozen=True, kw_only=True)
class ClientSecretArgs:
    """What a secret needs."""

    planned: PlannedSecret
    """Generation, end and display name."""
    application: azuread.Application
    """The application that gets it."""
    connection: Connection
    """The tenant, for the command that removes it."""
    after: Sequence[pulumi.Resource]
    """What must stand before the secret does, and stay until it is gone."""
    deleted_with: pulumi.Resource | None
    """The application, where its deletion ends the secret as well; None where it must really be deleted."""


class ClientSecret(pulumi.ComponentResource):
    """One password and the command that removes it."""

    password: azuread.ApplicationPassword

    def __init__(self, name: str, args: ClientSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:ClientSecret", name, None, opts)
        self.password = azuread.ApplicationPassword(
            f"{name}-password",
            application_id=args.application.id,
            display_name=args.planned.display_name,
            end_date=format_date(args.planned.ends_on),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                # Nothing but removal touches an issued secret: another lifetime or name would replace it.
                ignore_changes=["displayName", "endDate"],
                retain_on_delete=True,
                deleted_with=args.deleted_with,
            ),
        )
        document = pulumi.Output.json_dumps(
            {
                "connection": json.loads(args.connection.model_dump_json(by_alias=True)),
                "applicationObjectId": args.application.object_id,
                "keyId": self.password.key_id,
            }
        )
        command.local.Command(
            f"{name}-removal",
            delete=command_line("client_secret remove"),
            stdin=document,
            logging=command.local.Logging.STDERR,
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.password, *args.after], deleted_with=args.deleted_with
            ),
        )
        self.register_outputs({"keyId": self.password.key_id})
