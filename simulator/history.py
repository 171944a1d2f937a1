"""What Exchange knew of applications, and since when; and when Graph last looked at it.

Owns the past: application access policies, groups with their members, and RBAC for Applications as they were at any
moment.  Refuses to own decisions (access.py) and settings (conditions.py): whoever asks says how long a delay is.

The past is kept in memory, as changes: ten thousand additions to a group are ten thousand entries, not ten thousand
copies of the group.  It does not survive a restart: what a process finds at its start counts as having always been so.
"""

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulator.records import AccessPolicy, ExchangeServicePrincipal, Group, ManagementScope, RoleAssignment

ALWAYS = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


class Members:
    """Who is in a group and who was: for each member the spans of time, each from its begin to before its end."""

    def __init__(self) -> None:
        self._listed: list[str] = []
        self._changed = ALWAYS
        self._spans: dict[str, list[tuple[datetime, datetime]]] = {}

    def note(self, moment: datetime, member_ids: list[str]) -> bool:
        """Take down who is in the group from this moment on; tells whether that is a change."""
        if member_ids == self._listed:
            return False
        known = len(self._listed)
        if member_ids[:known] == self._listed:
            # One more member of ten thousand is the usual change, and costs no look at the others.
            before, after = set[str](), {member for member in member_ids[known:] if not self._is_in(member)}
            self._listed += member_ids[known:]
        else:
            before, after = set(self._listed), set(member_ids)
            self._listed = list(member_ids)
        self._changed = moment
        for member in after - before:
            self._spans.setdefault(member, []).append((moment, FOREVER))
        for member in before - after:
            begin, _ = self._spans[member].pop()
            self._spans[member].append((begin, moment))
        return before != after

    def _is_in(self, member: str) -> bool:
        """Tell whether a member is in the group as it was noted last."""
        return any(end == FOREVER for _, end in self._spans.get(member, ())[-1:])

    def held(self, moment: datetime, object_id: str) -> bool:
        """Tell whether the group held a member at a moment, directly."""
        return any(begin <= moment < end for begin, end in self._spans.get(object_id, ()))

    def all_held(self, moment: datetime) -> Iterator[str]:
        """Yield the members that the group held at a moment, directly."""
        if moment >= self._changed:
            yield from self._listed
        else:
            yield from (member for member in self._spans if self.held(moment, member))

    def turn_back(self, now: datetime) -> None:
        """Let what was to come have happened now."""
        self._changed = min(self._changed, now)
        for member, spans in self._spans.items():
            self._spans[member] = [(min(b, now), end if end == FOREVER else min(end, now)) for b, end in spans]


@dataclass(frozen=True)
class MembersAt(Container[str], Iterable[str]):
    """The direct members of a group at one moment, by object id; the one question is quick, the list takes its time."""

    members: Members
    moment: datetime

    def __contains__(self, object_id: object) -> bool:
        """Tell whether the group held it."""
        return isinstance(object_id, str) and self.members.held(self.moment, object_id)

    def __iter__(self) -> Iterator[str]:
        """Yield them in no particular order."""
        return self.members.all_held(self.moment)


@dataclass(frozen=True)
class Version:
    """Everything but the groups' members, as it was from `since` until the next version."""

    since: datetime
    policies: tuple[AccessPolicy, ...] = ()
    principals: tuple[ExchangeServicePrincipal, ...] = ()
    scopes: tuple[ManagementScope, ...] = ()
    assignments: tuple[RoleAssignment, ...] = ()
    groups: dict[str, Members] = field(default_factory=dict)
    """By object id."""

    def members_at(self, moment: datetime) -> dict[str, MembersAt]:
        """Return the direct members of each group at a moment of this version, by the group's object id."""
        return {object_id: MembersAt(members, moment) for object_id, members in self.groups.items()}


@dataclass
class LookUp:
    """One look of Graph at what RBAC for Applications gives an application; it is kept while it is used."""

    at: datetime
    last_used: datetime

    def ends(self, idle: timedelta, longest: timedelta) -> datetime:
        """Return when it is forgotten: some time after its last use, and some time after the look in any case."""
        return min(self.last_used + idle, self.at + longest)


