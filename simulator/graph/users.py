"""A user by object id or user principal name: whether a mailbox's account exists, and what it is called.

Every mailbox has an account; rooms', equipment's and shared ones' are disabled, as Exchange Online makes them.  Refuses
to own lists of users and what a user belongs to.  Source: Microsoft Graph v1.0 reference, "Get a user".
"""

from typing import Any

from simulator.graph import errors, query, rights
from simulator.graph.call import Answer, Call
from simulator.records import Mailbox

BY_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""The properties that Graph answers when $select names none."""


def get(call: Call) -> Answer:
    """Answer one user."""
    rights.require_read_users(call.caller)
    mailbox = _find(call)
    document: dict[str, Any] = {
        **dict.fromkeys(BY_DEFAULT),
        "businessPhones": [],
        "displayName": mailbox.display_name,
        "mail": mailbox.address,
        "officeLocation": mailbox.office or None,
        "userPrincipalName": mailbox.address,
        "id": mailbox.object_id,
        "accountEnabled": mailbox.kind == "UserMailbox",
    }
    wanted = call.request.query_params.get("$select")
    if not wanted:
        document = {name: document[name] for name in BY_DEFAULT}
    else:
        for name in wanted.split(","):
            if name.strip() not in document:
                raise errors.not_imitated(f"the property '{name.strip()}' of a user")
    return Answer(document=query.one(call, document, "users", "user"))


def _find(call: Call) -> Mailbox:
    name = call.path("id")
    for found in call.tenant.find_recipients(name):
        if isinstance(found, Mailbox) and name.lower() in (found.object_id, found.address.lower()):
            return found
    raise errors.not_found(name)
