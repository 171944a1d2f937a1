"""ROOMZ for Microsoft 365: settings, last outputs and observation in; one connector and its outputs out. No logic."""

import atexit
import gc
import os

import pulumi

from components.configuration import SettingsError, ensure_credentials, load
from components.desired_state import desired_state
from components.last_outputs import read_last_outputs
from components.loading import loading
from components.observation import look_for_grants, observe
from components.secret_rules import SecretPlanError, way_round_exchange

# Else Python looks, at its very end, through everything that was ever loaded, and the engine waits for it.
atexit.register(gc.freeze)

try:
    settings = load(pulumi.runtime.get_config_env(), os.environ)
    ensure_credentials(settings, os.environ)
    mark = f"roomz:{pulumi.get_project()}/{pulumi.get_stack()}"
    last_outputs = read_last_outputs()
    wanted = desired_state(settings, mark, last_outputs)
    way_round = way_round_exchange(settings.secret.rules(), last_outputs.generations)
    # Another process reads the tenant meanwhile.
    with loading("components.connector"):
        observation = observe(wanted, way_round) if settings.observe else None
        grants = look_for_grants(wanted, observation)
    from components.connector import RoomzConnector, RoomzConnectorArgs

    connector = RoomzConnector(
        "roomz",
        RoomzConnectorArgs(
            settings=settings, mark=mark, last_outputs=last_outputs, observation=observation, grants=grants
        ),
    )
except (SettingsError, SecretPlanError) as error:
    raise pulumi.RunError(str(error)) from None

for name, value in connector.outputs.items():
    pulumi.export(name, value)
