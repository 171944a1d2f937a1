"""The words in which a wrong key or value of the stack's configuration is refused: key, value, what is wrong, what to write.

Owns how a finding of pydantic, a key that is none, and a key that Pulumi does not read as it was meant become one sentence each,
with the command that mends it. Owns no key and no rule (`settings.py`) and no reading (`configuration.py`). Pure.

The value of a key that is none is never repeated: it may be a credential that somebody put into the wrong place.
"""

import difflib
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components.rules import Section
from components.settings import Settings

ACCESS_EXPLAINED = (
    "`policy` grants the application Calendars.ReadWrite in Microsoft Entra and restricts it to the rooms by an application access "
    "policy, as ROOMZ's guide does; whoever deploys needs the right to grant it. `rbac` grants nothing in Entra and gives the "
    "application the rooms' calendars by RBAC for Applications in Exchange Online, which Microsoft and ROOMZ recommend today"
)
# What a command sets as an example, where the default is none.
_EXAMPLES = {
    "access": "rbac",
    "owners": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "secret.generation": "1",
    "secret.handedOver": "0",
    "secret.revokedThrough": "0",
    "rooms.include.filter": "\"Office -eq 'Bern'\"",
    "rooms.exclude": "room-eiger@contoso.com",
    "rooms.maxRemovals": "10%",
    "group.alias": "RoomzResources",
    "group.primarySmtpAddress": "RoomzResources@contoso.com",
    "endpoints.exchange": "outlook.office365.com",
    "verify.controlMailbox": "somebody@contoso.com",
}
_AN_ADDRESS = "room-eiger@contoso.com"
_ALIAS = "it holds letters, digits and !#$%&'*+/=?^_`{|}~-, with single dots in between"
# How near a name must be to be meant, and how near another namespace: there are other providers.
_NEAR, _VERY_NEAR = 0.6, 0.8
OTHER_NAMESPACES = frozenset({"azure", "azure-native", "azuredevops", "command", "pulumi", "random", "time"})


class Place:
    """Where a finding is: the keys and the numbers in lists that lead to it, without the names of a type's branches."""

    def __init__(self, location: Sequence[str | int]) -> None:
        self.keys: list[str] = []
        self.number: int | None = None
        """The place in a list, at the end of the path."""
        self._path = ""
        self.field: FieldInfo | None = None
        self.section: type[BaseModel] | None = Settings
        for part in location:
            self.number = part if isinstance(part, int) else None
            if isinstance(part, int):
                self._path += f"[{part}]"
                continue
            if self.section is None and self.field is not None and self._branch(part):
                continue
            field = known_fields(self.section).get(part)
            self.keys.append(part)
            self._path += f".{part}" if self._path else part
            self.field = field
            self.section = section_of(field) if field is not None else None

    def _branch(self, part: str) -> bool:
        """Tell whether a part is no key but a branch of a union; going on, the branch's model counts."""
        if part in _BRANCHES:
            self.section = _BRANCHES[part]
            return True
        # A key of one of the branches, where the way to it names none.
        self.section = next((model for model in _BRANCHES.values() if part in known_fields(model)), None)
        return self.section is None

    @property
    def name(self) -> str:
        """The whole key, as `pulumi config` takes it: `roomz:rooms.include[1]`."""
        return f"roomz:{self._path}"

    @property
    def dotted(self) -> str:
        """The key without the namespace and without numbers."""
        return ".".join(self.keys)

    def set_command(self, value: str) -> str:
        """The command that sets it."""
        flags = "--path " if "." in self._path or "[" in self._path else ""
        return f"pulumi config set {flags}{_quoted(self.name)} {value}"

    def remove_command(self) -> str:
        """The command that takes it out."""
        flags = "--path " if "." in self._path or "[" in self._path else ""
        return f"pulumi config rm {flags}{_quoted(self.name)}"


