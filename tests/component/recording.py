"""Recording mocks: what the program asked the engine for, so that tests look at inputs and not at outputs' callbacks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

CALLER = "11111111-1111-4111-8111-111111111111"
GRAPH_OBJECT_ID = "22222222-2222-4222-8222-222222222222"
CALENDARS_ROLE_ID = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
SERVICE_PRINCIPAL_ID = "55555555-5555-4555-8555-555555555555"
CLIENT_ID = "33333333-3333-4333-8333-333333333333"

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass
class Recorded:
    """One resource that was asked for."""

    type_token: str
    name: str
    inputs: dict[str, Any]


@dataclass
class RecordingMocks(Mocks):
    """Answers as the providers would, with as little as the components read."""

    resources: list[Recorded] = field(default_factory=list)
    role_ids: dict[str, str] = field(default_factory=lambda: {"Calendars.ReadWrite": CALENDARS_ROLE_ID})

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(Recorded(args.typ, args.name, dict(args.inputs)))
        outputs = dict(args.inputs)
        match args.typ:
            case "azuread:index/application:Application":
                outputs |= {"clientId": CLIENT_ID, "objectId": "application-object"}
            case "azuread:index/servicePrincipal:ServicePrincipal":
                outputs |= {"objectId": SERVICE_PRINCIPAL_ID}
            case "azuread:index/applicationPassword:ApplicationPassword":
                outputs |= {
                    "keyId": f"key-{args.name.split('-')[2]}",
                    "value": f"value-of-{args.name}",
                    "startDate": "2026-11-24T09:30:00Z",
                }
            case "command:local:Command":
                outputs |= {
                    "stdout": '{"group": {"objectId": "g"}, "policy": {"identity": "p"}, "scope": {"id": "s"}, '
                    '"assignment": {"id": "a"}, "servicePrincipal": {"objectId": "sp"}, '
                    '"rooms": {"number": 25, "inReach": 25, "withTitles": 25}}'
                }
        return f"{args.name}-id", outputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        match args.token:
            case "azuread:index/getClientConfig:getClientConfig":
                return {"clientId": "deployer", "objectId": CALLER, "tenantId": "t", "id": "x"}, []
            case "azuread:index/getServicePrincipal:getServicePrincipal":
                return {"objectId": GRAPH_OBJECT_ID, "appRoleIds": self.role_ids, "id": "x"}, []
        raise AssertionError(f"an unexpected call: {args.token}")

    def of_type(self, ending: str) -> list[Recorded]:
        """The resources whose type token ends like this."""
        return [resource for resource in self.resources if resource.type_token.endswith(ending)]

    def names(self) -> list[str]:
        """The names of everything, in the order in which it was asked for."""
        return [resource.name for resource in self.resources]


@dataclass
class OptionsRecorder:
    """Resource options by name, taken by a transformation: mocks do not see them."""

    options: dict[str, pulumi.ResourceOptions] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def transformation(self) -> Callable[[pulumi.ResourceTransformationArgs], None]:
        """Register with pulumi.runtime.register_stack_transformation."""

        def record(args: pulumi.ResourceTransformationArgs) -> None:
            self.options[args.name] = args.opts
            self.types[args.name] = args.type_

        return record
