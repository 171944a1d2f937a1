"""A token that ends during a run, at whichever request: one new one is asked for, and never one after another.

The client's own part, batch by batch, is test_rest.py's and test_ledger.py's; the provider's is end_to_end/test_clock_and_tokens.py's.
`make faults` tries every request, the tests that always run every fourth.
"""

import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.desired_state.tenant import Ended, Tenant

STEP = 1 if os.environ.get("ROOMZ_EVERY_FAULT") else 4
MORE_THAN_ITS_LIFE_HOURS = 1.5
EXPIRED = {
    "error": "invalid_client",
    "error_description": "AADSTS7000222: The provided client secret keys for app are expired. Trace ID: 1",
    "error_codes": [7000222],
}
Run = Callable[[Tenant, dict[str, Any]], Ended]


def observe(tenant: Tenant, wish: dict[str, Any]) -> Ended:
    return tenant.run("observe", stdin=wish)


def apply(tenant: Tenant, wish: dict[str, Any]) -> Ended:
    return tenant.run("apply", "--json", stdin=wish)


def remove(tenant: Tenant, wish: dict[str, Any]) -> Ended:
    return tenant.run("remove", "--json", stdin=wish)


def reset(tenant: Tenant) -> dict[str, Any]:
    tenant.control.post("/reset").raise_for_status()
    tenant.control.delete("/faults").raise_for_status()
    wish = tenant.desired(tenant.application()["clientId"])
    tenant.forget_requests()
    return wish


def before_request(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, number: int, act: Callable[[], None]) -> list[str]:
    """Do something before the request with that number to Graph or Exchange, from 0; returns the list of those that were sent."""
    sent: list[str] = []
    send = httpx.Client.send

    def counted(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        ours = client is not tenant.web and client is not tenant.control
        if ours and "/metadata/" not in request.url.path:
            sent.append(request.url.path)
            if len(sent) == number + 1:
                act()
        return send(client, request, **options)

    monkeypatch.setattr(httpx.Client, "send", counted)
    return sent


def sign_ins(tenant: Tenant) -> int:
    return sum(entry["path"].endswith("/token") and entry["status"] != 401 for entry in tenant.requests())


@pytest.mark.parametrize("run", [observe, apply, remove])
def test_a_token_that_ends_before_any_request_is_renewed_once(
    tenant: Tenant, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 0
    while True:
        wish = reset(tenant)
        if run is remove:
            assert apply(tenant, wish).code == 0
            tenant.forget_requests()
        with monkeypatch.context() as patched:
            sent = before_request(patched, tenant, number, lambda: tenant.advance(MORE_THAN_ITS_LIFE_HOURS))
            ended = run(tenant, wish)
        assert ended.code == 0, f"request {number}: {ended.err}"
        # One for Graph and one for Exchange at most, and another of each.
        assert sign_ins(tenant) <= 4, f"request {number}"
        if len(sent) <= number:
            assert number > 3
            return
        number += STEP


@pytest.mark.parametrize("run", [observe, apply])
def test_a_sign_in_that_is_refused_in_the_middle_ends_the_run_with_what_was_done(
    tenant: Tenant, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deployer's own secret ended, or was taken away, an hour after the run began."""
    number, reported = 0, 0

    def end() -> None:
        tenant.advance(MORE_THAN_ITS_LIFE_HOURS)
        tenant.fault({"api": "login", "path": "/token$"}, {"status": 401, "body": EXPIRED}, times=1000)

    while True:
        wish = reset(tenant)
        with monkeypatch.context() as patched:
            sent = before_request(patched, tenant, number, end)
            ended = run(tenant, wish)
        if len(sent) <= number:
            assert ended.code == 0
            break
        assert ended.code == 3, f"request {number}: {ended.err}"
        assert "the client secret has expired" in ended.err
        assert "AADSTS7000222" in ended.err
        refused = sum(entry["path"].endswith("/token") and entry["status"] == 401 for entry in tenant.requests())
        # One for each of the requests that were under way side by side.
        assert refused <= 12, f"request {number}: {refused} attempts to sign in"
        if run is apply and "done" in ended.document:
            reported += 1
            assert ended.document["unknown"] == [], "what was refused for its token was not carried out"
        tenant.control.delete("/faults").raise_for_status()
        assert apply(tenant, wish).code == 0
        assert apply(tenant, wish).document["changed"] == {}
        number += STEP
    assert reported or run is observe
