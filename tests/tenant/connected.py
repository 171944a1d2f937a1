"""A tenant that is connected, by plain calls to its own interfaces: what the guide's commands leave behind, with meetings.

Used by the page's tests and by the screenshot; it knows nothing of the product's client.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.tenant.client import TenantClient, expect

MARK = "roomz:roomz/dev"
MORNING = datetime(2026, 11, 24, 8, 40, tzinfo=UTC)
"""A Tuesday, 09:40 in Zürich."""
TITLES = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}

MEETINGS: list[tuple[str, int, int, str, str]] = [
    ("room-eiger", -40, 50, "Quarterly review", "normal"),
    ("room-eiger", 50, 110, "Supplier audit: Gotthard Logistics", "normal"),
    ("room-moench", 20, 80, "Stand-up, mountain railways", "normal"),
    ("room-jungfrau", -10, 80, "Salary talks", "private"),
    ("room-jungfrau", 140, 200, "All hands", "normal"),
    ("room-niesen", -25, 20, "Interview: Lea Brunner", "normal"),
    ("room-stockhorn", 80, 140, "Roadmap 2027", "normal"),
    ("room-blueemlisalp", -100, 35, "Workshop winter timetable and substitute buses", "normal"),
    ("room-uetliberg", -10, 50, "Architecture board", "normal"),
    ("room-zurichberg", 35, 65, "Medical", "private"),
    ("room-albis", -40, 5, "Onboarding Hugo Favre", "normal"),
    ("room-albis", 5, 50, "Retrospective", "normal"),
    ("room-pilatus", 200, 260, "Board lunch", "normal"),
    ("room-saentis", -70, 110, "Negotiation", "private"),
    ("room-saleve", -10, 35, "Comité de direction", "normal"),
    ("room-moleson", 50, 95, "Revue des ventes", "normal"),
    ("room-chillon", -40, 20, "Formation sécurité", "normal"),
    ("room-matterhorn", 110, 350, "Strategy day", "normal"),
    ("room-bernina", -5, 25, "Sprint planning", "normal"),
]
"""Room, first and last minute after the hour of the tenant's clock, title, sensitivity."""


def connect(tenant: TenantClient, *, with_titles: bool = True) -> dict[str, Any]:
    """Register the application, keep it to the rooms, grant, and give it a secret; return application and secret."""
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
    ends = (moment_of(tenant) + timedelta(days=729)).strftime("%Y-%m-%dT00:00:00Z")
    wanted = {"passwordCredential": {"displayName": "roomz:roomz/dev generation 0", "endDateTime": ends}}
    secret = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", wanted), 200)
    return {**application, "secret": secret["secretText"], "keyId": secret["keyId"], "group": group}


def moment_of(tenant: TenantClient) -> datetime:
    """Return the tenant's time."""
    now = tenant.control("GET", f"/tenants/{tenant.tenant_id}/clock")["now"]
    return datetime.fromisoformat(now[:19]).replace(tzinfo=UTC)


def meet(tenant: TenantClient, app_id: str) -> None:
    """Fill the rooms' calendars with the meetings of a morning."""
    token, now = tenant.token(client_id=app_id), moment_of(tenant)
    for room, begin, end, subject, sensitivity in MEETINGS:
        times = {
            name: {"dateTime": (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
            for name, minutes in (("start", begin), ("end", end))
        }
        body = {"subject": subject, "sensitivity": sensitivity, **times}
        expect(tenant.graph("POST", f"/users/{room}@alpenblick.example/events", body, token=token), 201)
