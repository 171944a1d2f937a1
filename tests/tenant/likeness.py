"""How an answer is compared with what Microsoft's pages and public captures show.

Owns placeholders and the comparison.  An expected document is JSON; a text in it may hold marks such as `<guid>`, each standing
for a value that differs from tenant to tenant, and `<integer>`, `<boolean>` and `<list>` stand for a whole value.  An object with
the key `...` may have further properties; a list that ends with `"..."` holds one or more items, each like the one before it.
Whatever else is written is meant literally, the JSON type included.
"""

import re
from collections.abc import Iterator
from typing import Any

MARKS = {
    "guid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "GUID": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "moment": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z",
    "ticks": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}(Z|\+00:00)",
    "second": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}",
    "stamp": r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z",
    "date": r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT",
    "sid": r"S-1-5-21(-\d+)+",
    "error id": r"Ex[0-9A-F]{6}",
    "controller": r"[A-Z0-9]+\.[A-Z0-9]+\.PROD\.OUTLOOK\.COM",
    "opaque": r"[A-Za-z0-9_.~\-]{20,}",
    "text": r"[\s\S]+",
    "any text": r"[\s\S]*",
}
WHOLE: dict[str, type | tuple[type, ...]] = {"<integer>": int, "<boolean>": bool, "<list>": list}
FURTHER = "..."

_MARK = re.compile(r"<(" + "|".join(map(re.escape, MARKS)) + r")>")


def differences(expected: Any, found: Any, where: str = "$") -> Iterator[str]:
    """Say in what `found` differs from `expected`; nothing when it is alike."""
    if isinstance(expected, str) and expected in WHOLE:
        if not isinstance(found, WHOLE[expected]) or (expected == "<integer>" and isinstance(found, bool)):
            yield f"{where}: {found!r} is no {expected}"
    elif isinstance(expected, dict) and isinstance(found, dict):
        yield from _objects(expected, found, where)
    elif isinstance(expected, list) and isinstance(found, list):
        yield from _lists(expected, found, where)
    elif isinstance(expected, str) and isinstance(found, str):
        if not _pattern(expected).fullmatch(found):
            yield f"{where}: {found!r} is not like {expected!r}"
    elif type(expected) is not type(found) or expected != found:
        yield f"{where}: {found!r} is not {expected!r}"


def _objects(expected: dict[str, Any], found: dict[str, Any], where: str) -> Iterator[str]:
    wanted = {key: value for key, value in expected.items() if key != FURTHER}
    for key in wanted.keys() - found.keys():
        yield f"{where}: there is no {key!r}"
    if FURTHER not in expected:
        for key in found.keys() - wanted.keys():
            yield f"{where}: {key!r} is not expected"
    for key, value in wanted.items():
        if key in found:
            yield from differences(value, found[key], f"{where}.{key}")


def _lists(expected: list[Any], found: list[Any], where: str) -> Iterator[str]:
    if expected[-1:] == [FURTHER]:
        like = expected[-2]
        expected = [*expected[:-1], *[like] * (len(found) - len(expected) + 1)]
    if len(expected) != len(found):
        yield f"{where}: there are {len(found)} items, not {len(expected)}"
    for index, (one, other) in enumerate(zip(expected, found, strict=False)):
        yield from differences(one, other, f"{where}[{index}]")


def _pattern(text: str) -> re.Pattern[str]:
    parts = _MARK.split(text)
    return re.compile(
        "".join(f"(?:{MARKS[part]})" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )


def annotation_faults(document: Any, where: str = "$") -> Iterator[str]:
    """Say where a document of Exchange's administrative API breaks its rules for annotations.

    A .NET type is told right before the property, `@data.type` before `@odata.type`; lists, GUIDs, dates and numbers have one,
    texts, booleans and null have none.  Source: a published answer of InvokeCommand to Get-Mailbox, 22 May 2024.
    """
    if isinstance(document, list):
        for index, each in enumerate(document):
            yield from annotation_faults(each, f"{where}[{index}]")
    if not isinstance(document, dict):
        return
    waiting: list[str] = []
    for key, value in document.items():
        name, at, kind = key.partition("@")
        if name and at and kind in ("data.type", "odata.type"):
            waiting.append(key)
            continue
        told = [document[each] for each in waiting]
        if [each.partition("@")[0] for each in waiting] not in ([], [key], [key, key], [key.lstrip("@")]):
            yield f"{where}: {waiting} are not right before what they tell of, {key!r} is there"
        elif sorted(waiting) != waiting:
            yield f"{where}: {waiting} are in the wrong order"
        elif key != "value" and told not in _told(value):
            yield f"{where}.{key}: {value!r} is told to be {told}"
        waiting = []
        yield from annotation_faults(value, f"{where}.{key}")
    if waiting:
        yield f"{where}: {waiting} tell of nothing"


def _told(value: Any) -> list[list[str]]:
    """What may be told of a value."""
    if value is None or isinstance(value, bool | dict):
        return [[]]
    if isinstance(value, list):
        return [["#Collection(String)"]] if all(isinstance(each, str) for each in value) else [[]]
    if isinstance(value, int):
        return [["System.Int32"], ["System.Int16", "#Int16"], ["System.Int64", "#Int64"]]
    if re.fullmatch(MARKS["guid"], value):
        return [[], ["System.Guid", "#Guid"]]
    return [["System.DateTime"]] if re.fullmatch(MARKS["ticks"], value) else [[]]
