"""Filters: what is taken, what is refused with words that help, and that nothing gets out of the wrapping."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from microsoft365.exchange.filter_properties import PROPERTIES
from microsoft365.exchange.filters import (
    LONGEST,
    Comparison,
    Condition,
    FilterError,
    Junction,
    Kind,
    Negation,
    cmdlet_for,
    of_kinds,
    of_scope,
    parse,
    parse_scope,
)
from simulator import recipientfilter

_PRINTABLE = some.characters(
    exclude_categories=["C", "Zl", "Zp", "Zs"], exclude_characters="*‘’‚‛“”„", include_characters=" "
)
_words = some.text(_PRINTABLE, min_size=1, max_size=12).filter(lambda text: text.strip())
_texts = [one.name for one in PROPERTIES.values() if one.kind == "text" and not one.says_kind and one.of_get_mailbox]
_comparisons = some.one_of(
    some.builds(
        Comparison, some.sampled_from(_texts), some.sampled_from(["eq", "ne"]), some.one_of(_words, some.none())
    ),
    some.builds(
        Comparison,
        some.sampled_from(_texts),
        some.sampled_from(["like", "notlike"]),
        _words.map(lambda text: f"{text}*"),
    ),
    some.builds(
        Comparison,
        some.just("ResourceCapacity"),
        some.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
        some.integers(0, 999),
    ),
    some.builds(
        Comparison, some.just("HiddenFromAddressListsEnabled"), some.sampled_from(["eq", "ne"]), some.booleans()
    ),
)
conditions: some.SearchStrategy[Condition] = some.recursive(
    _comparisons,
    lambda inner: some.one_of(
        some.builds(Negation, inner),
        some.builds(Junction, some.sampled_from(["and", "or"]), some.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
_kinds = some.sets(some.sampled_from(["room", "workspace", "equipment"]), min_size=1).map(frozenset)

GOOD = [
    ("Office -eq 'Bern'", "Office -eq 'Bern'"),
    ('office  -EQ  "Bern"', "Office -eq 'Bern'"),
    ("((City -like 'Gen*'))", "City -like 'Gen*'"),
    ("Office -eq 'Val d''Isère'", "Office -eq 'Val d''Isère'"),
    ("DisplayName -eq 'x) -or (Name -like y'", "DisplayName -eq 'x) -or (Name -like y'"),
    ("customattribute15 -ne $NULL", "CustomAttribute15 -ne $null"),
    ("ResourceCapacity -ge '8'", "ResourceCapacity -ge 8"),
    ("HiddenFromAddressListsEnabled -eq $false", "HiddenFromAddressListsEnabled -eq $false"),
    ("-not(Office -eq 'Bern')", "-not (Office -eq 'Bern')"),
    (
        "Office -eq 'A' -or Office -eq 'B' -or Office -eq 'C'",
        "(Office -eq 'A') -or (Office -eq 'B') -or (Office -eq 'C')",
    ),
    (
        "(Office -eq 'A' -and Alias -like 'r*') -or (Name -notlike 'x*')",
        "((Office -eq 'A') -and (Alias -like 'r*')) -or (Name -notlike 'x*')",
    ),
]

BAD = [
    ("", "it is empty"),
    ("   ", "it is empty"),
    ("x) -or (Name -like '*'", "x is no property"),
    ("Office -eq 'x') -or (Name -like 'a*'", "should have ended before this"),
    ("Office -eq 'x' -or Name -like '*'", "every text matches"),
    ("(Office -eq 'x'", "a parenthesis is not closed"),
    ("Office -eq 'x", "no part of a filter"),
    ("Office -eq 'x''", "no part of a filter"),
    ("Office -eq 'it's'", "no part of a filter"),
    ("Office -eq Bern", "'quotation marks'"),
    ("Office -like '*ern'", "at the end of the text only"),
    ("Office -eq 'B*'", "goes with -like"),
    ("Office -eq ''", "write Office -eq $null"),
    ("Office -gt 'B'", "Office takes one of -eq, -ne, -like, -notlike"),
    ("Office -match 'B'", "Office takes one of"),
    ("Office -eq $true", "not compared with $true"),
    ("Office -eq $home", "neither $true, $false nor $null"),
    ("Office -like $null", "goes with -eq and -ne"),
    ("Office -eq 'A' -and City -eq 'B' -or City -eq 'C'", "side by side"),
    ("Office 'A'", "Office takes one of"),
    ("Office -eq", "a value is missing after Office -eq"),
    ("Office", "an operator, such as -eq, is missing"),
    ("'Bern' -eq Office", "a property, such as Office, is expected"),
    ("Offices -eq 'Bern'", "did you mean Office?"),
    ("CountryOrRegion -eq 'Schweiz'", "known are Alias, City"),
    ("MemberOfGroup -eq 'CN=x'", "is no property"),
    ("RecipientTypeDetails -eq 'UserMailbox'", "roomz:rooms.kinds says"),
    ("ResourceType -eq 'Room'", "roomz:rooms.kinds says"),
    ("ResourceCapacity -ge 'many'", "a whole number"),
    ("ResourceCapacity -ge 99999999999", "a whole number"),
    ("ResourceCapacity -eq 8.5", "no part of a filter"),
    ("HiddenFromAddressListsEnabled -eq 'perhaps'", "compared with $true or $false"),
    ("City -eq 'Bern' -and ResourceCapacity -ge 8", "no cmdlet filters by all of City (by Get-Recipient only)"),
    ("-not Office -eq 'Bern'", "a condition in parentheses"),
    ("! (Office -eq 'Bern')", "no part of a filter"),
    ("{Office -eq 'Bern'}", "no part of a filter"),
    ("Office -eq 'Bern'; Remove-Mailbox", "no part of a filter"),
    ("Office -eq 'Bern’ -or (Name -eq ‘x'", "typographic quotation mark"),
    ("Office -eq 'Be\nrn'", "cannot be shown"),
    ("Office -eq 'Be\u202ern'", "cannot be shown"),
    (f"Office -eq '{'x' * LONGEST}'", f"at most {LONGEST}"),
    (f"{'(' * 60}Office -eq 'x'{')' * 60}", "deep"),
]


@pytest.mark.parametrize(("text", "normal"), GOOD)
def test_a_filter_is_written_anew_in_one_form(text: str, normal: str) -> None:
    assert str(parse(text)) == normal
    assert str(parse(normal)) == normal


@pytest.mark.parametrize(("text", "words"), BAD, ids=[text[:40] for text, _ in BAD])
def test_a_filter_that_is_not_taken_is_refused_with_what_mends_it(text: str, words: str) -> None:
    with pytest.raises(
        FilterError, match=words.replace("(", r"\(").replace(")", r"\)").replace("$", r"\$").replace("?", r"\?")
    ):
        parse(text)


def test_the_cmdlet_is_the_one_that_knows_every_property() -> None:
    assert cmdlet_for(parse("Office -eq 'Bern'")) == "Get-Mailbox"
    assert cmdlet_for(parse("City -eq 'Bern' -and Office -eq 'B'")) == "Get-Recipient"
    assert cmdlet_for(parse("ResourceCapacity -gt 4")) == "Get-Mailbox"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Office -eq 'Bern'", "((OFFICE -EQ \"bern\"))", True),
        ("ResourceCapacity -ge 8", "ResourceCapacity -ge '8'", True),
        ("(Office -eq 'A') -and ((City -eq 'B') -and (Alias -eq 'C'))", "((Alias -eq 'C') -and (City -eq 'B')) -and (Office -eq 'A')", True),
        ("-not (-not (Office -eq 'A'))", "Office -eq 'A'", True),
        ("Office -notlike 'A*'", "-not (Office -like 'A*')", True),
        ("Office -ne 'A'", "-not (Office -eq 'A')", True),
        ("Office -eq 'None'", "Office -eq $null", False),
        ("(Office -eq 'A') -and (City -eq 'B')", "(Office -eq 'A') -or (City -eq 'B')", False),
        ("Office -eq 'A'", "Name -eq 'A'", False),
        ("Office -eq 'A'", "Office -ne 'A'", False),
        ("Office -like 'A'", "Office -eq 'A'", False),
        ("ResourceCapacity -ge 8", "ResourceCapacity -gt 8", False),
        ("-not ((Office -eq 'A') -and (City -eq 'B'))", "(-not (Office -eq 'A')) -and (City -eq 'B')", False),
    ],
)  # fmt: skip
def test_filters_are_compared_by_what_they_say(one: str, other: str, same: bool) -> None:
    assert (parse_scope(one).key == parse_scope(other).key) is same


def test_the_kinds_become_a_part_of_their_own() -> None:
    wanted = parse("Office -eq 'A' -or Office -eq 'B'")
    assert str(of_scope(frozenset({"room"}), wanted)) == (
        "((RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -eq 'Room')) -and ((Office -eq 'A') -or (Office -eq 'B'))"
    )
    assert str(of_scope(frozenset({"room", "workspace"}), None)) == "RecipientTypeDetails -eq 'RoomMailbox'"
    assert str(of_kinds(frozenset({"workspace", "equipment"}))) == (
        "((RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -ne 'Room')) -or "
        "(RecipientTypeDetails -eq 'EquipmentMailbox')"
    )


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_whatever_is_written_is_read_as_the_same(condition: Condition) -> None:
    assert parse(str(condition)).key == condition.key
    assert str(parse(str(condition))) == str(condition)


@settings(max_examples=150, deadline=None)
@given(_kinds, conditions)
def test_invariant_1_no_filter_reaches_beyond_the_kinds(kinds: frozenset[Kind], wanted: Condition) -> None:
    """The tenant's own reading of the text: the kinds, and nothing that they do not hold."""
    scope = of_scope(kinds, wanted)
    text = str(scope)
    read = parse_scope(text)
    assert isinstance(read, Junction)
    assert read.word == "and"
    assert read.parts[0] == of_kinds(kinds)
    assert len(read.parts) == 2
    shown = str(recipientfilter.parse(text))
    assert parse_scope(shown).key == scope.key


@settings(max_examples=500, deadline=None)
@given(some.text(alphabet=some.sampled_from("()'\"-$ *xoOfficeandlikenotqr1\\`"), max_size=60))
def test_invariant_6_any_text_is_a_filter_or_refused_in_words(text: str) -> None:
    try:
        condition = parse(text)
    except FilterError:
        return
    assert parse(str(condition)).key == condition.key
