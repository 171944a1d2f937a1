"""The administrator's identity of verification with exactly the rights of the tables, and without each of them."""

from collections.abc import Iterable
from typing import Any

import pytest

from microsoft365.errors import NoAccess
from microsoft365.exchange.desired import RoomFilter, Rooms
from microsoft365.exchange.reading_rights import READING, needed_to_read
from microsoft365.exchange.rights import ROLE_GROUP_SCRIPT, Right
from microsoft365.graph.rights import READ, VERIFICATION, template
from microsoft365.setups import SETUPS, Setup
from microsoft365.verification.report import Report
from microsoft365.verification.verify import verify
from tests.desired_state.life import Deployer
from tests.desired_state.tenant import Tenant
from tests.support import role_group
from tests.tenant import rbac
from tests.verification.world import Quiet, World, symptoms

MANAGE_AS_APP = "Exchange.ManageAsApp"
FILTER = Rooms(include=RoomFilter(filter="Office -eq 'Bern'"))


def connect(world: World, setup: Setup) -> World:
    """A connector of each kind; in `policy` Exchange knows the application besides, so that its roles are looked for."""
    if setup == "policy":
        world.connect_by_policy()
        rbac.register(world.client, world.application["appId"], world.application["servicePrincipalId"])
    elif setup == "rbac":
        world.connect_by_rbac()
    else:
        group = world.client.make_group("Rooms in reach", world.rooms)
        world.connect_by_rbac(CustomResourceScope=None, RecipientGroupScope=group["Name"])
    return world


class Reader:
    """An application of the tenant that verifies, with these rights in Exchange and no other."""

    def __init__(self, world: World, rights: Iterable[Right]) -> None:
        self.world = world
        self.tenant = Tenant(world.server, world.server.state_folder)
        self._known = Deployer.register(self.tenant)
        role_group.make(self.tenant.cmdlet, self._known.principal_id, rights, delegating=False)
        self._known.may(READ, MANAGE_AS_APP)
        world.forget_requests()

    def verify(self, *, titles: bool = False) -> Report:
        environment = {**self.world.environment, **self._known.variables}
        subject = self.world.subject(rooms=FILTER, titles=titles)
        return verify(subject, self.world.secret, environment, Quiet(), administrator=True)

    def requests(self) -> list[dict[str, Any]]:
        return self._known.requests()


@pytest.mark.parametrize("setup", SETUPS)
def test_it_verifies_with_exactly_these_rights_and_the_table_holds_no_others(fresh: World, setup: Setup) -> None:
    reader = Reader(connect(fresh, setup), needed_to_read(setup))
    report = reader.verify()
    assert (report.verdict, report.closed) == ("green", True)
    assert symptoms(report, "skipped") == {"titles-unmanaged"}
    asked = reader.requests()
    assert [entry for entry in asked if entry["status"] in {401, 403}] == []
    run: dict[str, set[str]] = {}
    for entry in asked:
        if entry.get("cmdlet"):
            run.setdefault(entry["cmdlet"], set()).update(entry["parameters"] or {})
    assert run == {right.cmdlet: set(right.parameters) for right in needed_to_read(setup)}
    graph = {(entry["method"], template(entry["path"])) for entry in asked if entry["api"] == "graph"}
    assert graph == {(call.method, call.path) for call in VERIFICATION if setup in call.setups}


@pytest.mark.parametrize(
    ("setup", "cmdlet"),
    [*(("policy", right.cmdlet) for right in needed_to_read("policy")), ("rbac", "Test-ServicePrincipalAuthorization")],
)
def test_each_cmdlet_that_is_taken_away_is_named_with_a_role_that_only_reads(
    fresh: World, setup: Setup, cmdlet: str
) -> None:
    connect(fresh, setup)
    (without,) = [right for right in READING if right.cmdlet == cmdlet]
    reader = Reader(fresh, [right for right in needed_to_read(setup) if right is not without])
    if cmdlet == "Get-Mailbox":
        with pytest.raises(NoAccess) as refused:
            reader.verify()
        told = str(refused.value)
    else:
        (told,) = {one.cause for one in reader.verify(titles=True).findings if cmdlet in one.cause}
    assert f"lacks the management role {without.role}, which has the cmdlet {cmdlet}" in told
    assert "Global Reader" in told
    assert ROLE_GROUP_SCRIPT not in told, "that one may change things"
