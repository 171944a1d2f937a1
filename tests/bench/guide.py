"""ROOMZ's guide on the wire, as a person runs it: each cmdlet is one InvokeCommand, one after another.

A program of its own, so that its whole process can be timed. It stands for the ExchangeOnlineManagement module, and is
quicker: no PowerShell to start, no module to download. That module makes batches of ten of a cmdlet that stands directly behind
a pipe, as one of the guide's does; the guide in batches is measured besides. Owns the guide's commands; imports nothing of the project. Reads one JSON document on standard input, prints
one with the seconds of each step.
"""

import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx

# "Connect-ExchangeOnline", -PageSize: 1000, which is the default as well.
_PAGE_SIZE = 1000
_BATCH_SIZE = 10
GROUP = "RoomzResources"

Parameters = dict[str, Any]


class Shell:
    """A connection to Exchange Online, as `Connect-ExchangeOnline` leaves one."""

    def __init__(self, login: str, exchange: str, tenant_id: str) -> None:
        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        self._client = httpx.Client(verify=context, timeout=120)
        self._base = f"{exchange}/adminapi/beta/{tenant_id}"
        answer = self._client.post(
            f"{login}/{tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": os.environ["ARM_CLIENT_ID"],
                "client_secret": os.environ["ARM_CLIENT_SECRET"],
                "scope": f"{exchange}/.default",
            },
        ).raise_for_status()
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def run(self, cmdlet: str, parameters: Parameters, *, failing: str = "") -> list[dict[str, Any]]:
        """Run one cmdlet and return all of its rows; a failure of the .NET type `failing` is printed red and no more."""
        address, rows = f"{self._base}/InvokeCommand", list[dict[str, Any]]()
        while address:
            headers = {**self._headers, "Prefer": f"odata.maxpagesize={_PAGE_SIZE}"}
            answer = self._client.post(address, json=_body(cmdlet, parameters), headers=headers)
            if answer.status_code >= 400:
                if failing and failing in answer.text:
                    return rows
                raise RuntimeError(f"{cmdlet}: {answer.status_code} {answer.text}")
            document = answer.json() if answer.content else {}
            rows += document.get("value") or []
            address = document.get("@odata.nextLink", "")
        return rows

    def run_piped(self, cmdlet: str, inputs: Iterable[Parameters]) -> None:
        """Run one cmdlet for each input, ten in a batch, one batch after another."""
        waiting = list(inputs)
        for start in range(0, len(waiting), _BATCH_SIZE):
            requests = [
                {
                    "id": str(number),
                    "method": "POST",
                    "url": f"{self._base}/InvokeCommand",
                    "headers": {**self._headers, "Prefer": "odata.continue-on-error"},
                    "body": _body(cmdlet, parameters),
                }
                for number, parameters in enumerate(waiting[start : start + _BATCH_SIZE])
            ]
            answer = self._client.post(f"{self._base}/$batch", json={"requests": requests}, headers=self._headers)
            if wrong := [each for each in answer.raise_for_status().json()["responses"] if each["status"] >= 400]:
                raise RuntimeError(f"{cmdlet}: {wrong[0]}")


def _body(cmdlet: str, parameters: Parameters) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}


def _rooms(shell: Shell) -> list[str]:
    """`Get-Mailbox| where {$_.RecipientTypeDetails -eq "RoomMailbox"}`.

    The guide leaves -ResultSize out, and then gets the tenant's first thousand mailboxes, whosever they are.
    """
    mailboxes = shell.run("Get-Mailbox", {"ResultSize": "Unlimited"})
    return [each["UserPrincipalName"] for each in mailboxes if each["RecipientTypeDetails"] == "RoomMailbox"]


def make_group(shell: Shell, given: dict[str, str]) -> None:
    """Step B."""
    address = f"{GROUP}@{given['domain']}"
    parameters = {"Name": GROUP, "Alias": GROUP, "PrimarySmtpAddress": address, "Type": "Security"}
    shell.run("New-DistributionGroup", parameters)


def add_members(shell: Shell, _given: dict[str, str]) -> None:
    """Step C: `… | foreach {Add-DistributionGroupMember …}`. Within `foreach` no module makes batches."""
    for room in _rooms(shell):
        # A person owns the group that she made; an application never does, hence the bypass.
        parameters = {"Identity": GROUP, "Member": room, "BypassSecurityGroupManagerCheck": True}
        shell.run("Add-DistributionGroupMember", parameters, failing="MemberAlreadyExistsException")


def make_policy(shell: Shell, given: dict[str, str]) -> None:
    """Step D."""
    parameters = {"AppId": given["clientId"], "PolicyScopeGroupId": GROUP, "AccessRight": "RestrictAccess"}
    shell.run("New-ApplicationAccessPolicy", {**parameters, "Description": "Restricted ROOMZ Access"})


def _titles(shell: Shell) -> list[Parameters]:
    off = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}
    return [{"Identity": room, **off} for room in _rooms(shell)]


def keep_titles(shell: Shell, _given: dict[str, str]) -> None:
    """Chapter 5, all rooms at once."""
    for parameters in _titles(shell):
        shell.run("Set-CalendarProcessing", parameters)


def keep_titles_in_batches(shell: Shell, _given: dict[str, str]) -> None:
    """The same as Microsoft's module sends it: a cmdlet directly behind a pipe, ten in a batch."""
    shell.run_piped("Set-CalendarProcessing", _titles(shell))


STEPS: dict[str, Callable[[Shell, dict[str, str]], None]] = {
    "B": make_group,
    "C": add_members,
    "D": make_policy,
    "5": keep_titles,
    "5 in batches": keep_titles_in_batches,
}


def main() -> None:
    """Run the steps that are asked for."""
    given = json.load(sys.stdin)
    shell = Shell(given["login"], given["exchange"], given["tenantId"])
    seconds: dict[str, float] = {}
    for name in given["steps"]:
        begin = time.perf_counter()
        STEPS[name](shell, given)
        seconds[name] = time.perf_counter() - begin
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
