"""$filter, $orderby, $count and pages of the directory's lists, with and without advanced queries."""

import pytest

from tests.tenant.client import TenantClient, expect, graph_error

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
def made(tenant: TenantClient) -> dict[str, str]:
    """Four applications, by name: their object ids."""
    named = {"Alpha": ["mark:a"], "Beta": ["mark:b"], "Beta's": ["mark:b", "more"], "Gamma": []}
    return {
        name: expect(tenant.graph("POST", "/applications", {"displayName": name, "tags": tags}), 201)["id"]
        for name, tags in named.items()
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("displayName eq 'beta'", ["Beta"]),
        ("displayName eq 'Beta''s'", ["Beta's"]),
        ("startswith(displayName,'beta')", ["Beta", "Beta's"]),
        ("startsWith(displayName, 'Alp') or displayName eq 'Gamma'", ["Alpha", "Gamma"]),
        ("displayName in ('Alpha', 'Gamma', 'Delta')", ["Alpha", "Gamma"]),
        ("startswith(displayName,'Beta') and tags/any(t:t eq 'more')", ["Beta's"]),
        ("tags/any(x:startswith(x,'mark:b'))", ["Beta", "Beta's"]),
        ("(displayName eq 'Alpha' or displayName eq 'Beta') and tags/any(t:t eq 'mark:b')", ["Beta"]),
        ("displayName eq 'Alpha' or displayName eq 'Beta' and tags/any(t:t eq 'mark:a')", ["Alpha"]),
        ("displayName eq 'nobody'", []),
    ],
)
def test_filters_that_need_nothing_more(
    tenant: TenantClient, made: dict[str, str], text: str, names: list[str]
) -> None:
    found = expect(tenant.graph("GET", "/applications", params={"$filter": text}), 200)["value"]
    assert sorted(each["displayName"] for each in found) == names


def test_filters_by_id(tenant: TenantClient, made: dict[str, str]) -> None:
    for text, number in ((f"id eq '{made['Beta']}'", 1), (f"id in ('{made['Beta']}','{made['Alpha']}')", 2)):
        assert len(expect(tenant.graph("GET", "/applications", params={"$filter": text}), 200)["value"]) == number


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("displayName ne 'Beta'", "ne"),
        ("not startswith(displayName,'Beta')", "not"),
        ("displayName eq null", "eq null"),
        ("endswith(displayName,'a')", "endsWith"),
    ],
)
def test_filters_that_need_advanced_queries(tenant: TenantClient, text: str, operator: str) -> None:
    nothing: dict[str, str] = {}
    for headers, options in ((nothing, nothing), (EVENTUAL, nothing), (nothing, {"$count": "true"})):
        answer = tenant.graph("GET", "/applications", params={"$filter": text, **options}, headers=headers)
        status, code, message = graph_error(answer)
        assert (status, code) == (400, "Request_UnsupportedQuery")
        assert message.startswith(f"Operator '{operator}' is not supported because the required parameters might be")


def test_advanced_queries(tenant: TenantClient, made: dict[str, str]) -> None:
    def names(**options: str) -> list[str]:
        parameters = {"$count": "true", **{f"${name}": value for name, value in options.items()}}
        answer = expect(tenant.graph("GET", "/applications", params=parameters, headers=EVENTUAL), 200)
        assert answer["@odata.count"] == len(answer["value"])
        return [each["displayName"] for each in answer["value"]]

    others = {"Deployment pipeline", "CRM calendar sync"}
    assert set(names(filter="displayName ne 'beta'")) == {"Alpha", "Beta's", "Gamma"} | others
    assert set(names(filter="not startswith(displayName,'beta')")) == {"Alpha", "Gamma"} | others
    assert set(names(filter="displayName ne null")) == set(made) | others
    assert names(filter="startswith(displayName,'beta')", orderby="displayName desc") == ["Beta's", "Beta"]
    assert names(orderby="displayName")[:3] == ["Alpha", "Beta", "Beta's"]


