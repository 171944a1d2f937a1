"""Reading the stack's configuration: from Pulumi's flat texts to Settings, or to one clear list of what is wrong.

Owns the words in which a wrong key or value is refused: key, value, what is wrong, and the command that mends it. Owns no key
and no default (`settings.py`).
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from components.settings import Section, Settings
from microsoft365.connection import CLOUDS, Connection
from microsoft365.credentials import credentials
from microsoft365.errors import BadInput

# Keys of the azuread provider that are credentials: in a stack file they would lie in the state.
FORBIDDEN_PROVIDER_KEYS = {
    "azuread:clientSecret": "ARM_CLIENT_SECRET",
    "azuread:clientCertificate": "ARM_CLIENT_CERTIFICATE",
    "azuread:clientCertificatePassword": "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "azuread:oidcToken": "ARM_OIDC_TOKEN",
    "azuread:oidcRequestToken": "ARM_OIDC_REQUEST_TOKEN",
}
# Keys that would make the provider sign in as somebody else than the scripts, which know the ARM_* variables alone.
IDENTITY_PROVIDER_KEYS = {
    "azuread:clientId": "ARM_CLIENT_ID",
    "azuread:clientIdFilePath": "ARM_CLIENT_ID",
    "azuread:clientSecretFilePath": "ARM_CLIENT_SECRET",
    "azuread:clientCertificatePath": "ARM_CLIENT_SECRET",
    "azuread:oidcRequestUrl": "ARM_CLIENT_SECRET",
    "azuread:oidcTokenFilePath": "ARM_CLIENT_SECRET",
    "azuread:adoPipelineServiceConnectionId": "ARM_CLIENT_SECRET",
    "azuread:useOidc": "ARM_CLIENT_SECRET",
    "azuread:useMsi": "ARM_CLIENT_SECRET",
    "azuread:useCli": "ARM_CLIENT_SECRET",
    "azuread:useAksWorkloadIdentity": "ARM_CLIENT_SECRET",
    "azuread:msiEndpoint": "ARM_CLIENT_SECRET",
}
ACCESS_EXPLAINED = (
    "`policy` grants the application Calendars.ReadWrite in Microsoft Entra and restricts it to the rooms by an application access "
    "policy, as ROOMZ's guide does; whoever deploys needs the right to grant it. `rbac` grants nothing in Entra and gives the "
    "application the rooms' calendars by RBAC for Applications in Exchange Online, which Microsoft and ROOMZ recommend today"
)


# Stands in for a connection that is itself refused, so that every other problem is found in the same run.
_ANY_CONNECTION = Connection(tenant_id="00000000-0000-0000-0000-000000000000", exchange_host="localhost")


class SettingsError(ValueError):
    """The configuration is wrong; `problems` holds one text a key, each with the remedy."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(
            f"{count} in the stack's configuration or environment; nothing was sent to the tenant.\n{listed}"
        )


# Parts of a path that name a branch of a type and no key.
_NO_KEYS = {"int", "str", "literal", "tuple", "everything", "filtered", "addresses"}