class History:
    """The past of one tenant."""

    def __init__(self) -> None:
        self._versions: list[Version] = []
        self._changes: list[datetime] = []
        self._look_ups: dict[str, list[LookUp]] = {}

    def note(
        self,
        now: datetime,
        policies: Sequence[AccessPolicy],
        groups: Iterable[Group],
        principals: Sequence[ExchangeServicePrincipal],
        scopes: Sequence[ManagementScope],
        assignments: Sequence[RoleAssignment],
    ) -> None:
        """Take down how things are, if that differs from how they were.

        The first call takes down what has always been.  Nothing that is handed over is kept: records are copied.
        """
        moment = max([now, *self._changes[-1:]]) if self._versions else ALWAYS
        last = self._versions[-1] if self._versions else Version(ALWAYS)
        given = list(groups)
        members = {group.object_id: last.groups.get(group.object_id) or Members() for group in given}
        changed = [members[group.object_id].note(moment, group.member_ids) for group in given]
        same = (
            list(last.policies) == list(policies)
            and list(last.principals) == list(principals)
            and list(last.scopes) == list(scopes)
            and list(last.assignments) == list(assignments)
            and last.groups.keys() == members.keys()
        )
        if not same or not self._versions:
            version = Version(
                moment,
                tuple(each.model_copy() for each in policies),
                tuple(each.model_copy() for each in principals),
                tuple(each.model_copy() for each in scopes),
                tuple(each.model_copy() for each in assignments),
                members,
            )
            self._versions.append(version)
        if moment != ALWAYS and (not same or any(changed)):
            self._changes.append(moment)

    def version(self, moment: datetime) -> Version:
        """Return the version of a moment.  There is one for every moment once something was noted."""
        return self._versions[bisect_right(self._versions, moment, key=lambda version: version.since) - 1]

    def next_change(self, after: datetime) -> datetime | None:
        """Return the first moment after another at which anything changed; None when nothing has since."""
        index = bisect_right(self._changes, after)
        return self._changes[index] if index < len(self._changes) else None

    def turn_back(self, now: datetime) -> None:
        """Let the clock be set: what was done at a later moment than `now` counts as done now.  No look of then is kept."""
        if self._versions and self._versions[-1].since > now:
            last = self._versions[-1]
            self._versions = [version for version in self._versions if version.since <= now]
            self._versions.append(
                Version(now, last.policies, last.principals, last.scopes, last.assignments, last.groups)
            )
        if self._changes and self._changes[-1] > now:
            self._changes = [*(change for change in self._changes if change <= now), now]
            for members in {id(m): m for version in self._versions for m in version.groups.values()}.values():
                members.turn_back(now)
        for app_id, looks in self._look_ups.items():
            self._look_ups[app_id] = [look for look in looks if look.last_used <= now]

    # -- what Graph remembers of RBAC for Applications ----------------------------------------------------------------

    def look_up(self, app_id: str, now: datetime, idle: timedelta, longest: timedelta) -> datetime:
        """Use what Graph remembers of an application, or let it look anew; returns the moment of the look."""
        if min(idle, longest) <= timedelta(0):
            return now
        looks = self._look_ups.setdefault(app_id, [])
        if looks and now < looks[-1].ends(idle, longest):
            looks[-1].last_used = now
        else:
            looks.append(LookUp(now, now))
        return looks[-1].at

    def looked_up(self, app_id: str, moment: datetime, idle: timedelta, longest: timedelta) -> LookUp | None:
        """Return the look that Graph goes by at a moment; None when it would look anew.  This is no use of it."""
        past = [look for look in self._look_ups.get(app_id, []) if look.at <= moment]
        return past[-1] if past and moment < past[-1].ends(idle, longest) else None

    def next_look(self, app_id: str, after: datetime) -> datetime | None:
        """Return when Graph next looked anew, after a moment."""
        return next((look.at for look in self._look_ups.get(app_id, []) if look.at > after), None)
