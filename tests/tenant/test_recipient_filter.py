"""OPATH recipient filters: what is taken, what is refused, how they are written back, and whom they hold."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.recipientfilter import Filter, FilterError, FilterNotImitatedError, parse
from simulator.records import Mailbox
from simulator.seed import Company, default_administrator, new_tenant
from simulator.tenant import Recipient, Tenant
from simulator.tokens import new_signing_key

TENANT: Tenant = new_tenant(Company(), default_administrator(), new_signing_key())
EVERYBODY: list[Recipient] = [*TENANT.mailboxes, *TENANT.groups]
CRM = TENANT.distinguished_name("CRM Mailboxes")


def held(text: str) -> set[str]:
    return {recipient.name for recipient in EVERYBODY if parse(text).matches(TENANT, recipient)}


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        # Captured: Get-ManagementScope (a comparison alone), Get-DynamicDistributionGroup (joined, negated).
        ("alias -eq 'user1'", "Alias -eq 'user1'"),
        (
            "RecipientType -eq 'UserMailbox' -and City -eq 'Dublin'",
            "((RecipientType -eq 'UserMailbox') -and (City -eq 'Dublin'))",
        ),
        (
            "(CustomAttribute7 -eq 'Yes365') -and (-not(Name -like 'SystemMailbox{*')) -and (-not(Name -like 'CAS_{*'))",
            "((CustomAttribute7 -eq 'Yes365') -and (-not(Name -like 'SystemMailbox{*')) -and (-not(Name -like 'CAS_{*')))",
        ),
        ("Alias -ne $NULL", "Alias -ne $null"),
        # The rest follows from these.
        ('((RECIPIENTTYPEDETAILS  -EQ\t"roommailbox"))', "RecipientTypeDetails -eq 'RoomMailbox'"),
        ('Office -eq "L\'Aquila"', "Office -eq 'L''Aquila'"),
        ("Office -eq 'say \"\"'", "Office -eq 'say \"\"'"),
        ("Office -notlike 'B*'", "-not(Office -like 'B*')"),
        (
            "(Office -eq 'Bern' -or Office -eq 'Chur') -and ResourceCapacity -gt 8",
            "((((Office -eq 'Bern') -or (Office -eq 'Chur'))) -and (ResourceCapacity -gt '8'))",
        ),
        ("HiddenFromAddressListsEnabled -eq $false", "HiddenFromAddressListsEnabled -eq 'False'"),
        ("Name -eq 500", "Name -eq '500'"),
        (f"memberofgroup -eq '{CRM}'", f"MemberOfGroup -eq '{CRM}'"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert str(parse(text)) == normal
    assert str(parse(normal)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Office",
        "Office -eq",
        "Office -eq Bern",
        "Office -eq 'Bern",
        "Office -eq 'Bern''",
        "Office = 'Bern'",
        "Office eq 'Bern'",
        "Office -match 'B.*'",
        "Office -ceq 'Bern'",
        "'Office' -eq 'Bern'",
        "'Bern' -eq Office",
        "Office -eq ('Bern')",
        "Office -eq 'Bern' Name -eq 'x'",
        "Office -eq 'Bern' -and",
        "-and Office -eq 'Bern'",
        "-not Office -eq 'Bern'",
        "!(Office -eq 'Bern')",
        "(Office -eq 'Bern'",
        "Office -eq 'Bern')",
        "()",
        "{Office -eq 'Bern'}",
        "Office -eq \u2018Bern\u2019",
        "Office -eq $office",
        "Office -eq $(Get-Date)",
        "Office -eq $nullx",
        # What comes out when a value is put into a text instead of quoted.
        "Office -eq ''Bern''",
        "Office -eq 'x' -or '1' -eq '1'",
        "Office -eq 'L'Aquila'",
        "Office -eq 'x')) -or ((Alias -ne $null",
        "Office -eq 'Bern'; Remove-Mailbox room-eiger",
        "Office -eq 'Bern' # -and RecipientTypeDetails -eq 'RoomMailbox'",
        "Office -eq 'Bern' | Remove-Mailbox",
        "Office -eq `'Bern`'",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match=r"^Invalid filter syntax\.") as refused:
        parse(text)
    assert f'"{text}" at position ' in str(refused.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Ofice -eq 'Bern'", '"Ofice" is not a recognized filterable property.'),
        ("CustomAttribute16 -eq 'x'", '"CustomAttribute16" is not'),
        ("RecipientTypeDetails -eq 'MeetingRoom'", "'MeetingRoom' of the filterable property RecipientTypeDetails"),
        ("RecipientTypeDetails -like 'Room*'", "-like can't be used with the filterable property RecipientTypeDetails"),
        ("RecipientType -eq 'RoomMailbox'", "RecipientType to one of"),
        ("ResourceCapacity -gt 'many'", "to an Int32"),
        ("ResourceCapacity -gt $null", "-gt can't"),
        ("Office -gt 'A'", "-gt can't"),
        ("Office -eq ''", "blank values are found by $null"),
        ("Office -eq $true", "'$true' of the filterable property Office"),
        ("Office -like '*ern'", "supported only as a suffix"),
        ("Office -like 'B*n'", "supported only as a suffix"),
        ("MemberOfGroup -eq 'CRM Mailboxes'", "to a distinguished name"),
        ("HiddenFromAddressListsEnabled -eq 'maybe'", "to a Boolean value"),
        ("Guid -eq 'room-eiger'", "to a GUID"),
    ],
)
def test_what_no_property_takes_is_refused_by_name(text: str, part: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    assert part in str(refused.value)
    assert not isinstance(refused.value, FilterNotImitatedError)


@pytest.mark.parametrize(
    "text",
    [
        "Department -eq 'Sales'",
        "MemberOfGroup -eq 'alpenblick.example/Users/CRM Mailboxes'",
        "ResourceType -eq 'Workspace'",
        "Office -eq 'Bern' -and City -eq 'Bern' -or Alias -eq 'x'",
        "(" * 61 + "Office -eq 'Bern'" + ")" * 61,
        "-not(" * 5000 + "Office -eq 'Bern'" + ")" * 5000,
    ],
)
def test_what_exchange_may_take_is_refused_as_not_imitated(text: str) -> None:
    with pytest.raises(FilterNotImitatedError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("RecipientTypeDetails -eq 'RoomMailbox'", 26),
        ("RecipientTypeDetails -eq 'RoomMailbox' -and Office -eq 'BERN'", 9),
        ("RecipientTypeDetails -eq 'RoomMailbox' -and City -like 'z\u00fc*'", 8),
        ("RecipientTypeDetails -eq 'RoomMailbox' -and ResourceType -eq 'Room'", 25),
        ("ResourceType -eq $null", len(EVERYBODY) - 28),
        ("RecipientType -eq 'MailUniversalSecurityGroup'", 2),
        ("ResourceCapacity -ge 18", 3),
        ("ResourceCapacity -lt 5 -or ResourceCapacity -eq 24", 6),
        ("ResourceCapacity -ne $null", 26),
        (f"MemberOfGroup -eq '{CRM.upper()}'", 2),
        ("MemberOfGroup -ne $null", 9),
        ("EmailAddresses -eq 'ROOM-EIGER@alpenblick.example'", 1),
        ("EmailAddresses -eq 'smtp:room-eiger@alpenblick.example'", 1),
        ("EmailAddresses -like 'smtp:room-*'", 25),
        ("EmailAddresses -like 'room-*'", 0),
        ("PrimarySmtpAddress -like 'room-*'", 25),
        ("Name -like '*'", len(EVERYBODY)),
        ("Name -eq 'Room*'", 0),
        ("CustomAttribute3 -eq $null", len(EVERYBODY)),
        ("-not(Office -eq 'Bern')", len(EVERYBODY) - 14),
        ("Office -ne 'Bern'", len(EVERYBODY) - 14),
    ],
)
def test_whom_a_filter_holds(text: str, count: int) -> None:
    assert len(held(text)) == count


def test_only_direct_members_count() -> None:
    tenant = TENANT.model_copy(deep=True)
    staff, crm = tenant.groups[0], tenant.groups[1]
    staff.member_ids = [crm.object_id]
    tenant.recipients_changed()
    nested = parse(f"MemberOfGroup -eq '{tenant.distinguished_name(staff.name)}'")
    everybody: list[Recipient] = [*tenant.mailboxes, *tenant.groups]
    assert [recipient.name for recipient in everybody if nested.matches(tenant, recipient)] == [crm.name]


def test_a_group_s_former_name_holds_nobody() -> None:
    tenant = TENANT.model_copy(deep=True)
    scope = parse(f"MemberOfGroup -eq '{CRM}'")
    assert any(scope.matches(tenant, mailbox) for mailbox in tenant.mailboxes)
    tenant.groups[1].name = "CRM"
    tenant.recipients_changed()
    assert not any(scope.matches(tenant, mailbox) for mailbox in tenant.mailboxes)


def test_custom_attributes() -> None:
    mailbox = TENANT.mailboxes[0].model_copy(update={"custom_attributes": {"CustomAttribute15": "Display"}})
    assert parse("CustomAttribute15 -eq 'display'").matches(TENANT, mailbox)
    assert parse("CustomAttribute15 -like 'DISP*'").matches(TENANT, mailbox)
    assert not parse("CustomAttribute1 -eq 'display'").matches(TENANT, mailbox)


# -- any filter ---------------------------------------------------------------------------------------------------------

Meaning = Callable[[Mailbox], bool]
Pair = tuple[str, Meaning]

OFFICES = ["Bern", "BERN", "bern'", "Zurich", "L'Aquila", 'Room "1"', "(x)", "-or", "$null", "B*", "\u00c4"]


@st.composite
def comparisons(draw: st.DrawFn) -> Pair:
    """A comparison as somebody might type it, and what it means, decided without the simulator's evaluation."""
    field, name = draw(st.sampled_from([("office", "Office"), ("city", "City"), ("display_name", "DisplayName")]))
    typed = draw(st.sampled_from([name, name.lower(), name.upper()]))
    operator = draw(st.sampled_from(["eq", "ne", "like", "notlike", "null", "notnull"]))
    value = draw(st.sampled_from(OFFICES))
    space = draw(st.sampled_from([" ", "  ", "\t", "\n"]))
    if operator in ("null", "notnull"):
        sign = "eq" if operator == "null" else "ne"
        return f"{typed}{space}-{sign}{space}$Null", lambda m: bool(getattr(m, field)) == (operator == "notnull")
    quoted = "'" + value.replace("'", "''") + "'"
    if draw(st.booleans()):
        quoted = '"' + value.replace('"', '""') + '"'
    prefix = value.casefold().removesuffix("*")

    def means(mailbox: Mailbox) -> bool:
        own = str(getattr(mailbox, field)).casefold()
        if operator in ("like", "notlike"):
            like = own.startswith(prefix) and own != "" if value.endswith("*") else own == value.casefold()
            return like == (operator == "like")
        return (own == value.casefold()) == (operator == "eq")

    return f"{typed}{space}-{operator.upper() if draw(st.booleans()) else operator}{space}{quoted}", means


