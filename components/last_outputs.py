"""The stack's own last outputs as plain values.

Owns which of them the program may lean on in the next run, and their reading. Never keeps a secret one: the client secret
comes back in clear with the rest and is dropped here. Declares no resource.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from tenacity import retry, retry_if_exception, stop_after_delay, wait_exponential

from components.secret_plan import IssuedSecret, issued_from_outputs

# What the output `access` says in its `status` while nothing may be granted yet.
WAITING = "waiting"


@dataclass(frozen=True)
class LastOutputs:
    """What the last successful `up` said. Everything is None or empty on a new stack, and after a first `up` that failed."""

    client_id: str | None = None
    application_object_id: str | None = None
    service_principal_object_id: str | None = None
    access: str | None = None
    consent: str | None = None
    consent_mode: str | None = None
    waiting: bool = False
    """Whether it waited for the restriction, and so made neither grant nor secret."""
    exchange_revision: str | None = None
    protect: bool | None = None
    issued_secrets: tuple[IssuedSecret, ...] = ()

    @property
    def generations(self) -> tuple[int, ...]:
        """The numbers of the secrets that the stack has put out."""
        return tuple(secret.generation for secret in self.issued_secrets)


def read_last_outputs() -> LastOutputs:
    """Ask the engine for the outputs of this very stack. Works at preview and update alike, and on a new stack."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        return parse_last_outputs(_read(name))
    except Exception as error:  # noqa: BLE001 -- an invoke that fails raises nothing narrower
        raise pulumi.RunError(
            f"The stack's last outputs could not be read, so nothing was changed: {' '.join(str(error).split())}. Try again."
        ) from None


@retry(
    # A file backend rewrites the checkpoint at the start of an update, while the program reads it.
    retry=retry_if_exception(lambda error: "failed to load checkpoint" in str(error)),
    wait=wait_exponential(multiplier=0.05, max=1),
    stop=stop_after_delay(10),
    reraise=True,
)
def _read(name: str) -> Mapping[str, Any]:
    result = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name})
    outputs: Mapping[str, Any] = (result.value or {}).get("outputs") or {}
    return outputs


def parse_last_outputs(outputs: Mapping[str, Any]) -> LastOutputs:
    """Take the keys that are needed and nothing else."""
    access = outputs.get("access")
    access = access if isinstance(access, Mapping) else {}
    return LastOutputs(
        client_id=outputs.get("clientId"),
        application_object_id=outputs.get("applicationObjectId"),
        service_principal_object_id=outputs.get("servicePrincipalObjectId"),
        access=access.get("model"),
        consent=access.get("consent"),
        consent_mode=access.get("consentMode"),
        waiting=access.get("status") == WAITING,
        exchange_revision=outputs.get("exchangeRevision"),
        protect=outputs.get("protect"),
        issued_secrets=tuple(issued_from_outputs(outputs.get("issuedSecrets") or {})),
    )
