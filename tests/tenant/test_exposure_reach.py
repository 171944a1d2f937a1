"""What the exposure meter decides for all mailboxes at once is what access.may decides for each of them."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import access
from simulator.exposure.reach import readable
from simulator.records import AccessPolicy, ExchangeServicePrincipal, Group, ManagementScope, RoleAssignment
from simulator.seed import Company, default_administrator, new_tenant
from simulator.tenant import Tenant

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MAILBOXES = [mailbox.object_id for mailbox in new_tenant(Company(), default_administrator(), "key").mailboxes]
GROUPS = ["group-0", "group-1", "group-2"]
APPLICATIONS = ["application", "other"]
FILTERS = ["RecipientTypeDetails -eq 'RoomMailbox'", "Office -eq 'Bern'", "CustomAttribute1 -ne 'x'"]
ROLES = ["Application Calendars.Read", "Application Calendars.ReadWrite", "Application Mail.Read"]

members = st.lists(st.sampled_from(MAILBOXES + GROUPS), max_size=12, unique=True)
policies = st.tuples(
    st.sampled_from([*APPLICATIONS, "*"]),
    st.sampled_from([*GROUPS, "gone", *MAILBOXES[:2], *MAILBOXES[-2:]]),
    st.sampled_from(["RestrictAccess", "DenyAccess"]),
)
assignments = st.tuples(
    st.sampled_from(APPLICATIONS),
    st.sampled_from(ROLES),
    st.sampled_from(
        [(None, None), (None, "group-0"), (None, "gone"), ("0", None), ("1", None), ("2", None), ("9", None)]
    ),
)


def group(object_id: str, member_ids: list[str]) -> Group:
    names = dict.fromkeys(("guid", "name", "alias", "display_name", "address", "sid"), object_id)
    return Group(**names, object_id=object_id, kind="MailUniversalSecurityGroup", created=NOW, member_ids=member_ids)


def policy(app_id: str, scope: str, right: str) -> AccessPolicy:
    scopes = dict.fromkeys(("scope_name", "scope_identity", "scope_sid", "scope_object_id"), scope)
    return AccessPolicy.model_validate(
        {"app_id": app_id, **scopes, "access_right": right, "description": "", "created": NOW}
    )


def principal(app_id: str) -> ExchangeServicePrincipal:
    return ExchangeServicePrincipal(
        guid=app_id, app_id=app_id, object_id=app_id, display_name=app_id, sid=app_id, created=NOW
    )


def assignment(number: int, app_id: str, role: str, where: tuple[str | None, str | None]) -> RoleAssignment:
    return RoleAssignment(
        guid=str(number),
        name=str(number),
        role=role,
        assignee_object_id=app_id,
        scope_guid=where[0],
        group_object_id=where[1],
        created=NOW,
    )


def tenant_with(
    lists: list[list[str]],
    given_policies: list[tuple[str, str, str]],
    given_assignments: list[tuple[str, str, tuple[str | None, str | None]]],
) -> Tenant:
    tenant = new_tenant(Company(), default_administrator(), "key")
    tenant.groups = [group(name, each) for name, each in zip(GROUPS, lists, strict=True)]
    tenant.policies = [policy(*each) for each in given_policies]
    tenant.exchange_service_principals = [principal(each) for each in APPLICATIONS]
    tenant.management_scopes = [
        ManagementScope(guid=str(number), name=str(number), recipient_filter=text, created=NOW)
        for number, text in enumerate(FILTERS)
    ]
    tenant.role_assignments = [assignment(number, *each) for number, each in enumerate(given_assignments)]
    tenant.recipients_changed()
    return tenant


@settings(deadline=None, max_examples=200)
@given(
    lists=st.lists(members, min_size=3, max_size=3),
    given_policies=st.lists(policies, max_size=4),
    given_assignments=st.lists(assignments, max_size=2),
    roles=st.sampled_from(
        [frozenset[str](), frozenset({"Mail.Read"}), frozenset({"Calendars.Read"}), frozenset({"Calendars.ReadWrite"})]
    ),
)
def test_all_at_once_is_one_by_one(
    lists: list[list[str]],
    given_policies: list[tuple[str, str, str]],
    given_assignments: list[tuple[str, str, tuple[str | None, str | None]]],
    roles: frozenset[str],
) -> None:
    tenant = tenant_with(lists, given_policies, given_assignments)
    restrictions = access.restrictions_now(tenant)
    one_by_one = {
        mailbox.object_id
        for mailbox in tenant.mailboxes
        if access.may(tenant, restrictions, "application", roles, access.READ, mailbox)
    }
    assert readable(tenant, restrictions, "application", roles) == one_by_one
