"""Graph's query options: $select, $filter, $top and the opaque $skiptoken of further pages.

Owns nothing else: an option that is not imitated is refused by name, never ignored.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from simulator.graph import errors
from simulator.graph.call import Call

PAGE = 100
LARGEST_PAGE = 999
KNOWN = {"$select", "$filter", "$top", "$skiptoken"}

_EQUALS = re.compile(r"^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$")
_STARTS = re.compile(r"^\s*startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)\s*$", re.IGNORECASE)

Document = dict[str, Any]


def check_options(call: Call, allowed: set[str]) -> None:
    """Refuse every query option that this call does not imitate."""
    for name in call.request.query_params:
        if name not in allowed:
            raise errors.not_imitated(f"the query option '{name}' for {call.request.url.path}")


def select(call: Call, document: Document, kind: str) -> Document:
    """Return the properties that $select names, or all."""
    wanted = call.request.query_params.get("$select")
    if not wanted:
        return document
    chosen: Document = {}
    for name in (part.strip() for part in wanted.split(",")):
        if name not in document:
            raise errors.malformed(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                f"'microsoft.graph.{kind}'."
            )
        chosen[name] = document[name]
    return chosen


def context(call: Call, what: str, *, single: bool) -> Document:
    """Return the `@odata.context` of an answer."""
    chosen = call.request.query_params.get("$select")
    columns = f"({chosen})" if chosen else ""
    return {"@odata.context": f"{call.base}/$metadata#{what}{columns}" + ("/$entity" if single else "")}


def one(call: Call, document: Document, collection: str, kind: str) -> Document:
    """Return a single object as Graph answers it."""
    check_options(call, {"$select"})
    return {**context(call, collection, single=True), **select(call, document, kind)}


def matching(call: Call, documents: list[Document], filterable: set[str]) -> list[Document]:
    """Return what $filter lets through: `property eq 'text'` and `startswith(property,'text')`."""
    text = call.request.query_params.get("$filter")
    if text is None:
        return documents
    equals, starts = _EQUALS.match(text), _STARTS.match(text)
    found = equals or starts
    if found is None or found.group(1) not in filterable:
        raise errors.not_imitated(
            f'the filter "{text}"; it knows eq and startswith for {", ".join(sorted(filterable))}'
        )
    name, wanted = found.group(1), found.group(2).replace("''", "'").casefold()
    test: Callable[[str], bool] = wanted.__eq__ if equals else (lambda value: value.startswith(wanted))
    return [document for document in documents if test(str(document[name] or "").casefold())]


def page(
    call: Call,
    documents: list[Document],
    collection: str,
    kind: str,
    filterable: set[str],
    *,
    default_size: int = PAGE,
    further_options: frozenset[str] = frozenset(),
) -> Document:
    """Return one page of a list, with a link to the next where there is more."""
    check_options(call, KNOWN | further_options if filterable else (KNOWN - {"$filter"}) | further_options)
    parameters = call.request.query_params
    size = _size(parameters.get("$top"), default_size)
    offset = 0
    if "$skiptoken" in parameters:
        offset, size = _read_token(parameters["$skiptoken"])
    found = matching(call, documents, filterable)
    answer: Document = {
        **context(call, collection, single=False),
        "value": [select(call, document, kind) for document in found[offset : offset + size]],
    }
    if offset + size < len(found):
        kept = [(name, value) for name, value in parameters.items() if name != "$skiptoken"]
        token = urlsafe_b64encode(json.dumps([offset + size, size]).encode()).decode().rstrip("=")
        query = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in [*kept, ("$skiptoken", token)])
        answer["@odata.nextLink"] = f"{call.simulator.identity_url}{call.request.url.path}?{query}"
    return answer


def _size(top: str | None, default_size: int) -> int:
    if top is None:
        return default_size
    if not top.isdecimal() or not 1 <= int(top) <= LARGEST_PAGE:
        raise errors.bad_request(
            f"Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive."
        )
    return int(top)


def _read_token(token: str) -> tuple[int, int]:
    try:
        offset, size = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(offset), int(size)
    except ValueError as error:
        raise errors.bad_request("The specified page token value has expired and can no longer be included.") from error
