"""Outlook's own limit: so many requests at once of one application for one mailbox's calendar."""

from typing import Any

import httpx
import pytest

from tests.tenant.at_once import send_at_once
from tests.tenant.client import EIGER, TenantClient, expect, graph_error

RIGI = "room-rigi@alpenblick.example"


@pytest.fixture
def tokens(tenant: TenantClient) -> list[str]:
    """The tokens of two applications that may read every calendar, in a tenant that takes four at once of a mailbox."""
    made = [tenant.make_application(name) for name in ("First", "Second")]
    for each in made:
        expect(tenant.grant(each["servicePrincipalId"]), 201)
    conditions = {
        "latency": {"requestMilliseconds": 900},
        "throttle": {"concurrentRequestsOfMailbox": 4, "retryAfterSeconds": 3},
    }
    found = [tenant.token(client_id=each["appId"]) for each in made]
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", conditions)
    return found


def read(tenant: TenantClient, token: str, mailbox: str) -> httpx.Request:
    address = f"{tenant.server.url}/v1.0/users/{mailbox}/calendar"
    return httpx.Request("GET", address, headers={"authorization": f"Bearer {token}"})


def statuses(tenant: TenantClient, requests: list[httpx.Request]) -> list[int]:
    return [answer.status_code for answer in send_at_once(tenant.server, requests)]


def test_the_fifth_at_once_is_refused_by_whatever_name(tenant: TenantClient, tokens: list[str]) -> None:
    room: dict[str, Any] = next(m for m in tenant.snapshot()["mailboxes"] if m["address"] == EIGER)
    names = [EIGER, EIGER.upper(), room["objectId"]] * 2
    answers = send_at_once(tenant.server, [read(tenant, tokens[0], name) for name in names])
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 2
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "3"
    assert graph_error(refused) == (429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
    assert statuses(tenant, [read(tenant, tokens[0], EIGER)]) == [200]


def test_each_mailbox_and_each_application_is_counted_by_itself(tenant: TenantClient, tokens: list[str]) -> None:
    pairs = [(token, mailbox) for token in tokens for mailbox in (EIGER, RIGI)]
    assert statuses(tenant, [read(tenant, *pair) for pair in pairs * 4]) == [200] * 16


def test_other_calls_of_graph_are_not_counted(tenant: TenantClient, tokens: list[str]) -> None:
    headers = {"authorization": f"Bearer {tenant.token()}"}
    request = httpx.Request("GET", f"{tenant.server.url}/v1.0/applications", headers=headers)
    assert statuses(tenant, [request] * 8) == [200] * 8


def test_it_belongs_to_the_preset_of_what_microsoft_documents(tenant: TenantClient) -> None:
    path = f"/tenants/{tenant.tenant_id}/conditions"
    assert tenant.control("PUT", path, {"preset": "microsoft"})["throttle"]["concurrentRequestsOfMailbox"] == 4
    assert tenant.control("PUT", path, {"preset": "none"})["throttle"]["concurrentRequestsOfMailbox"] is None