def join(pairs: list[Pair], sign: str) -> Pair:
    text = f" -{sign} ".join(f"({text})" for text, _ in pairs)
    meanings = [meaning for _, meaning in pairs]
    decide = all if sign == "and" else any
    return text, lambda mailbox: decide(meaning(mailbox) for meaning in meanings)


def negate(pair: Pair) -> Pair:
    return f"-NOT ({pair[0]})", lambda mailbox: not pair[1](mailbox)


FILTERS: st.SearchStrategy[Pair] = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds(join, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["and", "or"]))
        | st.builds(negate, inner)
    ),
    max_leaves=6,
)
MAILBOXES = [
    TENANT.mailboxes[0].model_copy(update={"office": office, "city": city, "display_name": f"{office} {city}".strip()})
    for office in ["", *OFFICES, "Berne"]
    for city in ("", "Bern", "bern'")
]


@given(pair=FILTERS)
def test_any_filter_means_what_it_says_also_in_normal_form(pair: Pair) -> None:
    text, means = pair
    parsed: Filter = parse(text)
    normal = str(parsed)
    again = parse(normal)
    assert str(again) == normal
    assert again == parsed
    for mailbox in MAILBOXES:
        assert parsed.matches(TENANT, mailbox) == means(mailbox), (text, mailbox.office, mailbox.city)
        assert again.matches(TENANT, mailbox) == means(mailbox)


@given(value=st.text(min_size=1))
def test_any_value_is_quoted_and_read_back(value: str) -> None:
    quoted = value.replace("'", "''")
    parsed = parse(f"Office -eq '{quoted}'")
    assert str(parsed) == f"Office -eq '{quoted}'"
    assert list(parsed.properties()) == ["Office"]


@given(text=st.text(alphabet=st.sampled_from(list("Officenamq -'\"()$*01")), max_size=40) | st.text(max_size=20))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        parsed = parse(text)
    except FilterError:
        return
    assert parse(str(parsed)) == parsed
