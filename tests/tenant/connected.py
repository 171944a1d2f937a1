"""A tenant that is connected, by plain calls to its own interfaces: what the guide's commands leave behind, with meetings.

Used by the page's tests and by the screenshot; it knows nothing of the product's client.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tests.tenant.client import TenantClient, expect

MARK = "roomz:roomz/dev"
MORNING = datetime(2025, 9, 16, 7, 40, tzinfo=UTC)
"""A Tuesday, 09:40 in Zürich, on which the default company's own sample meetings are not."""
TITLES = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}


class Meeting(NamedTuple):
    """Who invites which room, from which to which minute after `MORNING`."""

    organizer: str
    room: str
    begin: int
    end: int
    subject: str
    private: bool = False


MEETINGS = [
    Meeting("anna.keller", "room-eiger", -40, 50, "Quarterly review"),
    Meeting("beat.zbinden", "room-eiger", 50, 110, "Supplier audit"),
    Meeting("beat.zbinden", "room-moench", 20, 80, "Stand-up railways"),
    Meeting("greta.luethi", "room-jungfrau", -10, 80, "Salary talks", private=True),
    Meeting("anna.keller", "room-niesen", -25, 20, "Interview Lea Brunner"),
    Meeting("beat.zbinden", "room-stockhorn", 80, 140, "Roadmap 2027"),
    Meeting("anna.keller", "room-blueemlisalp", -100, 35, "Winter timetable and substitute buses"),
    Meeting("elif.yildiz", "room-uetliberg", -10, 50, "Architecture board"),
    Meeting("greta.luethi", "room-zurichberg", 35, 65, "Medical", private=True),
    Meeting("elif.yildiz", "room-albis", -40, 5, "Onboarding"),
    Meeting("elif.yildiz", "room-albis", 5, 50, "Retrospective"),
    Meeting("greta.luethi", "room-pilatus", 200, 260, "Board lunch"),
    Meeting("elif.yildiz", "room-saentis", -70, 110, "Negotiation", private=True),
    Meeting("david.rochat", "room-saleve", -10, 35, "Comité de direction"),
    Meeting("david.rochat", "room-moleson", 50, 95, "Revue des ventes"),
    Meeting("hugo.favre", "room-chillon", -40, 20, "Formation sécurité"),
    Meeting("chiara.bernasconi", "room-matterhorn", 110, 350, "Strategy day"),
    Meeting("flurin.caduff", "room-bernina", -5, 25, "Sprint planning"),
]


def connect(tenant: TenantClient, *, with_titles: bool = True) -> dict[str, Any]:
    """Set the clock, register the application, keep it to the rooms, grant, and give it a secret; return all that."""
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/clock", {"now": MORNING.isoformat()})
    application = tenant.make_application(notes=MARK)
    rooms = [row["PrimarySmtpAddress"] for row in tenant.rows("Get-Mailbox", {"RecipientTypeDetails": "RoomMailbox"})]
    rooms = [room for room in rooms if room.startswith("room-")]
    group = tenant.make_group(members=rooms)
    bypass = {"BypassSecurityGroupManagerCheck": True}
    tenant.rows("Set-Group", {"Identity": group["Guid"], "Notes": MARK, **bypass})
    hidden = {"HiddenFromAddressListsEnabled": True}
    tenant.rows("Set-DistributionGroup", {"Identity": group["Guid"], **hidden, **bypass})
    parameters = {"AppId": application["appId"], "PolicyScopeGroupId": group["Guid"], "AccessRight": "RestrictAccess"}
    tenant.rows("New-ApplicationAccessPolicy", {**parameters, "Description": f"ROOMZ reads rooms only; {MARK}"})
    if with_titles:
        for room in rooms:
            tenant.rows("Set-CalendarProcessing", {"Identity": room, **TITLES})
    expect(tenant.grant(application["servicePrincipalId"]), 201)
    ends = (MORNING + timedelta(days=729)).strftime("%Y-%m-%dT00:00:00Z")
    wanted = {"passwordCredential": {"displayName": "roomz:roomz/dev generation 0", "endDateTime": ends}}
    secret = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", wanted), 200)
    return {**application, "secret": secret["secretText"], "keyId": secret["keyId"], "group": group}


def meet(tenant: TenantClient) -> None:
    """Let people invite the rooms for a morning; every room accepts."""
    for meeting in MEETINGS:
        start, end = (MORNING + timedelta(minutes=minutes) for minutes in (meeting.begin, meeting.end))
        body = {
            "organizer": f"{meeting.organizer}@alpenblick.example",
            "rooms": [f"{meeting.room}@alpenblick.example"],
            "subject": meeting.subject,
            "private": meeting.private,
            "start": start.isoformat(),
            "end": end.isoformat(),
        }
        (answer,) = tenant.control("POST", f"/tenants/{tenant.tenant_id}/meetings", body)["rooms"]
        assert answer["outcome"] == "accepted", answer
