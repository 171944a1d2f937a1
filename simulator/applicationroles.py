"""The application roles of RBAC for Applications: management roles that give an application what app roles give.

Source: Microsoft Learn, "Role Based Access Control for Applications in Exchange Online", supported application roles.
Owns names and permissions.  Refuses to own who has which role (records.RoleAssignment) and where (access.py).
"""

APPLICATION_ROLES: dict[str, tuple[str, ...]] = {
    "Application Mail.Read": ("Mail.Read",),
    "Application Mail.ReadBasic": ("Mail.ReadBasic",),
    "Application Mail.ReadWrite": ("Mail.ReadWrite",),
    "Application Mail.Send": ("Mail.Send",),
    "Application MailboxSettings.Read": ("MailboxSettings.Read",),
    "Application MailboxSettings.ReadWrite": ("MailboxSettings.ReadWrite",),
    "Application Calendars.Read": ("Calendars.Read",),
    "Application Calendars.ReadWrite": ("Calendars.ReadWrite",),
    "Application Contacts.Read": ("Contacts.Read",),
    "Application Contacts.ReadWrite": ("Contacts.ReadWrite",),
    "Application Mail Full Access": ("Mail.ReadWrite", "Mail.Send"),
    "Application Exchange Full Access": (
        "Mail.ReadWrite",
        "Mail.Send",
        "MailboxSettings.ReadWrite",
        "Calendars.ReadWrite",
        "Contacts.ReadWrite",
    ),
    "Application EWS.AccessAsApp": ("EWS.AccessAsApp",),
}
"""Each role with the permissions that it gives; all but the last are app roles of Microsoft Graph."""


def permissions(role: str) -> frozenset[str]:
    """Return what a role gives; a role that is no application role gives an application nothing."""
    return frozenset(APPLICATION_ROLES.get(role, ()))
