"""One run of the connector under recording mocks, and the readings and last outputs that it is given.

Owns no assertion and no expectation of what is declared.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi

from components.configuration import load
from components.connector import RoomzConnector, RoomzConnectorArgs
from components.last_outputs import LastOutputs, parse_last_outputs
from components.observation import (
    ApplicationObservation,
    EntraObservation,
    ExchangeObservation,
    Grant,
    Observation,
    Password,
    RequestedPermission,
    ServicePrincipalObservation,
)
from tests.component.recording import (
    CALENDARS_ROLE_ID,
    CLIENT_ID,
    GRAPH_OBJECT_ID,
    OptionsRecorder,
    RecordingMocks,
)

MARK = "roomz:roomz/test"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CONFIGURATION = {
    "azuread:tenantId": "5f0c1a52-9d1e-4e5e-8d2b-1c6f3a7b9e10",
    "roomz:access": "policy",
    "roomz:group": '{"primarySmtpAddress": "rooms@contoso.com"}',
}


def observation(**exchange: Any) -> Observation:
    defaults = {"restriction": "absent", "differs": True, "summary": "25 rooms to add"}
    return Observation(observed_at=NOW, exchange=ExchangeObservation(**{**defaults, **exchange}))


def settled(**changes: Any) -> Observation:
    """A tenant that is as declared, in which generation 0 exists."""
    parts: dict[str, Any] = {
        "applications": (
            ApplicationObservation(
                client_id=CLIENT_ID,
                object_id="o",
                passwords=(
                    Password(
                        key_id="key-0",
                        display_name=f"{MARK} generation 0",
                        end_date_time=datetime(2028, 11, 23, tzinfo=UTC),
                    ),
                ),
                requested_permissions=(RequestedPermission(resource_app_id="g", id=CALENDARS_ROLE_ID),),
            ),
        ),
        "service_principal": ServicePrincipalObservation(object_id="s"),
        "grants": (Grant(id="a", app_role_id=CALENDARS_ROLE_ID, resource_id=GRAPH_OBJECT_ID),),
    }
    return Observation(
        observed_at=NOW + timedelta(days=1),
        exchange=ExchangeObservation(restriction="present", differs=False, summary=""),
        entra=EntraObservation(**{**parts, **changes}),
    )


LAST = parse_last_outputs(
    {
        "clientId": CLIENT_ID,
        "applicationObjectId": "44444444-4444-4444-8444-444444444444",
        "clientSecret": "must not be kept",
        "access": {"model": "policy"},
        "exchangeRevision": "2026-11-24T09:30:00Z",
        "issuedSecrets": {
            "0": {"keyId": "key-0", "issuedOn": "2026-11-24T09:30:00Z", "endsOn": "2028-11-23T00:00:00Z"}
        },
    }
)


class Program:
    """One run of the connector under mocks."""

    def __init__(self) -> None:
        self.mocks = RecordingMocks()
        self.options = OptionsRecorder()
        self.messages: list[str] = []
        self.outputs: dict[str, Any] = {}
        self.declared: dict[str, Any] = {}
        self.loop = asyncio.new_event_loop()

    def run(
        self,
        observed: Observation | None = None,
        last: LastOutputs | None = None,
        grants: tuple[Grant, ...] = (),
        *,
        preview: bool = False,
        provider: Mapping[str, str] | None = None,
        options: Callable[[], pulumi.ResourceOptions] | None = None,
        **configuration: str,
    ) -> "Program":
        ours = {f"roomz:{key}": value for key, value in configuration.items()}
        settings = load({**CONFIGURATION, **ours, **(provider or {})}, {})
        # A loop of its own: work that is left over from one test must not leak into the next.
        asyncio.set_event_loop(self.loop)
        pulumi.runtime.set_mocks(self.mocks, project="roomz", stack="test", preview=preview)

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def declare() -> pulumi.Output[None]:
            pulumi.runtime.register_stack_transformation(self.options.transformation())
            connector = RoomzConnector(
                "roomz",
                RoomzConnectorArgs(
                    settings=settings,
                    mark=MARK,
                    last_outputs=last or LastOutputs(),
                    observation=observed,
                    grants=grants,
                ),
                options() if options else None,
            )
            self.declared = connector.outputs
            return pulumi.Output.all(**connector.outputs).apply(self.outputs.update)

        declare()
        return self


def dependencies(options: pulumi.ResourceOptions) -> set[str]:
    depends_on = options.depends_on
    assert isinstance(depends_on, list)
    return {dependency._name for dependency in depends_on if isinstance(dependency, pulumi.Resource)}
