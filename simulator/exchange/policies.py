"""Application access policies: New-, Get-, Set-, Remove-, Test-ApplicationAccessPolicy.

Source: Microsoft Learn, these pages; identities and rows from public captures.  What a policy decides is in access.py.
"""

from typing import Any
from uuid import UUID

from simulator import access
from simulator.exchange import errors, lookup, replication
from simulator.exchange.cmdlet import Result, Row, Session, modified
from simulator.records import AccessPolicy
from simulator.tenant import Tenant

SIZE_LIMIT = 34_400
SIZE_OF_ONE = 113
"""Microsoft limits the total size: about 100 policies with the description that it fills in, about 300 with one of a
single space.  These two numbers give both."""


def identity(tenant: Tenant, policy: AccessPolicy) -> str:
    """Return the tenant, a backslash, and `application:SID;object id`."""
    return f"{tenant.id}\\{policy.app_id}:{policy.scope_sid};{policy.scope_object_id}"


def _row(tenant: Tenant, policy: AccessPolicy) -> Row:
    return {
        "ScopeName": policy.scope_name,
        "ScopeIdentity": policy.scope_identity,
        "Identity": identity(tenant, policy),
        # Ids come back in another letter case than they were sent in.
        "AppId": policy.app_id.upper(),
        "ScopeIdentityRaw": f"{policy.scope_sid};{policy.scope_object_id}",
        "Description": policy.description,
        "AccessRight": policy.access_right,
        "ShardType": "All",
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def new_policy(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-ApplicationAccessPolicy: one policy for each application id."""
    tenant = session.tenant
    scope = lookup.recipient_or_display_name(tenant, bound["PolicyScopeGroupId"])
    if scope.kind not in ("MailUniversalSecurityGroup", "UserMailbox"):
        raise errors.invalid(
            f"The policy scope '{bound['PolicyScopeGroupId']}' is a {scope.kind}, which is not a security principal. "
            "Specify a mail-enabled security group or a user mailbox."
        )
    made: list[AccessPolicy] = []
    for app_id in bound["AppId"]:
        policy = AccessPolicy(
            app_id=_application(app_id),
            scope_name=scope.display_name,
            scope_identity=scope.name,
            scope_sid=scope.sid,
            scope_object_id=scope.object_id,
            access_right=bound["AccessRight"],
            description=bound.get("Description", ""),
            created=tenant.now(),
        )
        if not policy.description:
            policy.description = (
                f"AppId: {policy.app_id}; ScopeIdentitySid: {policy.scope_sid}; ScopeIdentityOid: "
                f"{policy.scope_object_id}; AccessRight: {policy.access_right}; ShardType: All"
            )
        if any(identity(tenant, other) == identity(tenant, policy) for other in (*tenant.policies, *made)):
            raise errors.already_exists("Identity", identity(tenant, policy), policy.scope_name)
        made.append(policy)
    _check_size([*tenant.policies, *made])
    tenant.policies.extend(made)
    return Result(made, lambda policy: _row(tenant, policy))


def get_policies(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ApplicationAccessPolicy; in a tenant without any policy it throws, as Microsoft's does."""
    tenant = session.tenant
    if "Identity" in bound:
        found = [_find(tenant, bound["Identity"])]
    else:
        found = replication.found(tenant, tenant.policies)
        if not found:
            raise errors.not_found(
                f"EURPR07A013.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/{tenant.initial_domain}\\*"
            )
    return Result(found, lambda policy: _row(tenant, policy))


def set_policy(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-ApplicationAccessPolicy, which changes the description only."""
    policy = _find(session.tenant, bound["Identity"])
    changed = policy.description != bound["Description"]
    former, policy.description = policy.description, bound["Description"]
    try:
        _check_size(session.tenant.policies)
    except errors.ExchangeError:
        policy.description = former
        raise
    return modified(changed, identity(session.tenant, policy))


def remove_policy(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ApplicationAccessPolicy."""
    session.tenant.policies.remove(_find(session.tenant, bound["Identity"]))
    return Result()


def test_policy(session: Session, bound: dict[str, Any]) -> Result:
    """Run Test-ApplicationAccessPolicy, which sees policies at once."""
    tenant = session.tenant
    target = lookup.recipient_or_display_name(tenant, bound["Identity"])
    allowed = access.allowed_by_policies(access.restrictions_now(tenant), _application(bound["AppId"]), target)
    row: Row = {
        "AppId": bound["AppId"],
        "Mailbox": target.name,
        "MailboxId": UUID(target.object_id),
        "MailboxSid": target.sid,
        "AccessCheckResult": "Granted" if allowed else "Denied",
    }
    return Result([row])


def _application(app_id: str) -> str:
    if app_id == access.EVERY_APPLICATION:
        return app_id
    try:
        return str(UUID(app_id))
    except ValueError as error:
        raise errors.invalid(f"The value '{app_id}' of AppId is no application id.") from error


def _find(tenant: Tenant, wanted: str) -> AccessPolicy:
    for policy in replication.found(tenant, tenant.policies):
        if identity(tenant, policy).lower() == wanted.lower():
            return policy
    raise errors.not_found(wanted)


def _check_size(policies: list[AccessPolicy]) -> None:
    if sum(SIZE_OF_ONE + len(policy.description) for policy in policies) > SIZE_LIMIT:
        raise errors.invalid("The total size of App Access Policies exceeded the limit.")
