"""Microsoft Graph in a few lines: applications, service principals and grants, and whatever else a test lets it answer."""

from collections.abc import Callable
from typing import Any

import httpx

from microsoft365.graph.client import Graph
from tests.desired_state.builders import MARK
from tests.desired_state.wires import Clock, http

BASE = "https://graph.microsoft.com"
CALENDARS, MAIL = "ef54d2bf-783f-4e0f-bca1-3210c0435d99", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
FULL_ACCESS, MANAGE = "dc890d15-9560-4a4c-9b7f-a736ec74ec40", "dc50a0fb-09a3-484d-be87-e023b12c6440"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"


class Directory:
    """Applications, service principals and grants; a test changes what each question is answered with."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.applications: list[dict[str, Any]] = []
        # Applications that exist and that the list does not show yet.
        self.unlisted: list[dict[str, Any]] = []
        self.deleted: list[dict[str, Any]] = []
        self.principals: dict[str, str] = {}
        self.grants: dict[str, list[str]] = {}
        self.gone: set[str] = set()
        self.asked: list[str] = []
        self.early: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def graph(self) -> Graph:
        return Graph(http(self._answer, self.clock), BASE, lambda stale: "fresh" if stale else "first")

    def add(self, client_id: str, *, mark: str = MARK, roles: tuple[str, ...] = (CALENDARS,)) -> None:
        self.applications.append(
            {"id": f"object {client_id}", "appId": client_id, "displayName": "ROOMZGraph", "notes": mark}
        )
        self.principals[client_id] = f"principal {client_id}"
        self.grants[f"principal {client_id}"] = list(roles)

    def delete(self, client_id: str) -> None:
        self.deleted.append(
            {"id": f"object {client_id}", "appId": client_id, "deletedDateTime": "2026-11-24T00:00:00Z"}
        )
        self.gone |= {f"object {client_id}", f"principal {client_id}"}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0")
        self.asked.append(path)
        early = self.early(request)
        if early is not None:
            return early
        last = path.rsplit("/", 1)[-1]
        if path == "/applications":
            return self._list(self.applications)
        if path.startswith("/directory/deletedItems"):
            return self._list(self.deleted)
        if path == "/servicePrincipals":
            wanted = request.url.params["$filter"].split("'")[1]
            if wanted == GRAPH_APP:
                roles = [{"id": CALENDARS, "value": "Calendars.ReadWrite"}, {"id": MAIL, "value": "Mail.Read"}]
                return self._list([{"id": "graph", "appId": GRAPH_APP, "appRoles": roles}])
            if wanted == EXCHANGE_APP:
                roles = [
                    {"id": FULL_ACCESS, "value": "full_access_as_app"},
                    {"id": MANAGE, "value": "Exchange.ManageAsApp"},
                ]
                return self._list([{"id": "exchange", "appId": EXCHANGE_APP, "appRoles": roles}])
            found = self.principals.get(wanted)
            return self._list([{"id": found, "appId": wanted}] if found else [])
        if last == "appRoleAssignments":
            return self._list([{"id": "g", "appRoleId": role} for role in self.grants[path.split("/")[2]]])
        if path.startswith("/servicePrincipals/") and last == "owners":
            return self._list([{"id": "owner"}])
        if path.startswith("/applications"):
            return self._application(path)
        return httpx.Response(404 if last in self.gone else 200, json={"id": last})

    def _application(self, path: str) -> httpx.Response:
        """Answer for one application, by its object id or its client id, whether the list shows it or not."""
        key = path.split("/")[2] if path.startswith("/applications/") else path.split("'")[1]
        for one in (*self.applications, *self.unlisted):
            if key in (one["id"], one["appId"]) and one["id"] not in self.gone:
                return self._list([{"id": "owner"}]) if path.endswith("/owners") else httpx.Response(200, json=one)
        return httpx.Response(
            404, json={"error": {"code": "Request_ResourceNotFound", "message": "It does not exist."}}
        )

    @staticmethod
    def _list(items: list[dict[str, Any]]) -> httpx.Response:
        return httpx.Response(200, json={"value": items})
