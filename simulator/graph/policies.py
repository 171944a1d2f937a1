"""App management policies: the tenant's default, further ones, and which of them is assigned to an application.

Refuses to own what they forbid (appmanagement.py), and their assignment to service principals, whose own passwords are
not imitated.  Source: Microsoft Graph v1.0 reference, tenantAppManagementPolicy and appManagementPolicy.
"""

from typing import Any

from simulator.graph import applications, appmanagement, errors, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import NO_FILTER
from simulator.records import AppManagementPolicy
from simulator.tenant import new_id

COLLECTION = "policies/appManagementPolicies"
WRITABLE = {"displayName", "description", "isEnabled", "restrictions"}
WRITABLE_BY_DEFAULT = {
    "displayName",
    "description",
    "isEnabled",
    "applicationRestrictions",
    "servicePrincipalRestrictions",
}

Document = dict[str, Any]


def get_default(call: Call) -> Answer:
    """Answer the tenant's default policy."""
    rights.require_read_policies(call.caller)
    policy = call.tenant.default_app_management_policy
    document = {
        "id": appmanagement.DEFAULT_POLICY_ID,
        "displayName": policy.display_name,
        "description": policy.description,
        "isEnabled": policy.is_enabled,
        "applicationRestrictions": _shown(policy.application_restrictions),
        "servicePrincipalRestrictions": _shown(policy.service_principal_restrictions),
    }
    return Answer(
        document=query.one(call, document, "policies/defaultAppManagementPolicy", "tenantAppManagementPolicy")
    )


def change_default(call: Call) -> Answer:
    """Change what the body names of the tenant's default policy."""
    rights.require_write_policies(call.caller)
    query.check_options(call, set())
    body = _checked(call, WRITABLE_BY_DEFAULT)
    policy = call.tenant.default_app_management_policy
    policy.display_name = body.get("displayName", policy.display_name)
    policy.description = body.get("description", policy.description)
    policy.is_enabled = body.get("isEnabled", policy.is_enabled)
    policy.application_restrictions = body.get("applicationRestrictions", policy.application_restrictions)
    policy.service_principal_restrictions = body.get(
        "servicePrincipalRestrictions", policy.service_principal_restrictions
    )
    return Answer(204)


def list_policies(call: Call) -> Answer:
    """Answer a page of the further policies."""
    rights.require_read_policies(call.caller)
    documents = [_document(policy) for policy in call.tenant.app_management_policies]
    return Answer(document=query.page(call, documents, COLLECTION, "appManagementPolicy", NO_FILTER))


def get(call: Call) -> Answer:
    """Answer one of them."""
    rights.require_read_policies(call.caller)
    return Answer(document=query.one(call, _document(_find(call)), COLLECTION, "appManagementPolicy"))


def create(call: Call) -> Answer:
    """Make a policy; it counts for nothing until it is assigned."""
    rights.require_write_policies(call.caller)
    query.check_options(call, set())
    body = _checked(call, WRITABLE)
    for name in ("displayName", "description"):
        if name not in body:
            raise _invalid(name)
    policy = AppManagementPolicy(
        id=new_id(),
        display_name=body["displayName"],
        description=body["description"],
        is_enabled=body.get("isEnabled", False),
        restrictions=body.get("restrictions", {}),
    )
    call.tenant.app_management_policies.append(policy)
    document = query.one(call, _document(policy), COLLECTION, "appManagementPolicy")
    return Answer(201, document, f"{call.base}/{COLLECTION}/{policy.id}")


def change(call: Call) -> Answer:
    """Change what the body names."""
    rights.require_write_policies(call.caller)
    query.check_options(call, set())
    policy, body = _find(call), _checked(call, WRITABLE)
    policy.display_name = body.get("displayName", policy.display_name)
    policy.description = body.get("description", policy.description)
    policy.is_enabled = body.get("isEnabled", policy.is_enabled)
    policy.restrictions = body.get("restrictions", policy.restrictions)
    return Answer(204)


def delete(call: Call) -> Answer:
    """Delete a policy; applications that it was assigned to fall under the default again."""
    rights.require_write_policies(call.caller)
    query.check_options(call, set())
    policy = _find(call)
    call.tenant.app_management_policies.remove(policy)
    for application in call.tenant.applications:
        if application.app_management_policy_id == policy.id:
            application.app_management_policy_id = None
    return Answer(204)


def list_assigned(call: Call) -> Answer:
    """Answer the policy that is assigned to an application, as a list."""
    rights.require_read_policies(call.caller)
    application = applications.find(call)
    rights.require_read(call.caller, application)
    assigned = [p for p in call.tenant.app_management_policies if p.id == application.app_management_policy_id]
    documents = [_document(policy) for policy in assigned]
    return Answer(document=query.page(call, documents, "appManagementPolicies", "appManagementPolicy", NO_FILTER))


def assign(call: Call) -> Answer:
    """Assign a policy to an application, which has none yet."""
    rights.require_assign_policies(call.caller)
    query.check_options(call, set())
    application = applications.find_newest(call)
    reference = str(call.take({"@odata.id"}).get("@odata.id"))
    prefixes = [f"{call.simulator.identity_url}/{version}/{COLLECTION}/" for version in ("v1.0", "beta")]
    policy_id = next((reference.removeprefix(p) for p in prefixes if reference.startswith(p)), None)
    if policy_id is None:
        raise errors.bad_request(f"Invalid URL format specified in @odata.id: '{reference}'.")
    if not any(policy.id == policy_id.lower() for policy in call.tenant.app_management_policies):
        raise errors.not_found(policy_id)
    if application.app_management_policy_id is not None:
        raise errors.bad_request("Only one app management policy can be assigned to an application.")
    replication.changes(call.tenant, application)
    application.app_management_policy_id = policy_id.lower()
    return Answer(204)


def take_back(call: Call) -> Answer:
    """Leave the application to the tenant's default policy again."""
    rights.require_assign_policies(call.caller)
    query.check_options(call, set())
    application = applications.find_newest(call)
    if application.app_management_policy_id != call.path("policy").lower():
        raise errors.not_found(call.path("policy"))
    replication.changes(call.tenant, application)
    application.app_management_policy_id = None
    return Answer(204)


def _find(call: Call) -> AppManagementPolicy:
    wanted = call.path("policy").lower()
    for policy in call.tenant.app_management_policies:
        if policy.id == wanted:
            return policy
    raise errors.not_found(call.path("policy"))


def _checked(call: Call, writable: set[str]) -> Document:
    """Return the body, its values of the right types.  Raises GraphError."""
    body = call.take(writable)
    for name in ("displayName", "description"):
        if name in body and not isinstance(body[name], str):
            raise _invalid(name)
    if not isinstance(body.get("isEnabled", False), bool):
        raise _invalid("isEnabled")
    restrictions = {
        n: appmanagement.check_restrictions(v) for n, v in body.items() if n.lower().endswith("restrictions")
    }
    return {**body, **restrictions}


def _document(policy: AppManagementPolicy) -> Document:
    return {
        "id": policy.id,
        "displayName": policy.display_name,
        "description": policy.description,
        "isEnabled": policy.is_enabled,
        "restrictions": _shown(policy.restrictions),
    }


def _shown(restrictions: Document) -> Document:
    return {name: restrictions.get(name, []) for name in appmanagement.TYPES}


def _invalid(name: str) -> errors.GraphError:
    return errors.bad_request(f"Invalid value specified for property '{name}' of resource 'AppManagementPolicy'.")
