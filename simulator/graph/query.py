"""Graph's query options: $select, $filter, $orderby, $count, $top and the opaque $skiptoken of further pages.

Owns the options and their refusals, which for directory objects depend on *advanced queries*: the header
`ConsistencyLevel: eventual` and `$count=true` together.  Refuses to own the language of $filter (filters.py).  An option
that is not imitated is refused by name, never ignored; $count alone is ignored, as Graph does.
Source: "Advanced query capabilities on Microsoft Entra ID objects".
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote

from simulator.graph import errors, filters
from simulator.graph.call import Answer, Call

PAGE = 100
LARGEST_PAGE = 999
KNOWN = {"$select", "$top", "$skiptoken"}
OF_DIRECTORY = {"$filter", "$count", "$orderby", "$search"}
SORTABLE = dict.fromkeys(("application", "servicePrincipal"), ("createdDateTime", "deletedDateTime", "displayName"))
"""What can be sorted by, in advanced queries only."""
_PLAIN = "$'(),:/*@!"
"""What stays readable in links."""

Document = dict[str, Any]


def check_options(call: Call, allowed: set[str]) -> None:
    """Refuse every query option that this call does not imitate."""
    for name in call.request.query_params:
        if name not in allowed:
            raise errors.not_imitated(f"the query option '{name}' for {call.request.url.path}")


def is_eventual(call: Call) -> bool:
    """Tell whether the caller accepts Graph's index, which advanced queries are answered from."""
    return call.request.headers.get("consistencylevel", "").lower() == "eventual"


def counts(call: Call) -> bool:
    """Tell whether the answer holds `@odata.count`."""
    return is_eventual(call) and call.request.query_params.get("$count", "").lower() == "true"


def refuse_count(call: Call) -> Answer:
    """Refuse the path segment $count: without the header as Graph does, with it by name."""
    if not is_eventual(call):
        raise errors.bad_request("$count is not currently supported.")
    raise errors.not_imitated(call.request.url.path)


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


def page(
    call: Call,
    documents: list[Document],
    collection: str,
    kind: str,
    filterable: filters.Filterable,
    *,
    default_size: int = PAGE,
    further_options: frozenset[str] = frozenset(),
) -> Document:
    """Return one page of a list, with a link to the next where there is more.

    A list that can be filtered is one of the directory: it shows what readers see, and knows advanced queries.
    """
    check_options(call, KNOWN | further_options | (OF_DIRECTORY if filterable else set()))
    parameters = call.request.query_params
    size = _size(parameters.get("$top"), default_size)
    offset = 0
    if "$skiptoken" in parameters:
        offset, size = _read_token(parameters["$skiptoken"])
    found = _of_directory(call, documents, kind, filterable) if filterable else documents
    answer = context(call, collection, single=False)
    if filterable and counts(call):
        answer["@odata.count"] = len(found)
    if offset + size < len(found):
        answer["@odata.nextLink"] = _next_link(call, offset + size, size)
    answer["value"] = [select(call, document, kind) for document in found[offset : offset + size]]
    return answer


def _of_directory(call: Call, documents: list[Document], kind: str, filterable: filters.Filterable) -> list[Document]:
    """Return what $filter lets through of what readers see, in the order of $orderby."""
    parameters = call.request.query_params
    advanced = counts(call)
    if "$search" in parameters:
        if not is_eventual(call):
            raise errors.unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special request header: "
                "'ConsistencyLevel: eventual'"
            )
        raise errors.not_imitated("$search")
    if "$filter" in parameters:
        test = filters.parse(parameters["$filter"], filterable, kind, advanced=advanced)
        documents = [document for document in documents if test(document)]
    found = [document for document in documents if call.readers.sees(document["id"])]
    if "$orderby" not in parameters:
        return found
    name, _, direction = parameters["$orderby"].strip().partition(" ")
    if not advanced or name not in SORTABLE.get(kind, ()) or direction not in ("", "asc", "desc"):
        raise errors.unsupported_query("Sorting not supported for current query.")
    return sorted(found, key=lambda each: str(each.get(name) or "").casefold(), reverse=direction == "desc")


def _size(top: str | None, default_size: int) -> int:
    if top is None:
        return default_size
    if not top.isdecimal() or not 1 <= int(top) <= LARGEST_PAGE:
        raise errors.bad_request(
            f"Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive."
        )
    return int(top)


def _next_link(call: Call, offset: int, size: int) -> str:
    token = urlsafe_b64encode(json.dumps([offset, size]).encode()).decode().rstrip("=")
    kept = [(name, value) for name, value in call.request.query_params.multi_items() if name != "$skiptoken"]
    options = "&".join(f"{name}={quote(value, safe=_PLAIN)}" for name, value in [*kept, ("$skiptoken", token)])
    return f"{call.simulator.identity_url}{call.request.url.path}?{options}"


def _read_token(token: str) -> tuple[int, int]:
    try:
        offset, size = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(offset), int(size)
    except (ValueError, TypeError) as error:
        raise errors.bad_request("The specified page token value has expired and can no longer be included.") from error
