"""Client secrets of applications: made by Entra, shown once, limited by policies, removed by their key id.

Sources: Microsoft Graph v1.0 reference, "application: addPassword", "application: removePassword"; what is refused while
another change is on its way was captured publicly.
"""

import secrets
from datetime import datetime, timedelta

from simulator.graph import applications, appmanagement, credentials, errors, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import password_document
from simulator.records import Application, Password
from simulator.store import hash_secret
from simulator.tenant import new_id

DEFAULT_LIFETIME_YEARS = 2


def add(call: Call) -> Answer:
    """Make a client secret; this answer is the only one that shows its value."""
    application = applications.find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    name, start, end = _wanted(call)
    appmanagement.check_password(call.tenant, application, start, end)
    secret = _new_secret()
    password = Password(
        key_id=new_id(),
        display_name=name,
        start_date_time=start,
        end_date_time=end,
        hint=secret[:3],
        secret_hash=hash_secret(secret),
        created_date_time=call.tenant.now(),
    )
    _change(call, application, [*application.passwords, password])
    context = {"@odata.context": f"{call.base}/$metadata#microsoft.graph.passwordCredential"}
    return Answer(200, {**context, **password_document(password, secret)})


def remove(call: Call) -> Answer:
    """Remove a client secret; tokens that it was traded for live on."""
    application = applications.find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    key_id = call.take({"keyId"}).get("keyId")
    if not isinstance(key_id, str):
        raise errors.bad_request("Invalid value specified for property 'keyId' of resource 'PasswordCredential'.")
    kept = [password for password in application.passwords if password.key_id != key_id.lower()]
    if len(kept) == len(application.passwords):
        raise errors.bad_request("No credentials found to be removed.")
    _change(call, application, kept)
    return Answer(204)


def _change(call: Call, application: Application, passwords: list[Password]) -> None:
    """Write the passwords, unless another change of them was written too short a time ago.

    Requests run one at a time here, so two at once are told by the tenant's clock (conditions.password_window_seconds).
    """
    now, window = call.tenant.now(), timedelta(seconds=call.tenant.conditions.password_window_seconds)
    last = application.passwords_changed
    if last is not None and last <= now < last + window:
        raise errors.concurrency_violation()
    replication.changes(call.tenant, application)
    application.passwords, application.passwords_changed = passwords, now


def _wanted(call: Call) -> tuple[str | None, datetime, datetime]:
    """Return name, start and end of the secret that the body asks for.  Raises GraphError."""
    wanted = call.take({"passwordCredential"}).get("passwordCredential") or {}
    if not isinstance(wanted, dict):
        raise errors.bad_request("Invalid value specified for property 'passwordCredential'.")
    unknown = set(wanted) - {"displayName", "startDateTime", "endDateTime", "@odata.type"}
    if unknown:
        raise errors.bad_request(f"Invalid property '{sorted(unknown)[0]}'.")
    now = call.tenant.now().replace(microsecond=0)
    start = credentials.moment(wanted, "startDateTime") or now
    end = credentials.moment(wanted, "endDateTime") or _years_after(start, DEFAULT_LIFETIME_YEARS)
    if start < now - timedelta(days=1):
        raise errors.GraphError(400, "KeyCredentialsInvalidStartDate", "Key credential start date is invalid.")
    if end <= max(start, now):
        raise errors.GraphError(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")
    name = wanted.get("displayName")
    if name is not None and not isinstance(name, str):
        raise errors.bad_request("Invalid value specified for property 'displayName' of resource 'PasswordCredential'.")
    return name, start, end


def _years_after(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)


def _new_secret() -> str:
    """Return a value of the form that Entra gives out: 40 characters with `8Q~` after the first three."""
    return f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(26)[:34]}"
