"""The connector of the stack that is running: what a program says once to have one, this project's or any other.

Owns the order in which configuration, last outputs and observation are read, before anything is declared, and that the outputs stand
where the next run reads them. Owns no decision: those are RoomzConnector's, which takes all three as plain values, and those of the
pure modules beside it.
"""

import os
from typing import TYPE_CHECKING

import pulumi

from components.configuration import SettingsError, ensure_credentials, load
from components.desired_state import desired_state
from components.last_outputs import read_last_outputs
from components.loading import loading
from components.observation import look_for_grants, observe
from components.secret_rules import SecretPlanError, way_round_exchange

if TYPE_CHECKING:
    from components.connector import RoomzConnector

_HAS_ONE = "clientId"
"""An output that every connector has."""


def declare_connector(name: str, opts: pulumi.ResourceOptions | None = None) -> "RoomzConnector":
    """Declare the connector of this stack, by the stack's keys of `roomz:` and the process's ARM_* variables; export its outputs.

    Exported here, at the stack's top level, since the next run reads them there: without them it would take the newest secret for
    one that nobody issued, and never renew it. One connector a stack, since the mark in the tenant and the outputs are the stack's: a
    second one is refused. Raises pulumi.RunError, with what is wrong and how to mend it, before anything of it has been declared or sent.
    """
    if _HAS_ONE in getattr(pulumi.runtime.get_root_resource(), "outputs", {}):
        raise pulumi.RunError(
            f"A second connector, {name!r}, in one stack: both would carry the mark of the stack and take the other's secrets for their own. "
            "Give it a stack of its own: pulumi stack init NAME"
        )
    try:
        settings = load(pulumi.runtime.get_config_env(), os.environ, pulumi.get_project())
        ensure_credentials(settings, os.environ)
        mark = f"roomz:{pulumi.get_project()}/{pulumi.get_stack()}"
        last_outputs = read_last_outputs()
        wanted = desired_state(settings, mark, last_outputs)
        rules = settings.secret.rules()
        way_round = way_round_exchange(rules, last_outputs.generations, may_look_away=settings.may_look_away)
        # It loads the azuread provider's package, while another process reads the tenant.
        with loading("components.connector"):
            observation = observe(wanted, way_round) if settings.observe else None
            grants = look_for_grants(wanted, observation)
        from components.connector import RoomzConnector, RoomzConnectorArgs

        connector = RoomzConnector(
            name,
            RoomzConnectorArgs(
                settings=settings, mark=mark, last_outputs=last_outputs, observation=observation, grants=grants
            ),
            opts,
        )
    except (SettingsError, SecretPlanError) as error:
        raise pulumi.RunError(str(error)) from None
    for output, value in connector.outputs.items():
        pulumi.export(output, value)
    return connector
