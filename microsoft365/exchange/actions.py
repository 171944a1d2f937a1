"""The changes that a plan is made of: what each is called, what it touches, and what undoing it would take.

Owns the words for people. Which changes there are is decided elsewhere (plan.py and the models), and performed elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "createGroup",
    "markGroup",
    "updateGroup",
    "removeMember",
    "addMember",
    "createPolicy",
    "markPolicy",
    "removePolicy",
    "enableCustomization",
    "removePrincipal",
    "createPrincipal",
    "markPrincipal",
    "createScope",
    "changeScope",
    "createAssignment",
    "changeAssignment",
    "removeAssignment",
    "setCalendar",
]


class Words(NamedTuple):
    """How a kind of change is told: one, many (with `{}` for the number), what it touches, what undoing it takes."""

    one: str
    many: str
    touches: str
    undo: str


WORDS: Mapping[Kind, Words] = {
    "createGroup": Words(
        "the group is to be made", "{} groups are to be made", "a new group", "destroy, or Remove-DistributionGroup"
    ),
    "markGroup": Words(
        "the group's mark differs", "{} groups' marks differ", "the group's notes", "the former notes: Set-Group -Notes"
    ),
    "updateGroup": Words(
        "the group's settings differ",
        "{} groups' settings differ",
        "the group's settings; a former address stays as a secondary one",
        "set the configuration back",
    ),
    "removeMember": Words(
        "1 member to take out of the group",
        "{} members to take out of the group",
        "what the application reaches",
        "the next up, with the room among the wanted ones; it is out of reach until then",
    ),
    "addMember": Words(
        "1 room to add to the group",
        "{} rooms to add to the group",
        "what the application reaches",
        "the next up, with the room excluded",
    ),
    "createPolicy": Words(
        "the application access policy is missing",
        "{} application access policies are missing",
        "this application alone",
        "destroy; never by hand while a grant exists, since every calendar would be open",
    ),
    "markPolicy": Words(
        "the policy's description differs",
        "{} policies' descriptions differ",
        "the policy's description",
        "nothing is lost",
    ),
    "removePolicy": Words(
        "1 policy without a group to remove",
        "{} policies without a group to remove",
        "this application alone",
        "its group is gone, so it cannot be made again, nor need be",
    ),
    "enableCustomization": Words(
        "the organization was never customized, and Enable-OrganizationCustomization is to be run",
        "{} organizations were never customized",
        "the whole organization: Exchange gives it roles and policies of its own; nobody's rights change",
        "cannot be undone, and need not be",
    ),
    "removePrincipal": Words(
        "the service principal in Exchange is another one's",
        "{} service principals in Exchange are another one's",
        "Exchange's copy; nothing in Entra",
        "the next up makes it anew",
    ),
    "createPrincipal": Words(
        "the service principal is not known to Exchange",
        "{} service principals are not known to Exchange",
        "Exchange's copy; nothing in Entra",
        "destroy, or Remove-ServicePrincipal",
    ),
    "markPrincipal": Words(
        "the service principal's name in Exchange differs",
        "{} service principals' names in Exchange differ",
        "a display name in Exchange",
        "nothing is lost",
    ),
    "createScope": Words(
        "the management scope is missing",
        "{} management scopes are missing",
        "a new scope",
        "destroy, or Remove-ManagementScope",
    ),
    "changeScope": Words(
        "the management scope differs",
        "{} management scopes differ",
        "what the application reaches",
        "the former filter, which stands in the reason",
    ),
    "createAssignment": Words(
        "the role assignment is missing",
        "{} role assignments are missing",
        "this application alone",
        "destroy, or Remove-ManagementRoleAssignment: the displays then cannot read",
    ),
    "changeAssignment": Words(
        "the role assignment differs",
        "{} role assignments differ",
        "what the application reaches",
        "what it pointed at stands in the reason",
    ),
    "removeAssignment": Words(
        "1 role assignment too many",
        "{} role assignments too many",
        "what the application reaches",
        "New-ManagementRoleAssignment; it carries a mark of ours and is replaced",
    ),
    "setCalendar": Words(
        "calendar processing differs on 1 room",
        "calendar processing differs on {} rooms",
        "three settings of the room, for meetings booked from now on",
        "Set-CalendarProcessing with the former values; titles of meetings in between stay",
    ),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One change. `subject` and `reason` are for people; `target` and `values` are for whoever performs it.

    `target` is an identity that Exchange takes; it is empty for what the plan itself makes. `values` are parameters.
    """

    kind: Kind
    subject: str
    reason: str
    target: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    object_id: str = ""

    @property
    def touches(self) -> str:
        """What the change has an effect on."""
        return WORDS[self.kind].touches

    @property
    def undo(self) -> str:
        """What undoing it would take."""
        return WORDS[self.kind].undo


def named(action: Action) -> str:
    """Return the subject; of what has a name that says little, also what differs."""
    explained = ("updateGroup", "changeScope", "changeAssignment")
    return f"{action.subject} {action.reason}" if action.kind in explained else action.subject
