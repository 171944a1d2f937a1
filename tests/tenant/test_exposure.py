"""The exposure meter: exact intervals, in two figures, for every order in which things can be done."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.records import ExchangeServicePrincipal, RoleAssignment
from simulator.tenant import new_id
from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, expect, graph_error

PLACE = "/tenants/alpenblick.example/exposure"
PEOPLE = ["anna.keller", "beat.zbinden", "chiara.bernasconi", "control.mailbox", "david.rochat"]
OUTSIDE = 9 + 2
"""People with the control mailbox, and equipment."""
TOKEN_SECONDS = 65 * 60
NEARLY = 5
"""Seconds: the tenant's clock goes on while a busy machine runs a test."""


class Story:
    """What an administrator does, step by step, while the meter runs; each step returns its number in the log."""

    def __init__(self, tenant: TenantClient) -> None:
        self.tenant = tenant
        self.application: dict[str, Any] = {}
        self.grant_id = ""

    def number(self) -> int:
        return int(self.tenant.control("GET", "/status")["lastRequest"])

    def register(self, name: str = "ROOMZGraph") -> None:
        self.application = self.tenant.make_application(name)

    @property
    def path(self) -> str:
        return f"/applications/{self.application['id']}"

    def secret(self, **credential: Any) -> str:
        body = {"passwordCredential": {"displayName": "g0", **credential}}
        self.password = expect(self.tenant.graph("POST", f"{self.path}/addPassword", body), 200)
        return str(self.password["keyId"])

    def remove_secret(self) -> int:
        expect(self.tenant.graph("POST", f"{self.path}/removePassword", {"keyId": self.password["keyId"]}), 204)
        return self.number()

    def grant(self) -> int:
        self.grant_id = expect(self.tenant.grant(self.application["servicePrincipalId"]), 201)["id"]
        return self.number()

    def revoke(self) -> int:
        principal = self.application["servicePrincipalId"]
        path = f"/servicePrincipals/{principal}/appRoleAssignments/{self.grant_id}"
        expect(self.tenant.graph("DELETE", path), 204)
        return self.number()

    def restrict(self, group: str = "RoomzResources") -> int:
        self.policy = self.tenant.restrict(self.application["appId"], group)
        return self.number()

    def unrestrict(self) -> int:
        self.tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": self.policy["Identity"], "Confirm": False})
        return self.number()

    def sign_in(self) -> str:
        credentials = {"client_id": self.application["appId"], "client_secret": self.password["secretText"]}
        return str(expect(self.tenant.sign_in(**credentials), 200)["access_token"])

    def closed(self) -> None:
        """Everything in the order that keeps calendars closed."""
        self.register()
        self.tenant.make_group()
        self.restrict()
        self.grant()
        self.secret()

    # -- what the meter says ----------------------------------------------------------------------------------------

    def start(self, **body: Any) -> None:
        self.tenant.control("POST", PLACE, body)

    def figure(self, name: str) -> list[dict[str, Any]]:
        figure = self.tenant.control("GET", PLACE)[name]
        intervals: list[dict[str, Any]] = figure["intervals"]
        assert figure["seconds"] == pytest.approx(sum(interval["seconds"] for interval in intervals))
        return intervals

    @property
    def avoidable(self) -> list[dict[str, Any]]:
        return self.figure("avoidable")

    @property
    def delayed(self) -> list[dict[str, Any]]:
        return self.figure("withDelays")

    def seconds(self, name: str) -> float:
        return float(self.tenant.control("GET", PLACE)[name]["seconds"])


@pytest.fixture
def story(tenant: TenantClient) -> Story:
    """A story with a meter that runs."""
    story = Story(tenant)
    story.start()
    return story


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:26]).replace(tzinfo=None)


def test_grant_before_policy_is_exposed_exactly_between_the_two(story: Story) -> None:
    story.tenant.make_group()
    story.register()
    key_id = story.secret()
    granted = story.grant()
    story.tenant.advance(100)
    restricted = story.restrict()
    story.tenant.advance(1000)
    (interval,) = story.avoidable
    assert (interval["openedBy"], interval["closedBy"]) == (granted, restricted)
    assert interval["seconds"] == pytest.approx(100, abs=NEARLY)
    assert interval["clientId"] == story.application["appId"]
    assert interval["credentials"] == [{"kind": "secret", "keyId": key_id}]
    assert interval["mailboxes"] == OUTSIDE
    assert interval["examples"] == [f"{name}@alpenblick.example" for name in PEOPLE]
    assert moment(interval["end"]) - moment(interval["begin"]) == timedelta(seconds=interval["seconds"])
    entries = {e["number"]: moment(e["at"]) for e in story.tenant.control("GET", "/requests")["requests"]}
    assert entries[granted] <= moment(interval["begin"]) < entries[granted] + timedelta(seconds=NEARLY)
    assert entries[restricted] <= moment(interval["end"]) < entries[restricted] + timedelta(seconds=NEARLY)
    assert story.delayed == story.avoidable


