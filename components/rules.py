"""What values of the stack's configuration look like, and how a rule of it is broken: the types that `settings.py` is made of.

Owns the checks of single values (addresses, ids, names, filters, limits, each as the scripts check them) and the form in which a
broken rule is reported. Owns no key (`settings.py`) and no sentence about one (`refusals.py`).
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from microsoft365.exchange import filters
from microsoft365.validation import check_address, check_guid, check_name, check_removal_limit, check_unique


def problem(
    text: str, *, key: str = "", write: str = "", instead: str = "", remove: bool = False, of_value: bool = False
) -> PydanticCustomError:
    """A rule that is broken: `text` goes on after the key (`key` below the section that raises it), or after key and value.

    Then follows the command that mends it: setting `instead`, of the key `write` below it where it is another one, or, with
    `remove`, taking the key out. See refusals.py.
    """
    context = {"text": text, "key": key, "write": write, "instead": instead, "remove": remove, "ofValue": of_value}
    return PydanticCustomError("roomz", "{text}", context)


def _by(check: Callable[[str], str]) -> Callable[[str], str]:
    """The scripts' own check, so that what is accepted here is accepted there; its words follow the value."""

    def validate(value: str) -> str:
        try:
            return check(value)
        except ValueError as error:
            # After key and value: it "begins or ends with a space".
            raise problem(str(error).removeprefix(repr(value)).strip(), of_value=True) from None

    return validate


def _filter(value: str) -> str:
    try:
        filters.parse(value)
    except filters.FilterError as error:
        raise problem(f"is {value!r}: {error}") from None
    return value


def unique(values: tuple[str, ...], key: str = "") -> tuple[str, ...]:
    """Each value once, in whatever letter case."""
    try:
        check_unique(values)
    except ValueError:
        folded = [value.casefold() for value in values]
        twice = [value for index, value in enumerate(values) if folded[index] in folded[:index]]
        text = f"lists {', '.join(twice)} more than once; each belongs there once. Set the list anew, after it was taken out with"
        raise problem(text, key=key, remove=True) from None
    return values


def _limit(value: Any) -> Any:
    """A number of rooms or a share, in whatever form a stack file has it; one sentence for everything else."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    try:
        if not isinstance(number, int | str | None):
            raise ValueError  # noqa: TRY301, TRY004  # the same sentence
        return None if number is None else check_removal_limit(number)
    except ValueError:
        text = f"is {value!r}; it is a number of rooms, 0 or more, or a share from 0% to 100%"
        raise problem(text) from None


def _no_boolean(value: Any) -> Any:
    """Python takes true for 1."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Address = Annotated[str, AfterValidator(_by(check_address))]
ObjectId = Annotated[str, AfterValidator(_by(check_guid))]
Name = Annotated[str, AfterValidator(_by(check_name))]
Filter = Annotated[str, AfterValidator(_filter)]
RemovalLimit = Annotated[int | str | None, BeforeValidator(_limit)]


class Section(BaseModel):
    """Keys that belong together: camelCase in the stack file, frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)
