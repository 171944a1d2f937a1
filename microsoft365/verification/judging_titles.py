"""What displays show of meetings, and whether that is what was asked for. Pure.

A room's calendar processing decides what it keeps of an invitation; only an administrator's identity sees it. Without one
the newest meeting is the best witness there is: how a room was set when an older one was booked says nothing of today.
"""

from collections.abc import Mapping, Sequence

from microsoft365.exchange.observed import CalendarSettings
from microsoft365.verification.as_administrator import AsAdministrator
from microsoft365.verification.as_roomz import AsRoomz, Seen
from microsoft365.verification.doors import Meeting
from microsoft365.verification.report import Finding
from microsoft365.verification.subject import Subject
from microsoft365.verification.symptoms import counted
from microsoft365.verification.symptoms_mailboxes import TITLES


def judge_titles(subject: Subject, roomz: AsRoomz, admin: AsAdministrator | None, *, how: str) -> list[Finding]:
    """Return what was found; `how` says what would let us read calendar processing."""
    settings = {} if admin is None else admin.processing
    if not subject.titles:
        return _unmanaged(subject, settings)
    readable = {address: seen for address, seen in roomz.rooms.items() if seen.status == 200}
    if not settings:
        why = "no administrator's identity is at hand"
        if admin is not None:
            why = admin.unread.get("processing", "Exchange knows none of these rooms")
        return [TITLES["processing-unread"].found(why=why, how=how), *_by_witness(readable)]
    replaced = [address for address, one in settings.items() if one.add_organizer_to_subject or one.delete_subject]
    stripped = [address for address, one in settings.items() if one.remove_private_property]
    findings = []
    if replaced:
        findings.append(TITLES["titles-replaced"].found(replaced, rooms=counted(len(replaced), "room"), up=subject.up))
    if stripped:
        findings.append(
            TITLES["private-flag-removed"].found(stripped, rooms=counted(len(stripped), "room"), up=subject.up)
        )
    kept = [address for address in readable if _keeps(settings.get(address.casefold()))]
    old = {address: _number(readable[address], "organizer") for address in kept}
    old = {address: number for address, number in old.items() if number}
    if old:
        meetings, rooms = counted(sum(old.values()), "meeting"), counted(len(old), "room")
        findings.append(TITLES["booked-before"].found(old, meetings=meetings, rooms=rooms))
    if kept:
        doors = _doors([readable[address] for address in kept])
        findings.append(TITLES["titles-kept"].found(rooms=counted(len(kept), "room"), doors=doors))
    return findings


def _unmanaged(subject: Subject, settings: Mapping[str, CalendarSettings]) -> list[Finding]:
    """Return what concerns rooms of which nobody asked that they keep titles: that some do, and show private ones."""
    open_doors = [
        address
        for address, one in settings.items()
        if one.remove_private_property and not (one.add_organizer_to_subject or one.delete_subject)
    ]
    findings = [TITLES["titles-unmanaged"].found(up=subject.up)]
    if open_doors:
        rooms = counted(len(open_doors), "room")
        findings.append(TITLES["private-flag-removed-unmanaged"].found(open_doors, rooms=rooms, up=subject.up))
    return findings


def _by_witness(readable: Mapping[str, Seen]) -> list[Finding]:
    """Return what the newest meeting of each room tells."""
    newest = {address: _newest(seen.meetings) for address, seen in readable.items()}
    doubtful = [address for address, one in newest.items() if one is not None and one.shown == "organizer"]
    if not doubtful:
        return []
    return [TITLES["titles-untold"].found(doubtful, rooms=counted(len(doubtful), "room"))]


def _newest(meetings: Sequence[Meeting]) -> Meeting | None:
    dated = [one for one in meetings if one.booked is not None]
    return max(dated, key=lambda one: one.booked.timestamp() if one.booked else 0.0, default=None)


def _keeps(settings: CalendarSettings | None) -> bool:
    return settings is not None and not any(settings)


def _number(seen: Seen, shown: str) -> int:
    return sum(meeting.shown == shown for meeting in seen.meetings)


def _doors(rooms: Sequence[Seen]) -> str:
    titles, reserved = (sum(_number(seen, shown) for seen in rooms) for shown in ("title", "reserved"))
    if not titles and not reserved:
        return ""
    return f"; of the next meetings there, shown with a title: {titles:,}, as Reserved: {reserved:,}"
