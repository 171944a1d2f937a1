"""Reading the stack's configuration: from Pulumi's flat texts to Settings, or to one clear list of what is wrong.

Owns the reading, the azuread provider's keys that are ours to watch, and that every problem is found in one run. Owns no key and
no default (`settings.py`), and not the words of a refusal (`refusals.py`).
"""

import copy
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from components import refusals
from components.settings import Settings
from microsoft365.connection import CLOUDS, Connection
from microsoft365.credentials import checked_credentials
from microsoft365.errors import Problem

# Keys of the azuread provider that are credentials: in a stack file they would lie in the state.
FORBIDDEN_PROVIDER_KEYS = {
    "azuread:clientSecret": "ARM_CLIENT_SECRET",
    "azuread:clientCertificate": "ARM_CLIENT_CERTIFICATE",
    "azuread:clientCertificatePassword": "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "azuread:oidcToken": "ARM_OIDC_TOKEN",
    "azuread:oidcRequestToken": "ARM_OIDC_REQUEST_TOKEN",
}
# Keys that decide who the provider is, which the scripts cannot see: they, and a `destroy` that does not run this program, know the
# ARM_* variables alone. Each has the variable that says the same to both.
IDENTITY_PROVIDER_KEYS = {
    "azuread:clientId": "ARM_CLIENT_ID",
    "azuread:clientIdFilePath": "ARM_CLIENT_ID_FILE_PATH",
    "azuread:clientSecretFilePath": "ARM_CLIENT_SECRET_FILE_PATH",
    "azuread:clientCertificatePath": "ARM_CLIENT_CERTIFICATE_PATH",
    "azuread:oidcRequestUrl": "ARM_OIDC_REQUEST_URL",
    "azuread:oidcTokenFilePath": "ARM_OIDC_TOKEN_FILE_PATH",
    "azuread:adoPipelineServiceConnectionId": "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "azuread:useOidc": "ARM_USE_OIDC",
    "azuread:useMsi": "ARM_USE_MSI",
    "azuread:useCli": "ARM_USE_CLI",
    "azuread:useAksWorkloadIdentity": "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "azuread:msiEndpoint": "ARM_MSI_ENDPOINT",
}
# The others say where the tenant is, or nothing about it at all.
HARMLESS_PROVIDER_KEYS = {
    "azuread:tenantId",
    "azuread:environment",
    "azuread:metadataHost",
    "azuread:partnerId",
    "azuread:disableTerraformPartnerId",
}
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


def load(configuration: Mapping[str, str], environment: Mapping[str, str], project: str = "roomz") -> Settings:
    """Read the stack's whole configuration (`namespace:key` to text, objects as JSON) into Settings.

    `environment` is the process environment: `ARM_TENANT_ID` and the like fill in for `azuread:` keys, as they do for the provider.
    `project`: the Pulumi project's name, whose namespace is its program's own.
    Raises SettingsError with every problem at once.
    """
    provider_keys = [*FORBIDDEN_PROVIDER_KEYS, *IDENTITY_PROVIDER_KEYS, *sorted(HARMLESS_PROVIDER_KEYS)]
    problems = [*_provider_problems(configuration), *refusals.other_namespaces(configuration, provider_keys, project)]
    values: dict[str, Any] = {}
    names = refusals.known_fields(Settings)
    for full_name, text in configuration.items():
        namespace, _, name = full_name.partition(":")
        if namespace != "roomz":
            continue
        if name in names:
            values[name] = _value(name, text)
        else:
            problems.append(refusals.unknown_key(name, text))
    connection, connection_problems = _connection(configuration, environment, values)
    problems += connection_problems
    settings, wrong_values = _findings(values, connection)
    problems += wrong_values
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def ensure_credentials(settings: Settings, environment: Mapping[str, str]) -> None:
    """See that whoever deploys can sign in as one identity everywhere, before anything is asked of the tenant.

    Raises SettingsError naming the variable that is missing, wrong or of another tenant, the certificate that cannot be used, or
    the person whom the Azure CLI is signed in as.
    """
    try:
        checked_credentials(settings.connection, environment)
    except Problem as problem:
        raise SettingsError([str(problem)]) from None