def test_policy_before_grant_is_never_exposed(story: Story) -> None:
    story.closed()
    story.sign_in()
    story.tenant.advance(100)
    assert story.avoidable == story.delayed == story.figure("oneSecretAway") == []


def test_without_a_credential_it_is_one_secret_away(story: Story) -> None:
    story.register()
    granted = story.grant()
    story.tenant.advance(50)
    assert story.avoidable == story.delayed == []
    (interval,) = story.figure("oneSecretAway")
    assert (interval["openedBy"], interval["end"], interval["credentials"]) == (granted, None, [])
    assert interval["seconds"] == pytest.approx(50, abs=NEARLY)
    story.secret()
    secret = story.number()
    assert [i["closedBy"] for i in story.figure("oneSecretAway")] == [secret]
    assert [i["openedBy"] for i in story.avoidable] == [secret]


def test_secrets_begin_and_end_at_their_own_moments(story: Story) -> None:
    now = datetime.fromisoformat(story.tenant.control("GET", "/tenants/alpenblick.example/clock")["now"][:19])
    begin, end = now + timedelta(hours=1), now + timedelta(hours=3)
    story.register()
    story.grant()
    story.secret(startDateTime=f"{begin.isoformat()}Z", endDateTime=f"{end.isoformat()}Z")
    assert story.avoidable == []
    story.tenant.advance(100_000)  # over both in one step
    for figure in (story.avoidable, story.delayed):
        (interval,) = figure
        assert (moment(interval["begin"]), moment(interval["end"])) == (begin, end)
        assert (interval["openedBy"], interval["closedBy"], interval["seconds"]) == (None, None, 7200)
    assert len(story.figure("oneSecretAway")) == 2


def test_wrong_order_of_removal(story: Story) -> None:
    story.closed()
    removed = story.unrestrict()
    story.tenant.advance(10)
    revoked = story.revoke()
    assert [(i["openedBy"], i["closedBy"]) for i in story.avoidable] == [(removed, revoked)]
    assert story.seconds("avoidable") == pytest.approx(10, abs=NEARLY)


def test_right_order_of_removal(story: Story) -> None:
    story.closed()
    story.revoke()
    story.remove_secret()
    story.unrestrict()
    assert story.avoidable == story.delayed == []


def test_a_token_that_was_issued_before_outlives_everything(story: Story) -> None:
    story.closed()
    token = story.sign_in()
    story.revoke()
    story.remove_secret()
    expect(story.tenant.graph("DELETE", story.path), 204)
    story.tenant.advance(60)
    removed = story.unrestrict()
    assert story.tenant.graph("GET", f"/users/{CONTROL_MAILBOX}/calendar", token=token).status_code == 200
    assert story.avoidable == []
    (interval,) = story.delayed
    assert (interval["openedBy"], interval["end"]) == (removed, None)
    assert interval["credentials"] == [{"kind": "token", "keyId": None}]
    story.tenant.advance(2 * TOKEN_SECONDS)
    assert graph_error(story.tenant.graph("GET", f"/users/{EIGER}/calendar", token=token))[0] == 401
    assert story.seconds("withDelays") == pytest.approx(TOKEN_SECONDS - 60, abs=NEARLY)
    assert [interval["closedBy"] for interval in story.delayed] == [None]


def test_a_token_keeps_its_roles_and_avoidable_ends(story: Story) -> None:
    story.register()
    story.secret()
    story.grant()
    story.sign_in()
    revoked = story.revoke()
    story.tenant.advance(2 * TOKEN_SECONDS)
    assert [interval["closedBy"] for interval in story.avoidable] == [revoked]
    assert story.seconds("avoidable") < NEARLY
    assert story.seconds("withDelays") == pytest.approx(TOKEN_SECONDS, abs=NEARLY)


def test_a_token_of_before_the_grant_gives_nothing(story: Story) -> None:
    story.register()
    story.secret()
    story.sign_in()
    story.grant()
    story.remove_secret()
    story.tenant.advance(10)
    assert story.seconds("avoidable") < NEARLY
    assert story.seconds("withDelays") < NEARLY


def test_tokens_of_before_the_start_count(tenant: TenantClient) -> None:
    story = Story(tenant)
    story.closed()
    story.sign_in()
    story.start(clientIds=[story.application["appId"].upper()])
    story.remove_secret()
    story.unrestrict()
    tenant.advance(2 * TOKEN_SECONDS)
    assert story.avoidable == []
    assert story.seconds("withDelays") == pytest.approx(TOKEN_SECONDS, abs=NEARLY)


