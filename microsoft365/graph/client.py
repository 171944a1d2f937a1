"""Reading Microsoft Graph: pages, stale tokens, and errors as sentences. The little that is written is in the callers."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.graph.rights import missing
from microsoft365.http import Http

Token = Callable[[str | None], str]
Item = Mapping[str, Any]


class Graph:
    """Graph v1.0 of one tenant. `token(stale)` returns a bearer token other than `stale`."""

    def __init__(self, http: Http, base: str, token: Token) -> None:
        self._http = http
        self._base = f"{base}/v1.0"
        self._token = token

    @property
    def http(self) -> Http:
        """The client that this one sends by."""
        return self._http

    @property
    def base(self) -> str:
        """The address that every path is below."""
        return self._base

    def get(self, path: str, *, right: str) -> Item | None:
        """Read one object; None when it does not exist. `right` is what a refusal says is needed."""
        response = self.send("GET", f"{self._base}{path}", right=right)
        return None if response.status_code == 404 else self._document(response, path)

    def collection(self, path: str, *, right: str) -> list[Item]:
        """Read all pages of a list that every tenant has: 404 is an error, never an empty list."""
        found = self.related(path, right=right)
        if found is None:
            raise TenantRefused(
                f"Microsoft Graph {path.partition('?')[0]}: HTTP 404 instead of a list; nothing was changed"
            )
        return found

    def related(self, path: str, *, right: str) -> list[Item] | None:
        """Read all pages of a list that hangs on an object; None when that does not exist."""
        items: list[Item] = []
        address = f"{self._base}{path}"
        while address:
            response = self.send("GET", address, right=right)
            if response.status_code == 404:
                return None
            document = self._document(response, path)
            page = document.get("value")
            if not isinstance(page, list):
                raise TenantRefused(f"Microsoft Graph answered {path} without a list; nothing was changed")
            items += page
            address = str(document.get("@odata.nextLink") or "")
            if address and not _same_origin(address, self._base):
                raise TenantRefused(
                    f"Microsoft Graph's next page of {path} is on another host, or not by HTTPS; nothing was changed"
                )
        return items

    def post(self, path: str, body: Item, *, right: str) -> httpx.Response:
        """Send a change that may be sent twice; returns the answer, 400 and 404 included."""
        return self.send("POST", f"{self._base}{path}", body=body, right=right)

    def delete(self, path: str, *, right: str) -> httpx.Response:
        """Send a deletion, which may be sent twice; returns the answer, 400 and 404 included."""
        return self.send("DELETE", f"{self._base}{path}", right=right)

    def send(self, method: str, address: str, *, right: str, body: Item | None = None) -> httpx.Response:
        """Send one request, with a new token if the first is refused; raises NoAccess and TenantRefused."""
        token = self._token(None)
        response = self._once(method, address, token, body)
        if response.status_code == 401:
            response = self._once(method, address, self._token(token), body)
        what = f"Microsoft Graph {method} {httpx.URL(address).path}"
        if response.status_code in (401, 403):
            raise NoAccess(f"{what}: {describe(response)}: {missing(right)}")
        if response.status_code >= 400 and response.status_code not in (400, 404):
            raise TenantRefused(f"{what}: {describe(response)}")
        return response

    def _once(self, method: str, address: str, token: str, body: Item | None) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
        }
        what = f"Microsoft Graph {httpx.URL(address).path}"
        return self._http.send(method, address, headers=headers, json=body, what=what)

    @staticmethod
    def _document(response: httpx.Response, path: str) -> Item:
        if response.status_code != 200:
            raise TenantRefused(f"Microsoft Graph {path}: {describe(response)}")
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise TenantRefused(f"Microsoft Graph answered {path} with something that is cut off; nothing was changed")
        return document


def _same_origin(address: str, base: str) -> bool:
    """Whether a token that belongs to `base` may go to `address`."""
    found, own = httpx.URL(address), httpx.URL(base)
    return (found.scheme, found.netloc) == (own.scheme, own.netloc)


def error_of(response: httpx.Response) -> tuple[str, str]:
    """Return code and message of a Graph error document, empty where there are none."""
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError):
        return "", ""
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")


def describe(response: httpx.Response) -> str:
    """Return status, code and message of a failed answer as one line."""
    code, message = error_of(response)
    return " ".join(f"HTTP {response.status_code} {code} {message}".split())[:500]
