"""The record that a secret was handed over: the key `roomz:secret.handedOver`. Pure.

Owns which number may be recorded, what the next `pulumi up` does because of it, and the lines of a stack file that say
it. Refuses to own the file and Pulumi's command line (scripts/hand_over.py). What the number means for each secret is
secret_plan.py's.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

KEY = "roomz:secret"
FIELD = "handedOver"


class RecordError(Exception):
    """The number cannot be recorded; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """`generation` is what the Portal has now; `ended` are the older ones that the next `up` removes because of it."""

    generation: int
    ended: tuple[int, ...]
    recorded_before: bool


def record(wanted: int | None, *, newest: int, issued: Collection[int], recorded: int | None) -> Record:
    """Decide what to record; without a wish it is the newest generation.

    `issued` are the generations that exist, `recorded` is what stands in the configuration. Raises RecordError for a number
    that was never issued, that is gone, or that goes back behind what was recorded.
    """
    generation = newest if wanted is None else wanted
    if generation > newest:
        raise RecordError(
            f"generation {generation} was never issued; the newest is {newest}. Nothing was recorded. "
            f"`pulumi stack output issuedSecrets` lists them"
        )
    if generation not in issued:
        raise RecordError(
            f"generation {generation} does not exist any more, so the ROOMZ Portal cannot work with it; there are "
            f"{', '.join(str(one) for one in sorted(issued))}. Nothing was recorded"
        )
    if recorded is not None and generation < recorded:
        raise RecordError(
            f"generation {recorded} is recorded as handed over already, and {generation} is older. Nothing was recorded. If the "
            f"ROOMZ Portal really has the older one, hand over generation {newest} instead: it is the one that lives on"
        )
    return Record(generation, tuple(one for one in sorted(issued) if one < generation), generation == recorded)


def recorded_generation(configuration: Mapping[str, str]) -> int | None:
    """Return what the configuration, as Pulumi gives it to a program, records; None for nothing."""
    value = _secret_object(configuration).get(FIELD)
    return None if value is None else int(value)


def lines_to_commit(configuration: Mapping[str, str], generation: int) -> str:
    """Return the key as it must stand below `config:` in the stack file, its other fields kept."""
    document = {KEY: {**_secret_object(configuration), FIELD: generation}}
    return yaml.safe_dump({"config": document}, sort_keys=False).rstrip()


def _secret_object(configuration: Mapping[str, str]) -> dict[str, Any]:
    text = configuration.get(KEY)
    found = json.loads(text) if text else {}
    return dict(found) if isinstance(found, dict) else {}