def _quoted(name: str) -> str:
    return f"'{name}'" if "." in name or "[" in name else name


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the model of a key that holds others."""
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def known_fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """Return the keys of a section as a stack file spells them."""
    fields = model.model_fields if model is not None else {}
    return {to_camel(name): field for name, field in fields.items() if name != "connection"}


def _branches(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel] | None]]:
    """Find the tags of discriminated unions and the models behind them."""
    for field in known_fields(model).values():
        section = section_of(field)
        if section is not None:
            yield from _branches(section)
        for branch in get_args(field.annotation):
            kind, *about = get_args(branch) or (branch,)
            for one in about:
                tag = getattr(one, "tag", None)
                if isinstance(tag, str):
                    yield tag, kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


_BRANCHES: dict[str, type[BaseModel] | None] = dict(_branches(Settings))


def every_key(model: type[BaseModel] = Settings, before: str = "") -> Iterator[str]:
    """Yield every key with its dots, sections too."""
    for name, field in known_fields(model).items():
        yield f"{before}{name}"
        section = section_of(field)
        if section is not None:
            yield from every_key(section, f"{before}{name}.")
    if model is Settings:
        yield "rooms.include.filter"


# -- a value that is wrong ------------------------------------------------------------------------------------------------


def of_finding(detail: Mapping[str, Any]) -> str:
    """Return one sentence for one finding of pydantic's."""
    place, kind = Place(detail["loc"]), detail["type"]
    if kind == "roomz":
        return _of_rule(place, detail)
    if kind == "missing":
        return _missing(place)
    if kind == "extra_forbidden":
        return _unknown_below(place, detail["input"])
    wrong, value = _what_is_wrong(place, detail), detail["input"]
    if kind in _NO_OBJECT:
        return f"{place.name} is {_shown(value)}, and it is an object: set its keys one by one, such as {_first_key(place)}"
    return f"{place.name} is {_shown(value)}; {wrong}. Set it with: {place.set_command(_meant(place, value))}"


def _of_rule(place: Place, detail: Mapping[str, Any]) -> str:
    """Return the sentence of one of our own rules: its text goes on after the key, or after key and value."""
    context = detail["ctx"]
    if context["key"]:
        place = Place([*place.keys, *str(context["key"]).split(".")])
        subject = place.name
    elif context["ofValue"]:
        subject = f"{place.name} is {_shown(detail['input'])}, which"
    else:
        subject = place.name
    text = f"{subject} {context['text']}"
    if context["remove"]:
        return f"{text}: {place.remove_command()}"
    if context["write"]:
        place = Place([*place.keys, *str(context["write"]).split(".")])
    end = "" if text.endswith("?") else "."
    return f"{text}{end} Set it with: {place.set_command(context['instead'] or _example(place))}"


def _missing(place: Place) -> str:
    if place.dotted == "access":
        return (
            f"{place.name} is missing. {ACCESS_EXPLAINED}. Set it with: pulumi config set roomz:access rbac, or policy"
        )
    return f"{place.name} is missing. Set it with: {place.set_command(_example(place))}"


_NO_OBJECT = frozenset({"model_type", "dict_type", "model_attributes_type"})
_NO_INTEGER = frozenset({"int_parsing", "int_type", "int_from_float", "int_parsing_size"})
_BEYOND = frozenset({"greater_than_equal", "less_than_equal"})


def _what_is_wrong(place: Place, detail: Mapping[str, Any]) -> str:
    kind = detail["type"]
    if kind == "literal_error":
        return f"it is one of {detail['ctx']['expected'].replace(' or ', ', ')}"
    if kind in {"bool_parsing", "bool_type"}:
        return "it is true or false"
    if kind in _NO_INTEGER | _BEYOND:
        return f"it is a whole number{_range(place.field)}"
    if kind in {"tuple_type", "list_type"}:
        return "it is a list"
    if kind == "string_type":
        return "it is a text"
    if kind == "string_too_short":
        return "it must not be empty"
    if kind == "string_too_long":
        return f"it has {len(detail['input'])} characters, and at most {detail['ctx']['max_length']}"
    if kind == "string_pattern_mismatch" and place.dotted == "group.alias":
        return _ALIAS
    message = str(detail["msg"])
    return message[0].lower() + message[1:]


def _range(field: FieldInfo | None) -> str:
    limits = {type(one).__name__: one for one in (field.metadata if field is not None else ())}
    low = getattr(limits.get("Ge"), "ge", None)
    high = getattr(limits.get("Le"), "le", None)
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" from {low}" if low is not None else ""


def _example(place: Place) -> str:
    """Return a value that the key takes."""
    if place.dotted in _EXAMPLES:
        return _EXAMPLES[place.dotted]
    if place.name.startswith("roomz:rooms.include["):
        return _AN_ADDRESS
    default = None if place.field is None or place.field.is_required() else place.field.default
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return shlex.quote(str(default[0])) if default else "VALUE"
    return shlex.quote(str(default)) if default not in (None, "") else "VALUE"


def _meant(place: Place, written: Any) -> str:
    """Return the word of the key's that is nearest to what was written, else any value that the key takes."""
    kinds = get_args(place.field.annotation) if place.field is not None else ()
    words = [one for one in kinds if isinstance(one, str)]
    near = _nearest(written, words) if isinstance(written, str) else None
    return near or _example(place)


