"""Everything that was seen, made into findings. Pure: the one place where the judgements come together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from microsoft365.verification.as_administrator import AsAdministrator, Section
from microsoft365.verification.as_roomz import AsRoomz
from microsoft365.verification.judging_mailboxes import judge_control, judge_rooms, judge_writing
from microsoft365.verification.judging_restriction import judge_restriction
from microsoft365.verification.judging_sign_in import judge_permissions, judge_reminders, judge_sign_in
from microsoft365.verification.judging_titles import judge_titles
from microsoft365.verification.reminders import Reminder
from microsoft365.verification.report import Finding, in_order
from microsoft365.verification.subject import Subject
from microsoft365.verification.symptoms_mailboxes import CONTROL
from microsoft365.verification.symptoms_restriction import RESTRICTION
from microsoft365.verification.writing import Written

_NEEDS_ADMINISTRATOR = (
    "set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET of the application that deploys, or of one that may read"
)
_RIGHTS = "give the identity the right, or take one that has it: docs/permissions.md"
_WHAT: Mapping[Section, str] = {
    "policies": "application access policies",
    "rbac": "service principals, management scopes and role assignments",
    "groups": "the groups that are in reach",
    "tests": "what Exchange's own test says of each mailbox",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was seen in one look. `now` is the tenant's time."""

    now: datetime
    roomz: AsRoomz
    administrator: AsAdministrator | None = None
    written: Written | None = None


def judge(
    subject: Subject, seen: Seen, *, secret_is_an_id: bool = False, reminders: Sequence[Reminder] = ()
) -> tuple[Finding, ...]:
    """Return the findings in the order in which they are shown. `reminders` are what is due at that time."""
    roomz, admin = seen.roomz, seen.administrator
    how = _NEEDS_ADMINISTRATOR if admin is None else _RIGHTS
    findings = judge_sign_in(subject, roomz.refusal, seen.now, secret_is_an_id=secret_is_an_id)
    if roomz.refusal is None:
        findings += judge_permissions(subject, roomz.roles, admin, how=how)
        findings += judge_rooms(subject, roomz, admin)
        findings += judge_titles(subject, roomz, admin, how=how)
    if roomz.refusal is None or subject.control_mailbox is None:
        findings += judge_control(subject, roomz, admin, how=how)
    else:
        why = "ROOMZ's sign-in is refused"
        findings.append(CONTROL["control-unasked"].found(control=subject.control_mailbox, why=why, how=""))
    findings += judge_writing(subject, seen.written)
    if admin is None:
        why = "no administrator's identity is at hand"
        what = "what keeps the application to the rooms, and what Exchange's own test says of each mailbox"
        findings.append(RESTRICTION["restriction-unread"].found(what=what, why=why, how=how))
    else:
        findings += judge_restriction(subject, admin)
        findings += [
            RESTRICTION["restriction-unread"].found(what=what, why=admin.unread[section], how=how)
            for section, what in _WHAT.items()
            if section in admin.unread
        ]
    findings += judge_reminders(reminders)
    return in_order(findings)
