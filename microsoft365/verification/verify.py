"""The one function that verifies a connector: looks, judges, waits where Microsoft needs time, and returns the report.

Owns the order (an administrator's identity first, since it knows the rooms; then ROOMZ's) and the waiting. Every look
signs in anew, because a token keeps the roles that it was issued with. Refuses to own what is said to people while it
waits: `pause` is the caller's.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from microsoft365.errors import BadInput
from microsoft365.exchange.transport import Reporter
from microsoft365.pace import Pace
from microsoft365.session import Session, open_session
from microsoft365.verification import as_administrator, as_roomz
from microsoft365.verification.judging import Seen, judge
from microsoft365.verification.judging_sign_in import looks_like_an_id
from microsoft365.verification.reminders import Reminders, no_reminders
from microsoft365.verification.report import Door, Report, is_closed, verdict_of
from microsoft365.verification.subject import Subject
from microsoft365.verification.waiting import Pause, next_pause
from microsoft365.verification.writing import Written, write_and_delete

# What ROOMZ's sign-in needs of this process's environment besides its own two values.
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def verify(
    subject: Subject,
    secret: str,
    environment: Mapping[str, str],
    reporter: Reporter,
    *,
    administrator: bool,
    write: bool = False,
    doors: bool = False,
    wait_minutes: float = 0,
    reminders: Reminders = no_reminders,
    pace: Pace | None = None,
    pause: Callable[[Pause], None] | None = None,
) -> Report:
    """Verify one connector and return what was found, whatever it is.

    `secret` is ROOMZ's. `environment` is the process's: with `administrator` its ARM_* variables sign in the second
    identity. `write` writes an event into each room and deletes it; `doors` has the report tell what each display shows next.
    `reminders` tells what is due by the tenant's clock. With `wait_minutes` everything is asked again, as long as nothing but Microsoft's time is missing. `pause` waits (default:
    `pace.sleep`).

    Raises what hinders the verification itself: BadInput, NoAccess (the administrator's identity), TenantRefused, GaveUp.
    """
    pace = pace or Pace()
    wait = pause or (lambda one: pace.sleep(one.seconds))
    if subject.named_rooms is None and not administrator:
        raise BadInput(
            "which rooms are to be verified is not known: ROOMZ's own identity cannot list them. Name them with --rooms FILE "
            "(the CSV of rooms) or --room ADDRESS, or set the ARM_* variables of an identity that may read Exchange"
        )
    began, looked = pace.now(), 0
    while True:
        looked += 1
        seen = _look(subject, secret, environment, reporter, administrator=administrator, write=write, pace=pace)
        findings = judge(subject, seen, secret_is_an_id=looks_like_an_id(secret), reminders=reminders(seen.now))
        waited = pace.now() - began
        following = next_pause(findings, subject.access, wait_minutes * 60 - waited)
        if following is None:
            break
        wait(following)
    return Report(
        verdict=verdict_of(findings),
        closed=is_closed(findings),
        checked_at=seen.now,
        tenant_id=subject.connection.tenant_id,
        client_id=subject.client_id,
        access=subject.access,
        stack=subject.stack,
        rooms=len(_addresses(subject, seen)),
        with_administrator=administrator,
        wrote=write,
        looked_times=looked,
        waited_minutes=round(waited / 60),
        findings=findings,
        doors=_doors(seen) if doors else None,
    )


def _look(
    subject: Subject,
    secret: str,
    environment: Mapping[str, str],
    reporter: Reporter,
    *,
    administrator: bool,
    write: bool,
    pace: Pace,
) -> Seen:
    admin = None
    if administrator:
        admin = as_administrator.look(open_session(subject.connection, environment, pace=pace), subject, reporter)
    session = open_session(subject.connection, _as_roomz(subject, secret, environment), pace=pace)
    addresses = subject.named_rooms if admin is None else admin.addresses
    roomz = as_roomz.look(
        session, addresses or (), {} if admin is None else admin.object_ids, subject.control_mailbox, reporter
    )
    written = _write(session, subject, roomz, reporter) if write and roomz.refusal is None else None
    return Seen(_now(session), roomz, admin, written)


def _write(session: Session, subject: Subject, roomz: as_roomz.AsRoomz, reporter: Reporter) -> Written:
    readable = [address for address, seen in roomz.rooms.items() if seen.status == 200]
    return write_and_delete(as_roomz.batches_of(session), readable, subject.mark, reporter)


def _as_roomz(subject: Subject, secret: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which ROOMZ's application is whoever signs in, and nobody else is named."""
    kept = {name: environment[name] for name in _CERTIFICATES if environment.get(name)}
    return {**kept, "ARM_CLIENT_ID": subject.client_id, "ARM_CLIENT_SECRET": secret}


def _now(session: Session) -> datetime:
    """Return the tenant's time by the login host's last answer, also a refusal; this machine's where it said none."""
    return session.sign_in.login_host_time or datetime.now(UTC)


def _doors(seen: Seen) -> tuple[Door, ...]:
    """Return the next meeting of each room that has one, as its display shows it."""
    return tuple(
        Door(address=address, start=room.meetings[0].start, shows=room.meetings[0].text, kind=room.meetings[0].shown)
        for address, room in seen.roomz.rooms.items()
        if room.meetings
    )


def _addresses(subject: Subject, seen: Seen) -> tuple[str, ...]:
    if seen.administrator is not None:
        return seen.administrator.addresses
    return subject.named_rooms or ()
