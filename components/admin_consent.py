"""Consent by a person (`consent: admin`): at which pages, whether it has been given, and what people are told. Pure.

Owns the two pages, the judgement of what an observation shows, and the words. Owns no grant that the stack makes (`consent.py`),
no other drift in Entra (`drift.py`), and not the moment at which a page is shown (`connector.py`): never before the restriction
stands, since whoever consents earlier opens every calendar.
"""

from dataclasses import dataclass
from typing import Literal

from components.last_outputs import LastOutputs
from components.observation import ApplicationObservation, Grant, Observation
from microsoft365.connection import CLOUDS, Connection

State = Literal["granted", "waiting"]

# "Grant tenant-wide admin consent to an application": the least role for application permissions of Microsoft Graph,
# https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
WHO = "a Privileged Role Administrator"

AFTER_THIS_RUN = (
    f"roomz:consent is `admin`: {WHO} has to consent to Calendars.ReadWrite. `pulumi up` says where as soon as the restriction stands; "
    "whoever consents earlier opens every calendar."
)


@dataclass(frozen=True)
class ConsentPages:
    """Where a person consents: Microsoft's page for it, and the portal's page of the application's API permissions."""

    consent: str
    api_permissions: str


@dataclass(frozen=True, kw_only=True)
class ExpectedConsent:
    """What has to be granted: one application permission of Microsoft Graph, to the application of this client id.

    `client_id` is empty until the application has one.
    """

    connection: Connection
    display_name: str
    role_id: str
    resource_object_id: str
    client_id: str = ""

    def is_met_by(self, grant: Grant) -> bool:
        """Whether a grant is this one. Other services use the same ids for their permissions, so both parts count."""
        return (
            grant.app_role_id.lower() == self.role_id.lower()
            and grant.resource_id.lower() == self.resource_object_id.lower()
        )


def consent_pages(connection: Connection, client_id: str) -> ConsentPages:
    """The two pages of an application. A cloud of its own has its sign-in beside its metadata document."""
    login = CLOUDS[connection.environment].login
    sign_in = f"https://{connection.metadata_host}" if connection.metadata_host else login
    return ConsentPages(
        consent=f"{sign_in}/{connection.tenant_id}/adminconsent?client_id={client_id}",
        api_permissions=_permissions_page(connection, client_id),
    )


def _permissions_page(connection: Connection, client_id: str) -> str:
    """Where a person sees what the application may do: a link where the cloud's portal is known, else the way to it."""
    if connection.portal is None:
        return f"Microsoft Entra admin center > App registrations > {client_id} > API permissions"
    return f"{connection.portal}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/{client_id}"


def restriction_stands(observation: Observation, last: LastOutputs) -> bool:
    """Whether this very application is kept to the rooms already, so that a preview may say where to consent."""
    return observation.application(last.client_id) is not None and observation.exchange.restriction == "present"


def consent_state(observation: Observation, last: LastOutputs, expected: ExpectedConsent) -> State:
    """Whether the reading shows the grant. A reading of another application says nothing about this one."""
    if _subject(observation, last) != expected.client_id.lower():
        return "waiting"
    return "granted" if any(expected.is_met_by(grant) for grant in observation.entra.grants) else "waiting"


def consent_warning(observation: Observation, last: LastOutputs, expected: ExpectedConsent) -> str | None:
    """What is missing, who does what about it, and where; None when nothing is. To be said when the restriction stands.

    None as well where `drift.py` names an application or an enterprise application that is gone, which comes first.
    """
    if consent_state(observation, last, expected) == "granted":
        return None
    application = observation.application(expected.client_id)
    is_settled = (last.client_id or "").lower() == expected.client_id.lower()
    if is_settled and (application is None or observation.entra.service_principal is None):
        return None
    missing = (
        "The grant (admin consent) of Calendars.ReadWrite is gone: the displays cannot read."
        if is_settled and last.consent == "granted"
        else "Calendars.ReadWrite is not granted yet, so the displays cannot read."
    )
    if application is not None and not requests_exactly(application, expected.role_id):
        return (
            f"{missing} Nobody should consent yet: whoever does grants what the registration requests, and that is not "
            "Calendars.ReadWrite alone. Mend it first with: pulumi up --refresh"
        )
    pages = consent_pages(expected.connection, expected.client_id)
    return (
        f"{missing} What it takes: {WHO} opens {pages.api_permissions} and presses *Grant admin consent*, or opens {pages.consent} and accepts; both "
        f"grant what {expected.display_name} requests, which is Calendars.ReadWrite alone. The next `pulumi up` sees it."
    )


def consent_news(observation: Observation, last: LastOutputs, expected: ExpectedConsent) -> str | None:
    """That somebody has consented since the last run; None when nothing changed."""
    if last.consent == "waiting" and consent_state(observation, last, expected) == "granted":
        return "Calendars.ReadWrite has been granted: somebody consented since the last `up`."
    return None


def requests_exactly(application: ApplicationObservation, role_id: str) -> bool:
    """Whether the registration requests this permission and no other."""
    return {permission.id.lower() for permission in application.requested_permissions} == {role_id.lower()}


def _subject(observation: Observation, last: LastOutputs) -> str | None:
    """The application that the reading of grants is about: the last outputs', else the only one with the mark."""
    if last.client_id is not None:
        return last.client_id.lower()
    applications = observation.entra.applications
    return applications[0].client_id.lower() if len(applications) == 1 else None
