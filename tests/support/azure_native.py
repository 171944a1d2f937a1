"""A stand-in for `pulumi_azure_native`, of which the example in examples/key_vault uses three classes.

The package itself is 155 MB unpacked, too much for every developer's environment. Owns the names, parameters and type token of
pulumi-azure-native 3.29.0 (pulumi_azure_native/keyvault/secret.py and _inputs.py), and nothing of what the provider does.
"""

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pulumi


@pulumi.input_type
class SecretAttributesArgs:
    """The attributes of a secret; `expires` is in seconds since 1970."""

    def __init__(
        self,
        *,
        enabled: pulumi.Input[bool] | None = None,
        expires: pulumi.Input[int] | None = None,
        not_before: pulumi.Input[int] | None = None,
    ) -> None:
        for name, value in (("enabled", enabled), ("expires", expires), ("not_before", not_before)):
            if value is not None:
                pulumi.set(self, name, value)

    @property
    @pulumi.getter
    def enabled(self) -> Any:
        return pulumi.get(self, "enabled")

    @property
    @pulumi.getter
    def expires(self) -> Any:
        return pulumi.get(self, "expires")

    @property
    @pulumi.getter(name="notBefore")
    def not_before(self) -> Any:
        return pulumi.get(self, "not_before")


@pulumi.input_type
class SecretPropertiesArgs:
    """The properties of a secret."""

    def __init__(
        self,
        *,
        attributes: pulumi.Input[SecretAttributesArgs] | None = None,
        content_type: pulumi.Input[str] | None = None,
        value: pulumi.Input[str] | None = None,
    ) -> None:
        for name, given in (("attributes", attributes), ("content_type", content_type), ("value", value)):
            if given is not None:
                pulumi.set(self, name, given)

    @property
    @pulumi.getter
    def attributes(self) -> Any:
        return pulumi.get(self, "attributes")

    @property
    @pulumi.getter(name="contentType")
    def content_type(self) -> Any:
        return pulumi.get(self, "content_type")

    @property
    @pulumi.getter
    def value(self) -> Any:
        return pulumi.get(self, "value")


class Secret(pulumi.CustomResource):
    """A secret in a vault. Like the real one it marks nothing as secret by itself."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        properties: pulumi.Input[SecretPropertiesArgs],
        resource_group_name: pulumi.Input[str],
        vault_name: pulumi.Input[str],
        secret_name: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
    ) -> None:
        given = {
            "properties": properties,
            "resourceGroupName": resource_group_name,
            "vaultName": vault_name,
            "secretName": secret_name,
            "tags": tags,
        }
        super().__init__("azure-native:keyvault:Secret", resource_name, given, opts)


def modules() -> dict[str, ModuleType]:
    """What stands in for the package in `sys.modules`."""
    package, keyvault = ModuleType("pulumi_azure_native"), sys.modules[__name__]
    package.keyvault = keyvault  # type: ignore[attr-defined]
    return {"pulumi_azure_native": package, "pulumi_azure_native.keyvault": keyvault}
