"""The application that deploys with exactly the rights of the tables: a whole life in each model; and without one of them."""

import re
from collections.abc import Iterable

import pytest

from microsoft365.exchange import rights
from microsoft365.exchange.rights import BY_CMDLET, ROLE_GROUP_SCRIPT
from microsoft365.graph.rights import OPTIONAL, SCRIPTS, permissions, template
from microsoft365.setups import SETUPS, Setup
from tests.desired_state.life import Deployer, Life, Step
from tests.desired_state.tenant import Ended, Tenant
from tests.support import role_group

MANAGE_AS_APP = "Exchange.ManageAsApp"


def deployer(tenant: Tenant, setup: Setup, *, without_role: str = "", without_permission: str = "") -> Deployer:
    """Return one with the documented rights, less one of them."""
    made = Deployer.register(tenant)
    wanted = [right for right in rights.needed(setup) if right.role != without_role]
    role_group.make(
        tenant.cmdlet, made.principal_id, wanted, delegating=setup != "policy" and without_role != "delegation"
    )
    made.may(*(one for one in (*permissions(setup), MANAGE_AS_APP) if one != without_permission))
    tenant.forget_requests()
    return made


def go_on(steps: Iterable[Step], *only: str) -> Ended | None:
    """Run all of them, or only those of these names, until one ends otherwise than it should."""
    for step in steps:
        if only and step.name not in only:
            continue
        step.prepare()
        ended = step.run()
        if ended.code != step.code:
            return ended
    return None


def ensure_tables_are_what_was_asked(deploying: Deployer, setup: Setup) -> None:
    asked = deploying.requests()
    run: dict[str, set[str]] = {}
    for entry in asked:
        if entry.get("cmdlet"):
            run.setdefault(entry["cmdlet"], set()).update(entry["parameters"] or {})
    if setup == "policy":
        # Asked for where it is given; refused here, so that what would follow is not asked for.
        assert run.pop("Get-ServicePrincipal") == set()
    table = {right.cmdlet: set(right.parameters) for right in rights.needed(setup)}
    assert set(run) == set(table)
    assert {name: given - table[name] for name, given in run.items() if given - table[name]} == {}
    unused = {name: known - run[name] for name, known in table.items() if known - run[name]}
    # A list of rooms takes a group, and an assignment points at a group or at a scope.
    narrowed = {"CustomResourceScope"} if setup == "rbac-group" else {"RecipientGroupScope"}
    expected: dict[str, set[str]] = {} if setup != "rbac" else {"Get-Recipient": {"Identity"}}
    if setup != "policy":
        expected |= {f"{verb}-ManagementRoleAssignment": narrowed for verb in ("New", "Set")}
    assert unused == expected
    graph = {(entry["method"], template(entry["path"])) for entry in asked if entry["api"] == "graph"}
    # What may be refused is refused here, so that the second of the two is not asked for any more.
    assert ("GET", "/policies/defaultAppManagementPolicy") in graph
    graph -= {(call.method, call.path) for call in OPTIONAL}
    assert graph == {(call.method, call.path) for call in SCRIPTS if setup in call.setups}


def test_a_whole_life_with_exactly_these_rights_and_the_tables_hold_no_others(tenant: Tenant) -> None:
    """The models with a scope and with a policy: below, where they are run from no right at all."""
    deploying = deployer(tenant, "rbac-group")
    for step in Life(tenant, deploying, "rbac-group").steps():
        step.prepare()
        ended = step.run()
        assert ended.code == step.code, f"{step.name}: {ended.err}"
    ensure_tables_are_what_was_asked(deploying, "rbac-group")


@pytest.mark.parametrize("setup", ["policy", "rbac"])
def test_whoever_does_what_each_refusal_says_ends_with_the_tables_rights(tenant: Tenant, setup: Setup) -> None:
    """From a role group that may do next to nothing: each refusal names one cmdlet, and the role that has it."""
    deploying = Deployer.register(tenant)
    deploying.may(*permissions(setup), MANAGE_AS_APP)
    # A role group is not made of nothing, and this one is always the first.
    given = {"Get-Mailbox": BY_CMDLET["Get-Mailbox"]}
    role_group.make(tenant.cmdlet, deploying.principal_id, given.values(), delegating=False)
    tenant.forget_requests()
    delegated = False
    for step in Life(tenant, deploying, setup).steps():
        step.prepare()
        while (ended := step.run()).code == 3:
            assert ROLE_GROUP_SCRIPT in ended.err, ended.err
            if "delegating assignment of the role Application Calendars.ReadWrite" in ended.err:
                assert not delegated
                role_group.delegate(tenant.cmdlet)
                delegated = True
                continue
            named = re.search(
                r"lacks the management role ([^,]+), which has the cmdlet ([A-Za-z]+-[A-Za-z]+)\.", ended.err
            )
            assert named is not None, ended.err
            role, cmdlet = named.groups()
            assert cmdlet not in given, ended.err
            assert role == BY_CMDLET[cmdlet].role
            given[cmdlet] = BY_CMDLET[cmdlet]
            role_group.give(tenant.cmdlet, BY_CMDLET[cmdlet])
        assert ended.code == step.code, f"{step.name}: {ended.err}"
    assert set(given) == {right.cmdlet for right in rights.needed(setup)}
    assert delegated is (setup != "policy")
    ensure_tables_are_what_was_asked(deploying, setup)