def load(configuration: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Read the stack's whole configuration (`namespace:key` to text, objects as JSON) into Settings.

    `environment` is the process environment: `ARM_TENANT_ID` and the like fill in for `azuread:` keys, as they do for the provider.
    Raises SettingsError with every problem at once.
    """
    problems = list(_provider_problems(configuration))
    values: dict[str, Any] = {}
    names = {_key(name): name for name in Settings.model_fields if name != "connection"}
    for full_name, text in configuration.items():
        namespace, _, name = full_name.partition(":")
        if namespace != "roomz":
            continue
        if name in names:
            values[name] = _value(name, text)
        else:
            problems.append(_unknown_key(name, text, names))
    connection, connection_problems = _connection(configuration, environment, values)
    problems += connection_problems
    try:
        settings = Settings.model_validate({**values, "connection": connection})
    except ValidationError as error:
        problems += [_readable(detail) for detail in error.errors() if _is_worth_saying(detail)]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def ensure_credentials(settings: Settings, environment: Mapping[str, str]) -> None:
    """See that whoever deploys can sign in as one identity everywhere, before anything is asked of the tenant.

    Raises SettingsError naming the variable that is missing, not supported, or of another tenant.
    """
    try:
        credentials(settings.connection, environment)
    except BadInput as error:
        raise SettingsError([str(error)]) from None


def _is_worth_saying(detail: Any) -> bool:
    """Not what concerns the stand-in connection, nor the branch of a union that the value was never meant for."""
    return detail["loc"][:1] != ("connection",) and not (
        detail["type"] == "literal_error" and isinstance(detail["input"], list)
    )


def _key(field_name: str) -> str:
    return to_camel(field_name)


def _is_section(name: str) -> bool:
    field = next(field for field_name, field in Settings.model_fields.items() if _key(field_name) == name)
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _value(name: str, text: str) -> Any:
    """Objects and lists arrive as JSON text, everything else as plain text."""
    if not (_is_section(name) or name == "owners"):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _provider_problems(configuration: Mapping[str, str]) -> Iterator[str]:
    for key, variable in FORBIDDEN_PROVIDER_KEYS.items():
        if key in configuration:
            yield (
                f"{key} is set in the stack: the administrator's credentials would lie in the state. Remove it with `pulumi config rm "
                f"{key}` and give it as the environment variable {variable}"
            )
    for key, variable in IDENTITY_PROVIDER_KEYS.items():
        if key in configuration:
            yield (
                f"{key} is set in the stack: Exchange would be reached as another identity than Entra, since the scripts sign in by "
                f"environment variables alone, and by a client secret only for now. Remove it with `pulumi config rm {key}` and use "
                f"{variable}"
            )


def _connection(
    configuration: Mapping[str, str], environment: Mapping[str, str], values: Mapping[str, Any]
) -> tuple[Connection, list[str]]:
    tenant_id = configuration.get("azuread:tenantId") or environment.get("ARM_TENANT_ID") or ""
    metadata_host = configuration.get("azuread:metadataHost") or environment.get("ARM_METADATA_HOSTNAME") or None
    cloud = configuration.get("azuread:environment") or environment.get("ARM_ENVIRONMENT") or "public"
    endpoints = values.get("endpoints")
    exchange_host = endpoints.get("exchange") if isinstance(endpoints, dict) else None
    problems = []
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", tenant_id):
        problems.append(
            f"azuread:tenantId is {tenant_id!r}, not a tenant id. Entra ID > Overview shows it; set it with: "
            "pulumi config set azuread:tenantId 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
        )
    if cloud not in CLOUDS:
        near = difflib.get_close_matches(cloud, CLOUDS, n=1)
        problems.append(
            f"azuread:environment is {cloud!r}; it is one of {', '.join(CLOUDS)}"
            + (f". Did you mean {near[0]}?" if near else "")
        )
    if metadata_host and not exchange_host:
        problems.append(
            "azuread:metadataHost names a cloud of its own, so Exchange's host must be named too: "
            "pulumi config set --path 'roomz:endpoints.exchange' HOST"
        )
    if problems:
        return _ANY_CONNECTION, problems
    try:
        connection = Connection(
            tenant_id=tenant_id,
            environment=cloud,
            metadata_host=metadata_host,
            exchange_host=exchange_host if isinstance(exchange_host, str) else None,
        )
    except ValidationError as error:
        keys = {"metadata_host": "azuread:metadataHost", "exchange_host": "roomz:endpoints.exchange"}
        by_alias = {to_camel(name): key for name, key in keys.items()}
        return _ANY_CONNECTION, [
            f"{(keys | by_alias).get(str(detail['loc'][0]), 'azuread:tenantId')}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors()
        ]
    return connection, []


def _unknown_key(name: str, text: str, names: Mapping[str, str]) -> str:
    section, dot, rest = name.partition(".")
    if dot and section in names:
        return (
            f"roomz:{name} is a flat key, which Pulumi does not read as part of `{section}`. Remove it with `pulumi config rm 'roomz:{name}'` "
            f"and set it with `pulumi config set --path 'roomz:{section}.{rest}' '{text}'`"
        )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean roomz:{near[0]}? " if near else ""
    return f"roomz:{name} is no key of this project. {hint}Remove it with: pulumi config rm 'roomz:{name}'"


def _readable(detail: Any) -> str:
    """One line of pydantic's finding: key, value, what is wrong and the command that mends it."""
    path = [part for part in detail["loc"] if isinstance(part, str)]
    # A union's branches carry their type's name in the path; only what is a key belongs to the key.
    keys = [part for part in path if re.fullmatch(r"[A-Za-z]+", part) and part not in _NO_KEYS]
    name = "roomz:" + ".".join(keys)
    kind, value = detail["type"], detail["input"]
    if kind == "missing" and keys == ["access"]:
        return (
            f"roomz:access is missing. {ACCESS_EXPLAINED}. Set it with: pulumi config set roomz:access rbac, or policy"
        )
    if kind == "missing":
        return f"{name} is missing. Set it with: {_command(keys, 'VALUE')}"
    if kind == "extra_forbidden":
        known = _known_keys(keys[:-1])
        near = difflib.get_close_matches(keys[-1], known, n=1)
        hint = f"Did you mean {name.rsplit('.', 1)[0]}.{near[0]}?" if near else f"Known keys: {', '.join(known)}."
        return f"{name} is no key of this project. {hint} Remove it with: pulumi config rm --path '{name}'"
    if kind == "roomz":
        subject = f"{name}: " if keys else "roomz: "
        shown = f"{value!r} " if isinstance(value, str) else ""
        return f"{subject}{shown}{detail['ctx']['text']}"
    return f"{name} is {value!r}: {_plain(detail)}. Set it with: {_command(keys, 'VALUE')}"


def _plain(detail: Any) -> str:
    message = str(detail["msg"])
    return message[0].lower() + message[1:]


def _known_keys(section: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in section:
        field = next(field for name, field in model.model_fields.items() if _key(name) == part)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return [_key(name) for name in model.model_fields if name != "connection"]


def _command(keys: list[str], value: str) -> str:
    path = ".".join(keys)
    return (
        f"pulumi config set --path 'roomz:{path}' {value}"
        if len(keys) > 1
        else f"pulumi config set roomz:{path} {value}"
    )
