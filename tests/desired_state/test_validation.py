"""The one rule for each kind of value: what passes as it is, and what is refused with the value and an example."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.validation import (
    check_address,
    check_guid,
    check_host,
    check_name,
    check_removal_limit,
    check_unique,
    is_address,
    percent_of,
)


@pytest.mark.parametrize(
    "value",
    [
        "room-eiger@contoso.com",
        "o'neil+x@contoso.onmicrosoft.com",
        "raum.süd@contoso.example",
        "r@xn--mnchen-3ya.example",
    ],
)
def test_addresses_that_exchange_can_have(value: str) -> None:
    assert check_address(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        "@contoso.com",
        "a@",
        "a@contoso",
        "a@contoso.com.",
        "a@.com",
        "a@contoso..com",
        "a@-contoso.com",
        "a@b@contoso.com",
        "a b@contoso.com",
        "a@münchen.example",
        "a@contoso.com\n",
        "a,b@contoso.com",
        'a"b@contoso.com',
        "a@contoso.com, b@contoso.com",
    ],
)
def test_invariant_6_what_is_no_address_is_named(value: str) -> None:
    assert not is_address(value)
    with pytest.raises(ValueError, match=r"is not an e-mail address such as room-eiger@contoso\.com") as raised:
        check_address(value)
    assert str(raised.value).startswith(repr(value))


def test_an_international_domain_is_told_how_exchange_writes_it() -> None:
    with pytest.raises(ValueError, match="xn--"):
        check_address("a@münchen.example")


@pytest.mark.parametrize("value", ["outlook.office365.com", "localhost:443", "127.0.0.1:18543", "[::1]:443", "[::1]"])
def test_hosts(value: str) -> None:
    assert check_host(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://x.example",
        "x.example/path",
        "x.example.",
        "x.example.:443",
        "x..example",
        "-x.example",
        "x.example:0",
        "x.example:65536",
        "x.example:",
        "[::1",
        "[1:2]",
        "me@x.example",
        "x.example\n",
    ],
)
def test_invariant_6_what_is_no_host_is_named(value: str) -> None:
    with pytest.raises(ValueError, match="without https://") as raised:
        check_host(value)
    assert str(raised.value).startswith(repr(value))


def test_ids_come_back_in_lower_case() -> None:
    assert check_guid("63759D9F-bfca-4f52-ae98-8f2f1d7bc173") == "63759d9f-bfca-4f52-ae98-8f2f1d7bc173"
    with pytest.raises(ValueError, match=r"^'x' is not a tenant id .* it stands on the Overview page$"):
        check_guid("x", what="a tenant id", where="the Overview page")


@pytest.mark.parametrize("value", ["63759d9f-bfca-4f52-ae98-8f2f1d7bc173\n", "{63759d9f-bfca-4f52-ae98-8f2f1d7bc173}"])
def test_invariant_6_what_is_no_id_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="GUID"):
        check_guid(value)


@pytest.mark.parametrize("value", [0, 3, "0%", "10%", "100 %"])
def test_limits_of_removal(value: int | str) -> None:
    assert check_removal_limit(value) == value


@pytest.mark.parametrize("value", [-1, "101%", "many", "10", "", "-1%", "10%\n", True])
def test_invariant_6_what_is_no_limit_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="10%"):
        check_removal_limit(value)


def test_the_number_of_a_share() -> None:
    assert [percent_of(value) for value in ("7%", "100 %", "101%", "x")] == [7, 100, None, None]


@pytest.mark.parametrize(
    ("value", "said"), [(" x", "space"), ("x\t", "space"), ("", "64"), ("x" * 65, "65 characters"), ("a\nb", "shown")]
)
def test_invariant_6_names_that_exchange_would_change_or_refuse(value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_name(value)


def test_names() -> None:
    assert check_name("Räume ‘Süd’ $x `y") == "Räume ‘Süd’ $x `y"


def test_what_stands_twice_is_named_once() -> None:
    assert check_unique(["a", "b"]) == ("a", "b")
    with pytest.raises(ValueError, match=r"more than once: a, c;"):
        check_unique(["C", "a", "A", "b", "a", "c"])


@given(some.text(), some.sampled_from([check_address, check_host, check_guid, check_name, check_removal_limit]))
def test_no_text_brings_a_rule_down(value: str, check: Callable[[str], Any]) -> None:
    try:
        found = check(value)
    except ValueError as error:
        assert repr(value) in str(error)  # noqa: PT017
    else:
        assert str(found).casefold() == value.casefold()
