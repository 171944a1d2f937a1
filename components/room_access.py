"""RoomAccess: the restriction of the application to the rooms, and RestrictionRemoval: its way back.

Owns the two command resources and what they are told. The work itself is `scripts/exchange_policy.py`, which can be run by hand
with the same document. The two are apart on purpose: a command that depends on the application is always deleted before it, and a
restriction that goes before the application leaves its secrets free to read every mailbox.
docs/decisions/0003-order-of-creation-and-removal.md tells the whole story.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_azuread as azuread
import pulumi_command as command

from components.launcher import command_line
from microsoft365.exchange.desired import DesiredState

_REVISION = "ROOMZ_EXCHANGE_REVISION"


@dataclass(frozen=True, kw_only=True)
class RoomAccessArgs:
    """What the restriction needs."""

    desired: DesiredState
    """What is wanted in Exchange, but for the application's client id; says as well whether it is waited for."""
    application: azuread.Application
    """The application that is kept to the rooms."""
    service_principal: azuread.ServicePrincipal | None
    """Its service principal, where the access model gives it a role (`rbac`)."""
    revision: str
    """Moves when Exchange differs from what is declared, and so makes the command run."""
    observed: bool
    """Whether anything was looked at. If not, the revision says nothing, and must not make the command run."""
    after: Sequence[pulumi.Resource]
    """What must stand before it."""
    deleted_with: pulumi.Resource | None
    """The application, where its deletion takes everything with it."""


class RoomAccess(pulumi.ComponentResource):
    """What restricts the application, by the access model, and calendar processing. Applies; never deletes."""

    command: command.local.Command
    revision: pulumi.Output[str]
    """The revision that the command carries."""
    result: pulumi.Output[dict[str, Any]]
    """What `apply` reported last: `status`, `rooms`, `group`, and `policy` or `scope`, `assignment` and `servicePrincipal`; `runbook`."""

    def __init__(self, name: str, args: RoomAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:RoomAccess", name, None, opts)
        apply = command_line("exchange_policy apply")
        self.command = command.local.Command(
            f"{name}-policy",
            create=apply,
            update=apply,
            stdin=pulumi.Output.all(
                args.application.client_id, args.service_principal.object_id if args.service_principal else None
            ).apply(lambda ids: _document(args.desired, *ids)),
            environment={_REVISION: args.revision},
            logging=command.local.Logging.STDERR,
            # It would be put into an environment variable, which holds at most 128 KiB on Linux.
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                # A run that failed behind this command leaves a newer revision in the state than in the outputs. A run that looks at
                # nothing would take that for a change, and so ask Exchange, which may be what does not answer.
                ignore_changes=None if args.observed else ["environment"],
                deleted_with=args.deleted_with,
            ),
        )
        self.revision = self.command.environment.apply(lambda carried: (carried or {}).get(_REVISION, args.revision))
        self.result = self.command.stdout.apply(json.loads)
        self.register_outputs({"result": self.result})


class RestrictionRemoval(pulumi.ComponentResource):
    """Takes the restriction away when everything that it restricts is gone: made first, deleted last.

    It takes nothing from the application, so that the engine can order it before, and has only a `delete`. Where the application
    is protected it is as well: a replacement (`pulumi state taint`) would run its delete while the application lives. The script
    would refuse, but the engine would try again in every later `up`; a protected resource is refused before anything happens.
    """

    command: command.local.Command

    def __init__(
        self, name: str, desired: DesiredState, *, protect: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("roomz:index:RestrictionRemoval", name, None, opts)
        self.command = command.local.Command(
            f"{name}-command",
            delete=command_line("exchange_policy remove"),
            stdin=_document(desired, None, None),
            logging=command.local.Logging.STDERR,
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        self.register_outputs({})


def _document(desired: DesiredState, client_id: str | None, service_principal_id: str | None) -> str:
    application = desired.application.model_copy(
        update={"client_id": client_id, "service_principal_id": service_principal_id}
    )
    return desired.model_copy(update={"application": application}).model_dump_json(by_alias=True)