def _carried_over(place: Place, written: Any) -> str:
    """Return what was written below a key that is none for the key that was meant, where it is a word or a small number.

    Nothing else is repeated: it may be a secret in the wrong place.
    """
    numeric = place.field is not None and _takes_a_number(place.field.annotation)
    number = str(written) if isinstance(written, int | str) and not isinstance(written, bool) else ""
    return number if numeric and re.fullmatch(r"[0-9]{1,3}", number) else _meant(place, written)


def _takes_a_number(annotation: Any) -> bool:
    return annotation is int or any(_takes_a_number(one) for one in get_args(annotation))


def _first_key(place: Place) -> str:
    name, field = next(iter(known_fields(place.section).items()), ("KEY", None))
    inner = Place([*place.keys, name])
    return inner.set_command(_example(inner) if field is not None else "VALUE")


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


# -- a key that is none ---------------------------------------------------------------------------------------------------


def _unknown_below(place: Place, written: Any) -> str:
    section, wrong = place.keys[:-1], place.keys[-1]
    known = [f"{'.'.join(section)}.{name}" for name in known_fields(Place(section).section)] or ["rooms.include.filter"]
    near = _elsewhere(wrong) or _nearest(place.dotted, known)
    if near is None:
        listed = ", ".join(f"roomz:{name}" for name in known)
        return f"{place.name} is no key of this project. Known are {listed}. Take it out with: {place.remove_command()}"
    return _instead(place, near, written)


def _instead(place: Place, near: str, written: Any) -> str:
    meant = Place(near.split("."))
    return (
        f"{place.name} is no key of this project. Did you mean roomz:{near}? Take it out with `{place.remove_command()}` and write "
        f"`{meant.set_command(_carried_over(meant, written))}`"
    )


def unknown_key(name: str, text: str) -> str:
    """Return the sentence for a key of our namespace that is none, flat dotted ones among them."""
    remove = f"pulumi config rm {_quoted(f'roomz:{name}')}"
    if "." in name or "[" in name:
        return _flat(name, text, remove)
    near = _elsewhere(name) or _nearest(name, [key for key in every_key() if "." not in key])
    if near is None:
        return f"roomz:{name} is no key of this project. Take it out with: {remove}"
    meant = Place(near.split("."))
    return (
        f"roomz:{name} is no key of this project. Did you mean roomz:{near}? Take it out with `{remove}` and write "
        f"`{meant.set_command(_carried_over(meant, text))}`"
    )


def _flat(name: str, text: str, remove: str) -> str:
    """Return the sentence for `config set roomz:a.b` without --path, which Pulumi keeps as a key of that very name."""
    section = name.partition(".")[0].partition("[")[0]
    said = f"roomz:{name} is a flat key, which Pulumi does not read as part of `{section}`. Take it out with `{remove}`"
    keys = list(every_key())
    bare = name.partition("[")[0]
    if bare in keys:
        return f"{said} and set it with `pulumi config set --path 'roomz:{name}' {shlex.quote(text)}`"
    near = _nearest(bare, keys)
    if near is None:
        return f"{said}; it is no key of this project either"
    meant = Place(near.split("."))
    return f"{said}. Did you mean roomz:{near}? Then write `{meant.set_command(_carried_over(meant, text))}`"


def other_namespaces(configuration: Mapping[str, str], provider_keys: Sequence[str], project: str) -> Iterator[str]:
    """Yield a sentence for each key whose namespace, or whose name below `azuread`, is a slip of the pen.

    The namespace of the `project` is its program's own, whatever it is called.
    """
    known = {key.partition(":")[2] for key in provider_keys}
    for full_name in configuration:
        namespace, _, name = full_name.partition(":")
        remove = f"pulumi config rm {_quoted(full_name)}"
        if namespace == "azuread" and name not in known:
            near = _nearest(name, sorted(known))
            if near is not None:
                yield (
                    f"{full_name} is no key of the azuread provider. Did you mean azuread:{near}? Take it out with `{remove}` and "
                    f"write `pulumi config set azuread:{near} VALUE`"
                )
        elif namespace not in {"roomz", "azuread", project} | OTHER_NAMESPACES:
            near = _nearest(namespace.casefold(), ["roomz", "azuread"], _VERY_NEAR)
            if near is not None:
                path = "--path " if "." in name else ""
                yield (
                    f"{full_name} is in the namespace `{namespace}`, which nobody reads. Did you mean `{near}`? Take it out with "
                    f"`{remove}` and write `pulumi config set {path}{_quoted(f'{near}:{name}')} VALUE`"
                )


def _nearest(name: str, names: Sequence[str], cutoff: float = _NEAR) -> str | None:
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _elsewhere(leaf: str) -> str | None:
    """Return the key that is called so in another section."""
    ends = [key for key in every_key() if key.rpartition(".")[2].casefold() == leaf.casefold()]
    return ends[0] if ends else None