def _findings(values: Mapping[str, Any], connection: Connection) -> tuple[Settings | None, list[str]]:
    """Return the settings, or everything that is wrong with the values.

    What one wrong value hides (a rule about a whole section is not looked at while a key of it is wrong) is found by leaving
    that value out and looking again.
    """
    problems: list[str] = []
    left = copy.deepcopy(dict(values))
    for _ in range(_LOOKS):
        try:
            settings = Settings.model_validate({**left, "connection": connection})
        except ValidationError as error:
            # A section that is refused whole reports the stand-in connection too, which is no key of the stack's.
            details = [detail for detail in error.errors() if detail["loc"][:1] != ("connection",)]
        else:
            return (None if problems else settings), problems
        said = [refusals.of_finding(detail) for detail in details if not _is_meant_otherwise(detail, details)]
        problems += [text for text in said if text not in problems]
        for detail in sorted(details, key=lambda one: str(one["loc"]), reverse=True):
            _leave_out(left, _path(detail))
    return None, problems


# How often the values are looked at again; each look leaves out what the one before it found.
_LOOKS = 6


def _path(detail: Any) -> tuple[str | int, ...]:
    key = detail["ctx"]["key"] if detail["type"] == "roomz" else ""
    return (*detail["loc"], *key.partition("[")[0].split(".")) if key else tuple(detail["loc"])


def _is_meant_otherwise(detail: Any, details: Sequence[Any]) -> bool:
    """Tell whether a key is missing only because it stands there under a wrong name, which is said already."""
    return detail["type"] == "missing" and any(
        other["type"] == "extra_forbidden" and other["loc"][:-1] == detail["loc"][:-1] and len(other["loc"]) > 1
        for other in details
    )


def _leave_out(values: dict[str, Any], path: Sequence[str | int]) -> None:
    """Take out what stands at a path, or put in what stands in for it, so that it hides nothing else any more."""
    place = refusals.Place(path)
    *above, last = place.keys
    holder: Any = values
    for key in above:
        below = holder.setdefault(key, {}) if isinstance(holder, dict) else None
        if not isinstance(below, dict) or key == "include":
            # What is no section goes whole: a filter without its text would be wrong in another way.
            holder.pop(key, None)
            return
        holder = below
    listed = holder.get(last)
    if place.number is not None and isinstance(listed, list) and len(listed) > 1:
        del listed[place.number]
    elif place.dotted in _STAND_INS:
        holder[last] = _STAND_INS[place.dotted]
    else:
        holder.pop(last, None)


# Whatever is wrong with `rbac` is wrong with `policy` as well; and a group has an address.
_STAND_INS: dict[str, Any] = {
    "access": "rbac",
    "group": {"primarySmtpAddress": "group@contoso.com"},
    "group.primarySmtpAddress": "group@contoso.com",
}


def _is_section(name: str) -> bool:
    field = refusals.known_fields(Settings)[name]
    return refusals.section_of(field) is not None


def _value(name: str, text: str) -> Any:
    """Objects and lists arrive as JSON text, everything else as plain text."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    # A text that looks like a number stays one; an object where a text is wanted is none.
    return value if _is_section(name) or name == "owners" or isinstance(value, dict | list) else text


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
                f"{key} is set in the stack: Exchange would be reached as another identity than Entra, since scripts and command "
                f"resources sign in by environment variables alone. Remove it with `pulumi config rm {key}` and say the same "
                f"to both with `export {variable}=...`"
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
            f"azuread:environment is {cloud!r}; it is one of {', '.join(CLOUDS)}."
            + (f" Did you mean {near[0]}?" if near else "")
            + f" Set it with: pulumi config set azuread:environment {near[0] if near else 'public'}"
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
        return _ANY_CONNECTION, [_of_connection(detail) for detail in error.errors()]
    return connection, []


def _of_connection(detail: Any) -> str:
    """The sentence for a host that is none."""
    ours = str(detail["loc"][0]) in {"exchange_host", "exchangeHost"}
    key, example = ("roomz:endpoints.exchange", "outlook.office365.com") if ours else ("azuread:metadataHost", "HOST")
    value = detail["input"]
    why = str(detail["msg"]).removeprefix("Value error, ").removeprefix(repr(value)).strip()
    path = "--path 'roomz:endpoints.exchange'" if ours else key
    return f"{key} is {value!r}, which {why}. Set it with: pulumi config set {path} {example}"
