"""Which permissions a token lacks: named where it can be told, and nothing said where it cannot."""

import base64
import json
from typing import Any

import pytest

from microsoft365.graph.rights import ASSIGN, OWN, READ
from microsoft365.graph.token_rights import lacking

EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"


def token(**claims: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps({"idtyp": "app", **claims}).encode()).decode().rstrip("=")
    return f"e30.{middle}.x"


@pytest.mark.parametrize(
    ("roles", "policy", "rbac"),
    [
        ([OWN, READ, ASSIGN], (), ()),
        ([OWN, READ], (ASSIGN,), ()),
        ([READ, ASSIGN], (OWN,), (OWN,)),
        (["Application.ReadWrite.All"], (ASSIGN,), ()),
        ([OWN, "Directory.Read.All"], (ASSIGN,), ()),
        ([], (OWN, READ, ASSIGN), (OWN, READ)),
    ],
)
def test_what_is_missing_is_named(roles: list[str], policy: tuple[str, ...], rbac: tuple[str, ...]) -> None:
    carried = token(roles=roles, wids=[EXCHANGE_ADMINISTRATOR])
    assert (lacking(carried, "policy"), lacking(carried, "rbac"), lacking(carried, "rbac-group")) == (
        policy,
        rbac,
        rbac,
    )


def test_an_application_without_a_directory_role_is_judged() -> None:
    assert lacking(token(roles=[OWN], wids=["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]), "rbac") == (READ,)


def test_a_token_without_roles_lacks_everything() -> None:
    assert lacking(token(), "rbac") == (OWN, READ)


@pytest.mark.parametrize(
    "carried",
    [
        token(roles=[], wids=[APPLICATION_ADMINISTRATOR]),
        token(roles=[], wids=["11111111-2222-4333-8444-555555555555"]),
        token(roles="all"),
        token(idtyp="user", scp="Application.ReadWrite.All"),
        "opaque",
        "a.b.c",
        "e30.e30.e30.e30",
        f"e30.{base64.urlsafe_b64encode(b'[1]').decode()}.x",
        "e30.ä.x",
    ],
)
def test_what_cannot_be_told_is_not_said(carried: str) -> None:
    assert lacking(carried, "policy") == ()
