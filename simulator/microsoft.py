"""Microsoft's own services and directory roles, with the ids that are the same in every tenant.

Sources: Microsoft Graph permissions reference; Microsoft Learn, "App-only authentication for unattended scripts in
Exchange Online PowerShell"; Microsoft Entra built-in roles.
"""

from typing import NamedTuple

from simulator.records import AppRole

MICROSOFT_SERVICES_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


class Service(NamedTuple):
    """A service that offers app roles."""

    app_id: str
    display_name: str
    app_roles: tuple[AppRole, ...]


def _role(role_id: str, value: str, display_name: str) -> AppRole:
    return AppRole(id=role_id, value=value, display_name=display_name)


GRAPH = Service(
    "00000003-0000-0000-c000-000000000000",
    "Microsoft Graph",
    (
        _role(
            "ef54d2bf-783f-4e0f-bca1-3210c0435d99", "Calendars.ReadWrite", "Read and write calendars in all mailboxes"
        ),
        _role("798ee544-9d2d-430c-a058-570e29e34338", "Calendars.Read", "Read calendars in all mailboxes"),
        _role(
            "18a4783c-866b-4cc7-a460-3d5e5662c884",
            "Application.ReadWrite.OwnedBy",
            "Manage apps that this app creates or owns",
        ),
        _role("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All", "Read and write all applications"),
        _role("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All", "Read all applications"),
        _role(
            "06b708a9-e830-4db3-a914-8e69da51d44f",
            "AppRoleAssignment.ReadWrite.All",
            "Manage app permission grants and app role assignments",
        ),
        _role("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All", "Read directory data"),
        _role("913b9306-0ce1-42b8-9137-6a7df690a760", "Place.Read.All", "Read all company places"),
        _role("810c84a8-4a9e-49e6-bf7d-12d183f40d01", "Mail.Read", "Read mail in all mailboxes"),
        _role("df021288-bdef-4463-88db-98f22de89214", "User.Read.All", "Read all users' full profiles"),
        _role("246dd0d5-5bd0-4def-940b-0421030a5b68", "Policy.Read.All", "Read your organization's policies"),
        _role(
            "be74164b-cff1-491c-8741-e671cb536e13",
            "Policy.ReadWrite.ApplicationConfiguration",
            "Read and write your organization's application configuration policies",
        ),
    ),
)

EXCHANGE = Service(
    "00000002-0000-0ff1-ce00-000000000000",
    "Office 365 Exchange Online",
    (
        _role("dc50a0fb-09a3-484d-be87-e023b12c6440", "Exchange.ManageAsApp", "Manage Exchange As Application"),
        _role(
            "dc890d15-9560-4a4c-9b7f-a736ec74ec40",
            "full_access_as_app",
            "Use Exchange Web Services with full access to all mailboxes",
        ),
    ),
)

DIRECTORY_ROLES = {
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
}
"""Role template ids of the directory roles that Exchange or Graph honours here."""
