"""The real provider with exactly the documented rights; what it asks is what docs/permissions.md lists. For `rbac`: test_rbac.py."""

from microsoft365.graph.rights import ASSIGN, OWN, READ
from tests.end_to_end.conftest import NewStack
from tests.support import least
from tests.support.tenant import Tenant


def test_a_stack_lives_with_exactly_the_documented_rights(new_stack: NewStack, tenant: Tenant) -> None:
    stack = new_stack()
    least.join_role_group(tenant, "policy")

    # Without what only the provider needs, the preview names it before `up` meets a refusal that names nothing.
    least.may(tenant, READ, least.MANAGE_AS_APP)
    lacking = stack.preview().text
    for permission in (OWN, ASSIGN):
        assert f"without the permission {permission}" in lacking

    begun = tenant.last_request()
    least.have_what_is_documented(tenant, "policy")
    assert "without the permission" not in stack.up().text
    # Somebody changes something by hand, which these rights are enough for as well.
    tenant.exchange(
        "Remove-DistributionGroupMember",
        Identity=f"RoomzResources@{tenant.domain}",
        Member=f"room-eiger@{tenant.domain}",
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )
    stack.configure(displayName="ROOMZ displays", secret={"generation": 1})
    stack.up("--refresh")
    stack.destroy()
    least.assert_tables_hold_what_was_asked(tenant, "policy", begun)
