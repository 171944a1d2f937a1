"""Bad configurations on the real engine: they end before any request is made, with one clean text."""

from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.tenant import Tenant

# Of each kind one of tests/unit/test_bad_configurations.py, as the engine hands them over: whole key, and what to write instead.
BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"access": None}, ["roomz:access is missing", "pulumi config set roomz:access rbac"]),
    ({"secret": {"renewMonthsBefore": 20}}, ["roomz:secret.renewMonthsBefore is 20", "renewMonthsBefore' 12"]),
    ({"secret.lifetimeMonths": "12"}, ["flat key", "set --path 'roomz:secret.lifetimeMonths' 12"]),
    (
        {"rooms": {"include": ["nobody"], "maxRemovals": [3]}},
        ["roomz:rooms.include[0] is 'nobody'", "maxRemovals is [3]"],
    ),
    (
        {"displayNam": "x", "romz__access": "rbac"},
        ["roomz:displayNam is no key", "displayName", "the namespace `romz`"],
    ),
    ({"azuread__clientSecret": "hunter2"}, ["azuread:clientSecret", "ARM_CLIENT_SECRET"]),
    ({"azuread__tenantId": "contoso.com"}, ["azuread:tenantId is 'contoso.com'"]),
]


def test_invariant_6_bad_configurations_end_before_any_request(stack: Stack, tenant: Tenant) -> None:
    good = dict(stack.configuration)
    for keys, words in BAD:
        before = tenant.last_request()
        result = stack.configure_and_fail(**keys)
        for word in words:
            assert word in result.text, result.text
        assert "Traceback" not in result.text
        assert "hunter2" not in result.text
        assert [entry["path"] for entry in tenant.requests(before)] == [], keys
        assert stack.configuration == good


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ARM_CLIENT_SECRET": "wrong-secret-value"}, ["AADSTS7000215"]),
        # Not by whoever az has signed in on this machine.
        ({"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": "false"}, ["not signed in: ARM_CLIENT_SECRET not set"]),
        ({"ARM_CLIENT_ID": "00000000-0000-4000-8000-000000000000"}, ["AADSTS700016"]),
    ],
)
def test_a_sign_in_that_fails_is_one_clean_line(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: list[str]
) -> None:
    real = stack.environment()
    monkeypatch.setattr(Stack, "environment", lambda _self: {**real, **environment})
    result = stack.up(expect=None)
    assert result.code != 0
    for word in words:
        assert word in result.text, result.text
    assert "Traceback" not in result.text
    assert "wrong-secret-value" not in result.text


def test_a_deployer_that_may_not_read_microsoft_graph_is_told_which_right_it_lacks(
    stack: Stack, tenant: Tenant
) -> None:
    before = tenant.snapshot()
    # As for a deployer without Application.Read.All: the provider may not read Microsoft Graph's own service principal.
    stack.configure(observe=False)
    tenant.fault(api="graph", path=r"/v1.0/servicePrincipals$", action={"status": 403}, times=99)
    result = stack.up(expect=None)
    assert result.code != 0
    assert "Application.Read.All" in result.text
    assert "Traceback" not in result.text
    assert tenant.snapshot() == before


def test_rooms_that_do_not_exist_are_named_all_at_once_before_anything_is_made(stack: Stack, tenant: Tenant) -> None:
    before = tenant.snapshot()
    names = [f"room-nowhere@{tenant.domain}", f"room-neverland@{tenant.domain}", f"control.mailbox@{tenant.domain}"]
    stack.configure(rooms={"include": [*names, f"room-eiger@{tenant.domain}"]})
    result = stack.up(expect=None)
    assert result.code != 0
    for name in names:
        assert name in result.text
    assert "Traceback" not in result.text
    assert tenant.snapshot() == before
