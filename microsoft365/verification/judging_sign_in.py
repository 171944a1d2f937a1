"""What a sign-in of ROOMZ's means, what the application may do by its token and by its grants, and what is due. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from microsoft365.errors import SignInRefused
from microsoft365.graph.applications import GRAPH_APP_ID
from microsoft365.graph.permissions import Permission
from microsoft365.verification.as_administrator import AsAdministrator
from microsoft365.verification.judging_restriction import is_restricted
from microsoft365.verification.reminders import Reminder
from microsoft365.verification.report import Finding
from microsoft365.verification.subject import Subject
from microsoft365.verification.symptoms_sign_in import HAND_OVER, PERMISSIONS, SIGN_IN

WANTED = "Calendars.ReadWrite"
# "Microsoft Entra authentication and authorization error codes".
_UNKNOWN_SECRET = "7000215"  # noqa: S105  # a code
_BY_CODE = {
    "7000222": "secret-ended",
    "700016": "application-unknown",
    "7000112": "application-disabled",
    "53003": "blocked-by-conditional-access",
}
# A new secret was seen to be refused for 4 to 18 seconds; ten minutes leave room for a bad day.
_NEW_SECRET_SECONDS = 600.0
# Two clocks, and a Date header that leaves out what is below a second.
_CLOCKS_DIFFER_SECONDS = 60.0
_DUE = {
    ("hand-over", False): "hand-over-pending",
    ("hand-over", True): "hand-over-overdue",
    ("renewal", False): "renewal-due",
    ("renewal", True): "renewal-overdue",
}
_SECRET_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def looks_like_an_id(secret: str) -> bool:
    """Tell whether what was given as a secret is a Secret ID: a GUID, which no Value is."""
    return _SECRET_ID.fullmatch(secret.strip()) is not None


def judge_sign_in(
    subject: Subject, refusal: SignInRefused | None, now: datetime, *, secret_is_an_id: bool
) -> list[Finding]:
    """Return what became of the sign-in."""
    if refusal is None:
        return [SIGN_IN["secret-accepted"].found(which=_which(subject))]
    of_stack = f" --stack {subject.stack}" if subject.stack else ""
    return [_refused(subject, refusal, now, of_stack, secret_is_an_id=secret_is_an_id)]


def judge_reminders(reminders: Iterable[Reminder]) -> list[Finding]:
    """Return what people have to do by a date: red where it has passed, since the displays stand still then."""
    return [
        HAND_OVER[_DUE[reminder.what, reminder.overdue]].found(said=reminder.says, how=reminder.remedy)
        for reminder in reminders
    ]


def _refused(
    subject: Subject, refusal: SignInRefused, now: datetime, of_stack: str, *, secret_is_an_id: bool
) -> Finding:
    facts = {
        "up": subject.up,
        "of_stack": of_stack,
        "client_id": subject.client_id,
        "tenant_id": subject.connection.tenant_id,
        "said": refusal.said,
    }
    if refusal.code != _UNKNOWN_SECRET:
        return SIGN_IN[_BY_CODE.get(refusal.code, "sign-in-refused")].found(**facts)
    if secret_is_an_id:
        return SIGN_IN["secret-id-instead-of-value"].found(**facts)
    issued = subject.secret_issued_on
    age = (now - issued).total_seconds() if issued is not None else _NEW_SECRET_SECONDS
    if -_CLOCKS_DIFFER_SECONDS <= age < _NEW_SECRET_SECONDS:
        said = f"{max(0, round(age))} s" if age < 120 else f"{round(age / 60)} min"
        return SIGN_IN["secret-too-new"].found(**facts, age=said)
    return SIGN_IN["secret-unknown"].found(**facts)


def judge_permissions(
    subject: Subject, roles: frozenset[str] | None, admin: AsAdministrator | None, *, how: str
) -> list[Finding]:
    """Return what the application may do, by its token's `roles` and by its grants. `how` says what would let us read them."""
    read = admin is not None and "grants" not in admin.unread
    granted = admin.permissions if admin is not None and read else ()
    findings: list[Finding] = []
    if roles is None:
        findings.append(PERMISSIONS["token-unreadable"].found())
    if not read:
        why = "no administrator's identity is at hand" if admin is None else admin.unread["grants"]
        findings.append(PERMISSIONS["grants-unread"].found(why=why, how=how))
    if subject.access == "rbac":
        return findings if roles is None and not read else [*findings, *_of_rbac(roles or frozenset(), granted)]
    symptom, consent = "role-missing", "pulumi up --refresh makes it"
    if subject.consent is not None:
        symptom, consent = "consent-waits", subject.consent.remedy
        if admin is not None and not is_restricted(subject, admin):
            consent = (
                "nobody should consent yet, since nothing would keep the application to the rooms: see Restriction in Exchange. Then "
                + consent
            )
    return [*findings, *_of_policy(roles, granted, symptom, consent, read=read)]


