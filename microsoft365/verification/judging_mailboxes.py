"""What the answers of mailboxes mean: the rooms', the control mailbox's, and those to writing. Pure.

Propagation is told from misconfiguration by what Exchange's own test says beside what Graph does: the test sees a change
at once, Graph when Microsoft gets to it. Only 403 is a refusal; 401 is about the token, 404 about the address, 429 and
5xx about the time.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from microsoft365.exchange.desired import Access
from microsoft365.exchange.observed import EQUIPMENT_MAILBOX, ROOM_MAILBOX
from microsoft365.http import THROTTLED, UNAVAILABLE
from microsoft365.verification.as_administrator import AsAdministrator
from microsoft365.verification.as_roomz import AsRoomz, Seen
from microsoft365.verification.judging_restriction import why_covered, why_not_covered
from microsoft365.verification.judging_sign_in import WANTED, opened_by_grant
from microsoft365.verification.report import Finding
from microsoft365.verification.subject import Subject
from microsoft365.verification.symptoms import counted
from microsoft365.verification.symptoms_mailboxes import CONTROL, ROOMS, WRITE
from microsoft365.verification.waiting import FIGURES, PATIENCE
from microsoft365.verification.writing import Written, subject_of

TESTS: Mapping[Access, str] = {
    "policy": "Test-ApplicationAccessPolicy",
    "rbac": "Test-ServicePrincipalAuthorization",
}
_NOT_ONLINE = "MailboxNotEnabledForRESTAPI"
_RESOURCES = {ROOM_MAILBOX: "room", EQUIPMENT_MAILBOX: "piece of equipment"}


def judge_rooms(subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None) -> list[Finding]:
    """Return what was found of the rooms, those with the same symptom together."""
    together: dict[str, list[str]] = defaultdict(list)
    for address, seen in roomz.rooms.items():
        together[_symptom_of(subject, roomz, admin, address, seen)].append(address)
    findings = [_room_finding(subject, roomz, admin, symptom, found) for symptom, found in together.items()]
    if admin is not None and admin.on_premises:
        addresses = [room.address for room in admin.on_premises]
        findings.append(ROOMS["rooms-on-premises"].found(addresses, rooms=_are(len(addresses), "room")))
    return findings


def _symptom_of(subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None, address: str, seen: Seen) -> str:
    reached = None if admin is None else admin.tested.get(address.casefold())
    if seen.status == 200:
        return "room-leaves" if reached is False else "rooms-readable"
    if seen.status in (401, 403):
        if subject.access == "policy" and roomz.roles is not None and WANTED not in roomz.roles:
            return "room-without-role"
        if reached is None:
            return "room-refused"
        return "room-waits-for-microsoft" if reached else "room-not-covered"
    if seen.status == 404 and seen.code == _NOT_ONLINE:
        return "room-not-online"
    if seen.status == 404:
        return _symptom_of_unknown(roomz, admin, address)
    return "room-busy" if _is_busy(seen) else "room-unexpected"


def _symptom_of_unknown(roomz: AsRoomz, admin: AsAdministrator | None, address: str) -> str:
    by_id = roomz.by_id.get(address)
    if by_id is not None and by_id.status in (200, 401, 403):
        return "room-by-another-name"
    known = admin is not None and address.casefold() in admin.rooms
    return "room-too-new" if known else "room-unknown"


def _room_finding(
    subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None, symptom: str, addresses: Sequence[str]
) -> Finding:
    seen = [roomz.rooms[address] for address in addresses]
    number = len(addresses)
    rooms = counted(number, "room") if symptom in _SAID_OF else _are(number, "room")
    return ROOMS[symptom].found(
        addresses if symptom != "rooms-readable" else (),
        rooms=rooms,
        tested=TESTS[subject.access],
        why="" if admin is None else why_not_covered(subject, admin),
        up=subject.up,
        delay=FIGURES[subject.access],
        figure=FIGURES[subject.access],
        patience=PATIENCE[subject.access],
        statuses=", ".join(sorted({str(one.status) for one in seen})),
        said=seen[0].said,
    )


# Symptoms whose sentence goes on with a word that serves one room and many.
_SAID_OF = frozenset({"rooms-readable", "room-leaves", "room-not-online", "room-unexpected"})


def judge_control(subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None, *, how: str) -> list[Finding]:
    """Return whether the control mailbox is refused, and what that proves. `how` says where rights are given."""
    control, seen = subject.control_mailbox, roomz.control
    if control is None:
        return [CONTROL["control-unnamed"].found()]
    if seen is None:
        return []
    asked = admin if admin is not None and "control" not in admin.unread else None
    kind = asked.control_kind if asked is not None else None
    if kind in _RESOURCES or control.casefold() in {address.casefold() for address in roomz.rooms}:
        return [
            CONTROL["control-is-a-room"].found((control,), control=control, kind=_RESOURCES.get(kind or "", "room"))
        ]
    name = _symptom_of_control(subject, roomz, admin, seen)
    if name == "control-refused":
        if asked is None:
            name = "control-refused-unconfirmed"
        elif kind is None:
            name = "control-missing"
    mend = why = ""
    if name == "control-refused-unconfirmed":
        why = (
            "without an administrator's identity Exchange cannot be asked" if admin is None else admin.unread["control"]
        )
        mend = "set the deployer's ARM_* variables" if admin is None else how
    elif admin is not None:
        why, mend = why_covered(subject, admin)
    facts = {
        "control": control,
        "tested": TESTS[subject.access],
        "figure": FIGURES[subject.access],
        "patience": PATIENCE[subject.access],
        "said": "Exchange knows nobody of that address" if seen.status == 403 else seen.said,
        "why": why,
        "mend": mend,
    }
    return [CONTROL[name].found((control,), **facts)]


def _symptom_of_control(subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None, seen: Seen) -> str:
    reached = None if admin is None else admin.tested.get((subject.control_mailbox or "").casefold())
    if seen.status == 200:
        if subject.access == "rbac" and opened_by_grant(roomz.roles, () if admin is None else admin.permissions):
            return "control-open-by-grant"
        if reached is None:
            return "control-open-untested"
        return "control-open" if reached else "control-waits-for-microsoft"
    if seen.status == 403:
        if subject.access == "policy" and roomz.roles is not None and WANTED not in roomz.roles:
            # Refused for lack of a role, which proves nothing of the restriction.
            return "control-unproven"
        return "control-soon-open" if reached else "control-refused"
    return "control-missing" if seen.status == 404 else "control-unproven"


def judge_writing(subject: Subject, written: Written | None) -> list[Finding]:
    """Return what came of writing, nothing where nobody asked for it."""
    if written is None:
        return []
    findings = []
    if written.leftovers:
        events = counted(sum(written.leftovers.values()), "event")
        rooms = counted(len(written.leftovers), "room")
        findings.append(WRITE["leftovers-deleted"].found(written.leftovers, events=events, rooms=rooms))
    if written.written:
        findings.append(WRITE["write-possible"].found(rooms=counted(len(written.written), "room")))
    kinds: list[tuple[str, Mapping[str, str]]] = [
        ("write-refused", written.refused),
        ("write-unproven", written.unproven),
        ("event-left", written.left),
    ]
    for name, answers in kinds:
        if answers:
            findings.append(
                WRITE[name].found(
                    answers,
                    rooms=counted(len(answers), "room"),
                    said=next(iter(answers.values())),
                    up=subject.up,
                    subject=subject_of(subject.mark),
                )
            )
    return findings


def _is_busy(seen: Seen) -> bool:
    return seen.status == 0 or seen.status in THROTTLED or seen.status in UNAVAILABLE


def _are(number: int, thing: str) -> str:
    """Return `1 room is`, `2 rooms are`."""
    return f"{counted(number, thing)} {'is' if number == 1 else 'are'}"
