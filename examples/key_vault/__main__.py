"""ROOMZ's client secret in Azure Key Vault: whatever `pulumi up` of the connector issued last, as a version with its end.

A program of its own, so that whoever deploys the connector needs no right in Azure, and whoever writes to the vault none in
Microsoft 365. docs/key-vault.md explains it.
"""

from datetime import datetime

import pulumi
from pulumi_azure_native import keyvault


def seconds(moment: str) -> int:
    """A moment such as 2028-11-23T00:00:00Z in seconds since 1970, as Key Vault counts."""
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())


config = pulumi.Config()
connector = pulumi.StackReference(config.require("stack"))

secret = keyvault.Secret(
    "client-secret",
    resource_group_name=config.require("resourceGroup"),
    vault_name=config.require("vault"),
    secret_name=config.require("secretName"),
    properties=keyvault.SecretPropertiesArgs(
        # Secret in the other stack's outputs already; said once more, so that it can't stand in this state in clear.
        value=pulumi.Output.secret(connector.require_output("clientSecret")),
        content_type="ROOMZ client secret",
        attributes=keyvault.SecretAttributesArgs(
            enabled=True,
            expires=connector.require_output("secretExpiresOn").apply(seconds),
        ),
    ),
    tags={
        "tenantId": connector.require_output("tenantId"),
        "clientId": connector.require_output("clientId"),
        "generation": connector.require_output("secretGeneration").apply(lambda number: str(int(number))),
    },
)

pulumi.export("secretName", config.require("secretName"))
