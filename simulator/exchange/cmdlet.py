"""What a cmdlet is here: its parameters with their kinds, whether it writes, whether it asks first, and what runs it.

Owns the binding of parameters: unknown names, missing ones and wrong types are refused as Microsoft's binder does, and
a documented parameter that is not imitated is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.exchange import errors
from simulator.tenant import Tenant

Kind = Literal["text", "texts", "boolean", "switch", "integer", "size"]
Row = dict[str, Any]

DEFAULT_RESULTS = 1000
"""Results of a Get- cmdlet without ResultSize (Microsoft Learn, parameter ResultSize)."""


@dataclass(frozen=True)
class Parameter:
    """A parameter; `values` are the only ones allowed, compared without letter case."""

    kind: Kind = "text"
    required: bool = False
    values: tuple[str, ...] = ()
    longest: int | None = None
    enumeration: str = ""


@dataclass
class Result:
    """What a cmdlet returns: items, how one becomes a row, and warnings."""

    items: Sequence[Any] = ()
    row: Callable[[Any], Row] = dict
    warnings: list[str] = field(default_factory=list)
    size: int | None = None
    """How many items are wanted at most; None is all."""


@dataclass
class Session:
    """A cmdlet on its way: the tenant, who calls, and the cmdlet's name."""

    tenant: Tenant
    cmdlet: str
    require_delegation: Callable[[str], None]
    """Refuses a management role that the caller may not give to others."""


Run = Callable[[Session, dict[str, Any]], Result]


@dataclass(frozen=True)
class Cmdlet:
    """A cmdlet and what of it is imitated."""

    name: str
    run: Run
    parameters: Mapping[str, Parameter]
    imitated: str
    documented: tuple[str, ...] = ()
    """Parameters that Microsoft documents for Exchange Online and that are refused as not imitated."""
    asks_first: bool = False

    @property
    def writes(self) -> bool:
        """Tell whether it can change anything."""
        return not self.name.startswith(("Get-", "Test-"))

    def bind(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters by their documented names, converted.  Raises ExchangeError."""
        known = {name.lower(): name for name in self.parameters}
        documented = {name.lower(): name for name in (*self.documented, "WhatIf", "ErrorAction", "WarningAction")}
        unknown = [name for name in given if name.lower() not in known and name.lower() not in documented]
        if unknown:
            raise errors.unknown_parameters(unknown)
        for name in given:
            if name.lower() in documented and name.lower() not in known:
                raise errors.not_imitated(f"the parameter {documented[name.lower()]} of {self.name}")
        bound = {
            known[name.lower()]: convert(known[name.lower()], self.parameters[known[name.lower()]], value)
            for name, value in given.items()
        }
        bound = {name: value for name, value in bound.items() if value is not None}
        missing = [name for name, parameter in self.parameters.items() if parameter.required and name not in bound]
        if missing:
            raise errors.missing_parameters(missing)
        if bound.get("Confirm") is True or (self.asks_first and "Confirm" not in bound):
            raise errors.would_prompt(self.name)
        return bound


def convert(name: str, parameter: Parameter, value: Any) -> Any:
    """Return a value in its parameter's type; null, and an empty Identity, count as not given.  Raises ExchangeError.

    So a Get- cmdlet answers all objects to them, as Microsoft's pages warn.
    """
    if value is None or (value == "" and (parameter.required or name == "Identity")):
        return None
    if isinstance(value, dict):
        raise errors.not_imitated(f"a hash table as the value of {name}")
    return _CONVERTERS[parameter.kind](name, parameter, value)


def _text(name: str, parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise errors.wrong_value(name, value, "System.String")
    if parameter.longest is not None and len(value) > parameter.longest:
        raise errors.invalid(
            f"The length of the property is too long. The maximum length is {parameter.longest} and the length of the "
            f"value provided is {len(value)}. Property Name: {name}",
            "Microsoft.Exchange.Data.DataValidationException",
        )
    if parameter.values:
        return _one_of(name, parameter, value)
    return value


def _texts(name: str, parameter: Parameter, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each for each in values):
        raise errors.wrong_value(name, value, "System.String[]")
    if len({each.casefold() for each in values}) < len(values):
        twice = next(each for each in values if sum(each.casefold() == other.casefold() for other in values) > 1)
        raise errors.wrong_value(name, twice, "Microsoft.Exchange.Data.MultiValuedProperty (the value is there twice)")
    return [_one_of(name, parameter, each) if parameter.values else each for each in values]


def _one_of(name: str, parameter: Parameter, value: str) -> str:
    for allowed in parameter.values:
        if allowed.lower() == value.lower():
            return allowed
    wanted = parameter.enumeration or f"Microsoft.Exchange.Data.{name}"
    raise errors.wrong_value(name, value, wanted, parameter.values)


def _boolean(name: str, _parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise errors.wrong_value(name, value, "System.Boolean")
    return value


def _integer(name: str, _parameter: Parameter, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.wrong_value(name, value, "System.Int32")
    return value


def _size(name: str, _parameter: Parameter, value: Any) -> int | str:
    if isinstance(value, str) and value.lower() == "unlimited":
        return "Unlimited"
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise errors.wrong_value(name, value, "Microsoft.Exchange.Data.Unlimited")
    return value


_CONVERTERS: dict[Kind, Callable[[str, Parameter, Any], Any]] = {
    "text": _text,
    "texts": _texts,
    "boolean": _boolean,
    "switch": _boolean,
    "integer": _integer,
    "size": _size,
}

TEXT = Parameter()
IDENTITY = Parameter(required=True)
TEXTS = Parameter("texts")
BOOLEAN = Parameter("boolean")
SWITCH = Parameter("switch")
INTEGER = Parameter("integer")
SIZE = Parameter("size")


def wanted_size(bound: dict[str, Any]) -> int | None:
    """Return how many results are wanted: ResultSize, 1000 without it, None for Unlimited."""
    size = bound.get("ResultSize", DEFAULT_RESULTS)
    return None if size == "Unlimited" else int(size)


def modified(changed: bool, identity: str) -> Result:  # noqa: FBT001 - the one thing that it says
    """Return the empty result of a Set- cmdlet, with Microsoft's warning when nothing changed."""
    text = f"The command completed successfully but no settings of '{identity}' have been modified."
    return Result(warnings=[] if changed else [text])