def test_count_alone_is_ignored_and_sorting_alone_refused(tenant: TenantClient) -> None:
    answer = expect(tenant.graph("GET", "/applications?$count=true"), 200)
    assert "@odata.count" not in answer
    refused = graph_error(tenant.graph("GET", "/applications?$orderby=displayName"))
    assert refused == (400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
    by_notes = tenant.graph("GET", "/applications?$count=true&$orderby=notes", headers=EVENTUAL)
    assert graph_error(by_notes)[1] == "Request_UnsupportedQuery"
    segment = tenant.graph("GET", "/applications/$count")
    assert graph_error(segment) == (400, "Request_BadRequest", "$count is not currently supported.")
    assert graph_error(tenant.graph("GET", "/applications/$count", headers=EVENTUAL))[0] == 501
    search = tenant.graph("GET", "/applications", params={"$search": '"displayName:x"'})
    assert graph_error(search)[1] == "Request_UnsupportedQuery"


@pytest.mark.parametrize("name", ["notes", "passwordCredentials", "web", "colour"])
def test_what_the_directory_has_no_index_for_is_refused_as_graph_does(tenant: TenantClient, name: str) -> None:
    for headers in ({}, EVENTUAL):
        answer = tenant.graph("GET", f"/applications?$count=true&$filter={name} eq 'x'", headers=headers)
        text = f"Unsupported or invalid query filter clause specified for property '{name}' of resource 'Application'."
        assert graph_error(answer) == (400, "Request_UnsupportedQuery", text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("contains(displayName,'x')", "Request_UnsupportedQuery"),
        ("startswith(appId,'x')", "Request_UnsupportedQuery"),
        ("displayName ge 'x'", "Request_UnsupportedQuery"),
        ("tags eq 'x'", "Request_UnsupportedQuery"),
        ("displayName/any(t:t eq 'x')", "Request_UnsupportedQuery"),
        ("displayName eq", "BadRequest"),
        ("displayName eq 'x", "BadRequest"),
        ("displayName is 'x'", "BadRequest"),
        ("displayName eq 'x' 'y'", "BadRequest"),
        ("displayName eq 5", "BadRequest"),
        ("(displayName eq 'x'", "BadRequest"),
        ("tags/any(t:u eq 'x')", "BadRequest"),
        ("appId eq 55555555-5555-5555-5555-555555555555", "BadRequest"),
        ("", "BadRequest"),
        ("displayName in ()", "BadRequest"),
        ("(" * 2_000 + "displayName eq 'x'" + ")" * 2_000, "BadRequest"),
        ("displayName in (" + ",".join(f"'{n}'" for n in range(16)) + ")", "Request_UnsupportedQuery"),
        (" or ".join(f"displayName eq '{n}'" for n in range(16)), "Request_UnsupportedQuery"),
    ],
)
def test_bad_filters(tenant: TenantClient, text: str, code: str) -> None:
    answer = tenant.graph("GET", "/applications", params={"$filter": text})
    assert graph_error(answer)[:2] == (400, code)


def test_principals_are_found_by_the_beginning_of_a_client_id(tenant: TenantClient) -> None:
    text = "startswith(appId,'00000003-0000')"
    found = expect(tenant.graph("GET", "/servicePrincipals", params={"$filter": text}), 200)["value"]
    assert [each["displayName"] for each in found] == ["Microsoft Graph"]


def test_links_to_further_pages_keep_the_query(tenant: TenantClient, made: dict[str, str]) -> None:
    text = "startswith(displayName,'Beta''') or displayName in ('Alpha','Gamma')"
    found: list[str] = []
    link = f"/applications?$top=1&$filter={text}&$select=displayName"
    pages = 0
    while link:
        page = expect(tenant.graph("GET", link), 200)
        found += [each["displayName"] for each in page["value"]]
        link = page.get("@odata.nextLink", "")
        pages += 1
    assert (pages, sorted(found)) == (3, ["Alpha", "Beta's", "Gamma"])
    assert graph_error(tenant.graph("GET", "/applications?$skiptoken=bm9uc2Vuc2U"))[0] == 400
    assert graph_error(tenant.graph("GET", "/applications?$top=1000"))[0] == 400