def opened_by_grant(roles: frozenset[str] | None, permissions: Iterable[Permission]) -> bool:
    """Tell whether something granted in Microsoft Entra opens calendars."""
    return any(one.opens_calendars for one in (*_permissions(roles), *permissions))


def _of_rbac(roles: frozenset[str], granted: Sequence[Permission]) -> list[Finding]:
    every = _united(_permissions(roles), granted)
    opening = [one for one in every if one.opens_calendars]
    others = [one for one in every if not one.opens_calendars]
    findings = []
    if opening:
        verb = "are" if len(opening) > 1 else "is"
        findings.append(PERMISSIONS["grant-beside-rbac"].found(roles=f"{_listed(opening)} {verb}"))
    if others:
        findings.append(PERMISSIONS["grants-beyond-calendars"].found(roles=_listed(others)))
    return findings or [
        PERMISSIONS["permissions-right"].found(held="nothing is granted in Microsoft Entra, as with rbac")
    ]


def _of_policy(
    roles: frozenset[str] | None, granted: Sequence[Permission], symptom: str, consent: str, *, read: bool
) -> list[Finding]:
    wanted = Permission(WANTED, "Microsoft Graph", GRAPH_APP_ID)
    is_granted = any(_same(one, wanted) for one in granted)
    findings = []
    if roles is not None and WANTED not in roles:
        if is_granted:
            findings.append(PERMISSIONS["role-too-new"].found())
        else:
            or_new = "" if read else ", or was made a moment ago and is not in new tokens yet"
            findings.append(PERMISSIONS[symptom].found(or_new=or_new, consent=consent))
    elif read and not is_granted:
        findings.append(PERMISSIONS["grant-gone"].found(consent=consent))
    beyond = [one for one in _united(_permissions(roles), granted) if not _same(one, wanted)]
    if beyond:
        findings.append(PERMISSIONS["grants-beyond-calendars"].found(roles=_listed(beyond)))
    if not findings and (roles is not None or read):
        findings.append(PERMISSIONS["permissions-right"].found(held=f"{WANTED}, and nothing else"))
    return findings


def _permissions(roles: frozenset[str] | None) -> list[Permission]:
    return [Permission(role, "Microsoft Graph", GRAPH_APP_ID) for role in sorted(roles or ())]


def _united(first: Sequence[Permission], second: Sequence[Permission]) -> list[Permission]:
    found = list(first)
    found += [one for one in second if not any(_same(one, other) for other in found)]
    return found


def _same(one: Permission, other: Permission) -> bool:
    return one.name.casefold() == other.name.casefold() and one.service_app_id == other.service_app_id


def _listed(permissions: Sequence[Permission]) -> str:
    return ", ".join(str(one) for one in permissions)


def _which(subject: Subject) -> str:
    parts = []
    if subject.generation is not None:
        parts.append(f"generation {subject.generation}")
    if subject.secret_ends_on is not None:
        parts.append(f"ends on {subject.secret_ends_on:%Y-%m-%d}")
    return f" ({', '.join(parts)})" if parts else ""
