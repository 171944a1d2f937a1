"""The example of docs/key-vault.md under mocks: what it would put into the vault, and that the value is secret on the way.

It runs against a stand-in of the provider's package, and against the package itself where that is installed.
"""

import asyncio
import importlib.util
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from components.outputs import OUTPUTS
from tests.component.recording import SECRET_SIGNATURE
from tests.support import azure_native

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "key_vault"
VALUE = "the-value-of-the-client-secret"
CONNECTOR: dict[str, Any] = {
    "tenantId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "clientId": "33333333-3333-4333-8333-333333333333",
    "clientSecret": VALUE,
    "secretGeneration": 3.0,
    "secretExpiresOn": "2028-11-23T00:00:00Z",
}


class Vault(Mocks):
    """The connector's stack to be referred to, and what was asked of the vault, as it went over the wire."""

    def __init__(self, secret_outputs: list[str]) -> None:
        self.secret_outputs = secret_outputs
        self.asked: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": CONNECTOR, "secretOutputNames": self.secret_outputs}
        self.asked.append(args)
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"an unexpected call: {args.token}")


@pytest.fixture(params=["stand-in", "package"])
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "stand-in":
        for name, module in azure_native.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
    elif importlib.util.find_spec("pulumi_azure_native") is None:
        pytest.skip("pulumi-azure-native is not installed: 155 MB, for this test alone")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    pulumi.runtime.settings.reset_options()
    asyncio.set_event_loop(None)
    loop.close()


def run(vault: Vault) -> dict[str, Any]:
    """Run the example, and return what it asked of the vault."""
    pulumi.runtime.set_mocks(vault, project="roomz-key-vault", stack="prod", preview=False)
    keys = {"stack": "organization/roomz/prod", "resourceGroup": "secrets", "vault": "contoso", "secretName": "roomz"}
    pulumi.runtime.set_all_config({f"roomz-key-vault:{key}": value for key, value in keys.items()})

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        runpy.run_path(str(EXAMPLE / "__main__.py"))

    program()
    (asked,) = vault.asked
    assert asked.typ == "azure-native:keyvault:Secret"
    return dict(asked.inputs)


def test_the_newest_secret_becomes_a_version_with_its_end(package: None, loop: asyncio.AbstractEventLoop) -> None:
    asked = run(Vault(["clientSecret"]))
    assert (asked["resourceGroupName"], asked["vaultName"], asked["secretName"]) == ("secrets", "contoso", "roomz")
    assert asked["tags"] == {
        "tenantId": CONNECTOR["tenantId"],
        "clientId": CONNECTOR["clientId"],
        "generation": "3",
    }
    properties = asked["properties"]["value"]
    assert properties["contentType"] == "ROOMZ client secret"
    # 2028-11-23T00:00:00Z
    assert properties["attributes"] == {"enabled": True, "expires": 1858550400}


@pytest.mark.parametrize("secret_outputs", [["clientSecret"], []], ids=["secret there", "in clear there"])
def test_invariant_4_the_value_is_secret_on_its_way_to_the_vault(
    package: None, loop: asyncio.AbstractEventLoop, secret_outputs: list[str]
) -> None:
    asked = run(Vault(secret_outputs))
    # What is secret within an object makes the whole of it secret, the way the engine is told.
    assert asked["properties"].keys() == {SECRET_SIGNATURE, "value"}
    assert asked["properties"]["value"]["value"] == VALUE
    assert json.dumps(asked).count(VALUE) == 1


def test_the_example_asks_for_outputs_that_a_connector_has() -> None:
    assert set(CONNECTOR) <= set(OUTPUTS)