def test_a_parameter_that_a_role_hides_is_named_with_the_role_that_has_it(tenant: Tenant) -> None:
    deploying = deployer(tenant, "policy")
    for cmdlet in ("Set-DistributionGroup", "Set-Group"):
        entry = role_group.entry(BY_CMDLET[cmdlet])
        tenant.cmdlet("Set-ManagementRoleEntry", Identity=entry, Parameters=[rights.BYPASS], RemoveParameter=True)
    ended = go_on(Life(tenant, deploying, "policy").steps(), "made")
    assert ended is not None
    assert ended.code == 3, ended.err
    named = f"may run Set-DistributionGroup, but lacks the management role {rights.SECURITY_GROUPS}, which has -{rights.BYPASS}"
    assert named in ended.err
    assert ROLE_GROUP_SCRIPT in ended.err


ROLES = [(setup, role) for setup in SETUPS for role in sorted({right.role for right in rights.needed(setup)})]


@pytest.mark.parametrize(
    ("setup", "role"), [pair for pair in ROLES if pair[0] != "rbac-group"], ids=lambda value: str(value)
)
def test_each_role_that_is_taken_away_is_named(tenant: Tenant, setup: Setup, role: str) -> None:
    ended = go_on(Life(tenant, deployer(tenant, setup, without_role=role), setup).steps())
    assert ended is not None
    assert ended.code == 3, ended.err
    assert f"lacks the management role {role}, which has the cmdlet" in ended.err
    assert ROLE_GROUP_SCRIPT in ended.err


def test_the_delegating_assignment_that_is_taken_away_is_named(tenant: Tenant) -> None:
    ended = go_on(Life(tenant, deployer(tenant, "rbac", without_role="delegation"), "rbac").steps())
    assert ended is not None
    assert ended.code == 3, ended.err
    assert "New-ManagementRoleAssignment" in ended.err
    assert "lacks a delegating assignment of the role Application Calendars.ReadWrite" in ended.err
    assert tenant.snapshot()["roleAssignments"] == []


@pytest.mark.parametrize(
    ("permission", "page", "steps"),
    [
        ("Application.Read.All", "Microsoft Graph", ["looked at before it exists"]),
        ("Application.ReadWrite.OwnedBy", "Microsoft Graph", ["made", "a secret is taken away"]),
        ("AppRoleAssignment.ReadWrite.All", "Microsoft Graph", ["made", "the grant is taken away"]),
        (MANAGE_AS_APP, "Office 365 Exchange Online", ["looked at before it exists"]),
    ],
)
def test_each_permission_that_is_taken_away_is_named(
    tenant: Tenant, permission: str, page: str, steps: list[str]
) -> None:
    ended = go_on(Life(tenant, deployer(tenant, "policy", without_permission=permission), "policy").steps(), *steps)
    assert ended is not None
    assert ended.code == 3, ended.err
    assert f"lacks {permission}" in ended.err or f"lacks the application permission {permission}" in ended.err
    assert f"API permissions > {page}" in ended.err


def test_what_only_the_provider_needs_is_named_by_every_look(tenant: Tenant) -> None:
    deploying = deployer(tenant, "policy", without_permission="AppRoleAssignment.ReadWrite.All")
    looked = Life(tenant, deploying, "policy").wish(known=False)
    seen = tenant.run("observe", "--errors-as-json", stdin=looked, variables=deploying.variables).document
    assert seen["deployer"] == {"lacks": ["AppRoleAssignment.ReadWrite.All"]}
    deploying.may(*permissions("policy"), MANAGE_AS_APP)
    seen = tenant.run("observe", "--errors-as-json", stdin=looked, variables=deploying.variables).document
    assert seen["deployer"] == {"lacks": []}


def test_a_removal_that_may_not_read_applications_removes_nothing_and_names_the_permission(tenant: Tenant) -> None:
    deploying = deployer(tenant, "policy")
    life = Life(tenant, deploying, "policy")
    assert go_on(life.steps(), "made") is None
    deploying.may("Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All", MANAGE_AS_APP)
    settled = tenant.snapshot()
    ended = tenant.run("remove", stdin=life.wish(known=False), variables=deploying.variables)
    assert ended.code == 6, ended.err
    assert "Application.Read.All" in ended.err
    assert "API permissions" in ended.err
    assert tenant.snapshot() == settled