def test_applications_of_before_the_start_are_not_watched_unasked(tenant: TenantClient) -> None:
    story = Story(tenant)
    story.register()
    story.secret()
    story.grant()
    story.start()
    tenant.advance(10)
    assert story.avoidable == story.delayed == []
    story.start(clientIds=[story.application["appId"]])
    assert [interval["openedBy"] for interval in story.avoidable] == [None]


def test_a_group_made_anew_orphans_the_policy(story: Story) -> None:
    story.closed()
    given = {"Identity": "RoomzResources", "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    story.tenant.rows("Remove-DistributionGroup", given)
    story.tenant.make_group(members=[EIGER, "anna.keller"])
    assert story.avoidable == story.delayed == []


def test_who_is_put_into_the_group_is_exposed(story: Story) -> None:
    story.closed()
    bypass = {"BypassSecurityGroupManagerCheck": True}
    given = {"Identity": "RoomzResources", "Member": "anna.keller", **bypass}
    story.tenant.rows("Add-DistributionGroupMember", given)
    added = story.number()
    story.tenant.rows("Remove-DistributionGroupMember", {**given, "Confirm": False})
    (interval,) = story.avoidable
    assert (interval["openedBy"], interval["closedBy"]) == (added, story.number())
    assert (interval["mailboxes"], interval["examples"]) == (1, ["anna.keller@alpenblick.example"])


def test_nested_groups_are_seen_through(story: Story) -> None:
    story.closed()
    story.tenant.make_group("Inner", ["room-rigi"])
    bypass = {"BypassSecurityGroupManagerCheck": True}
    story.tenant.rows("Add-DistributionGroupMember", {"Identity": "RoomzResources", "Member": "Inner", **bypass})
    assert story.avoidable == []
    story.tenant.rows("Add-DistributionGroupMember", {"Identity": "Inner", "Member": "beat.zbinden", **bypass})
    (interval,) = story.avoidable
    assert (interval["openedBy"], interval["mailboxes"]) == (story.number(), 1)


def test_two_applications_have_intervals_of_their_own(story: Story) -> None:
    first, second = story, Story(story.tenant)
    for each in (first, second):
        each.register()
        each.secret()
        each.grant()
    first.tenant.advance(10)
    first.revoke()
    first.tenant.advance(10)
    second.revoke()
    by_client = {i["clientId"]: i["seconds"] for i in story.avoidable}
    assert by_client[first.application["appId"]] == pytest.approx(10, abs=NEARLY)
    assert by_client[second.application["appId"]] == pytest.approx(20, abs=NEARLY)
    assert story.seconds("avoidable") == pytest.approx(30, abs=NEARLY)


def test_a_clock_that_is_set_back_ends_an_interval_and_begins_another(story: Story) -> None:
    story.register()
    story.secret()
    story.grant()
    story.tenant.advance(100)
    story.tenant.advance(-50)
    story.tenant.advance(10)
    first, second = story.avoidable
    assert first["seconds"] == pytest.approx(100, abs=NEARLY)
    assert second["seconds"] == pytest.approx(10, abs=NEARLY)
    assert second["end"] is None


def test_rooms_are_those_of_each_moment(story: Story) -> None:
    story.closed()
    body = {"address": "room-new@alpenblick.example", "kind": "RoomMailbox"}
    story.tenant.control("POST", "/tenants/alpenblick.example/mailboxes", body)
    given = {"Identity": "RoomzResources", "Member": "room-new", "BypassSecurityGroupManagerCheck": True}
    story.tenant.rows("Add-DistributionGroupMember", given)
    assert story.avoidable == []


def test_a_list_of_what_is_allowed(tenant: TenantClient) -> None:
    story = Story(tenant)
    story.start(allowed=[EIGER.upper()])
    story.closed()
    assert story.avoidable == []
    given = {"Identity": "RoomzResources", "Member": "room-rigi", "BypassSecurityGroupManagerCheck": True}
    tenant.rows("Add-DistributionGroupMember", given)
    assert [interval["examples"] for interval in story.avoidable] == [["room-rigi@alpenblick.example"]]


def test_a_batch_is_looked_at_request_by_request(story: Story) -> None:
    story.closed()
    headers = {"authorization": f"Bearer {story.tenant.fresh('exchange')}"}
    policy = {
        "AppId": story.application["appId"],
        "PolicyScopeGroupId": "RoomzResources",
        "AccessRight": "RestrictAccess",
        "Description": "again",
    }
    commands = [
        ("Remove-ApplicationAccessPolicy", {"Identity": story.policy["Identity"], "Confirm": False}),
        ("New-ApplicationAccessPolicy", policy),
    ]
    parts = [
        {
            "id": name,
            "method": "POST",
            "url": story.tenant.invoke_url,
            "headers": headers,
            "body": {"CmdletInput": {"CmdletName": name, "Parameters": given}},
        }
        for name, given in commands
    ]
    url = story.tenant.invoke_url.replace("InvokeCommand", "$batch")
    expect(story.tenant.http.post(url, json={"requests": parts}, headers=headers), 200)
    last = story.number()
    (interval,) = story.avoidable
    assert (interval["openedBy"], interval["closedBy"]) == (last - 1, last)


def test_an_assignment_without_a_scope_reaches_everybody(story: Story) -> None:
    story.register()
    story.secret()
    tenant = story.tenant.server.simulator.store.first
    now = tenant.now()
    principal = ExchangeServicePrincipal(
        guid=new_id(),
        app_id=story.application["appId"],
        object_id=story.application["servicePrincipalId"],
        display_name="ROOMZGraph",
        sid=tenant.new_sid(),
        created=now,
    )
    assignment = RoleAssignment(
        guid=new_id(),
        name="all",
        role="Application Calendars.Read",
        assignee_object_id=principal.object_id,
        created=now,
    )
    tenant.exchange_service_principals.append(principal)
    tenant.role_assignments.append(assignment)
    story.tenant.server.simulator.store.changed()
    assert [interval["mailboxes"] for interval in story.avoidable] == [OUTSIDE]
    group = story.tenant.make_group()
    assignment.group_object_id = group["ExternalDirectoryObjectId"]
    story.tenant.server.simulator.store.changed()
    assert [interval["end"] is None for interval in story.avoidable] == [False]


def test_a_secret_counts_with_delays_once_sign_in_knows_it(story: Story) -> None:
    story.tenant.control("PUT", "/tenants/alpenblick.example/conditions", {"lag": {"secretSeconds": 30}})
    story.register()
    story.grant()
    story.secret()
    story.tenant.advance(100)
    assert story.seconds("avoidable") == pytest.approx(100, abs=NEARLY)
    assert story.seconds("withDelays") == pytest.approx(70, abs=NEARLY)


def test_a_policy_counts_with_delays_from_its_moment_on_when_the_clock_jumps_over_it(story: Story) -> None:
    story.tenant.control("PUT", "/tenants/alpenblick.example/conditions", {"lag": {"policySeconds": 600}})
    story.closed()
    story.tenant.advance(3000)
    story.unrestrict()
    story.tenant.advance(1000)
    assert story.seconds("avoidable") == pytest.approx(1000, abs=NEARLY)
    not_yet, no_more = story.delayed
    assert not_yet["seconds"] == pytest.approx(600, abs=NEARLY)
    assert no_more["seconds"] == pytest.approx(400, abs=NEARLY)
    assert not_yet["mailboxes"] == no_more["mailboxes"] == OUTSIDE
    assert (not_yet["closedBy"], no_more["openedBy"], no_more["end"]) == (None, None, None)


def test_what_rbac_gave_counts_with_delays_until_graph_looks_anew(story: Story) -> None:
    lag = {"rbacIdleSeconds": 600, "rbacLongestSeconds": 7200}
    story.tenant.control("PUT", "/tenants/alpenblick.example/conditions", {"lag": lag})
    story.register()
    story.secret()
    ids = {"AppId": story.application["appId"], "ObjectId": story.application["servicePrincipalId"]}
    story.tenant.rows("New-ServicePrincipal", {**ids, "DisplayName": "ROOMZGraph"})
    given = {"Name": "all", "App": ids["ObjectId"], "Role": "Application Calendars.Read"}
    story.tenant.rows("New-ManagementRoleAssignment", given)
    path, token = f"/users/{CONTROL_MAILBOX}/calendar", story.sign_in()
    assert story.tenant.graph("GET", path, token=token).status_code == 200
    story.tenant.rows("Remove-ManagementRoleAssignment", {"Identity": "all", "Confirm": False})
    removed = story.number()
    story.tenant.advance(400)
    assert story.tenant.graph("GET", path, token=token).status_code == 200
    story.tenant.advance(3000)
    assert story.tenant.graph("GET", path, token=token).status_code == 401
    assert [interval["closedBy"] for interval in story.avoidable] == [removed]
    (interval,) = story.delayed
    assert interval["closedBy"] is None
    assert interval["seconds"] == pytest.approx(1000, abs=NEARLY)  # the second call kept the look alive for 600 more


def test_no_meter_is_no_answer(tenant: TenantClient) -> None:
    assert tenant.plain.get(PLACE).status_code == 404
    assert tenant.plain.post(PLACE, json={"allowed": "people"}).status_code == 400


def test_no_secret_is_in_the_document(story: Story) -> None:
    story.register()
    story.secret()
    story.grant()
    token = story.sign_in()
    text = story.tenant.plain.get(PLACE).text
    assert story.password["secretText"] not in text
    assert token not in text
