"""What a preview says about the difference between tenant and declaration: pure functions.

Owns the words and the command behind each finding, and the revision that makes Exchange's difference visible to Pulumi.
Changes nothing and reads nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components import remedies
from components.admin_consent import WHO
from components.last_outputs import LastOutputs
from components.observation import ApplicationObservation, Grant, Observation, ServicePrincipalObservation
from components.secret_plan import SecretPlan, format_date
from microsoft365.connection import Connection
from microsoft365.graph.rights import PERMISSIONS, missing

# A new stack whose tenant is not observed has to start somewhere.
UNOBSERVED = "unobserved"

REFRESH = "pulumi up --refresh"


@dataclass(frozen=True)
class DeclaredGrant:
    """The stack and the URN of the resource that the grant is."""

    stack: str
    urn: str


@dataclass(frozen=True)
class ExpectedEntra:
    """What the stack declares in Entra, as far as an observation can check it. `owner_ids` None: left as they are.

    The permissions are those of the service `resource_object_id`, since others use the same ids. `by_person`: somebody else grants
    them (`consent: admin`), so that a missing one is no drift (`admin_consent.py` names it).
    """

    connection: Connection
    owner_ids: tuple[str, ...] | None
    granted_role_ids: tuple[str, ...]
    resource_object_id: str = ""
    by_person: bool = False
    for_the_first_time: bool = False
    """Whether this run is the first that grants anything in a stack that has been up before, so that nothing can be missing."""
    why_nothing: str = "with roomz:access rbac"
    """Why no permission may be requested, where none is granted."""
    grant: DeclaredGrant | None = None
    """Which resource the grant is, where a command can name it."""

    def includes(self, grant: Grant) -> bool:
        """Whether a grant is one of those that are declared."""
        return grant.app_role_id.lower() in {role_id.lower() for role_id in self.granted_role_ids} and (
            grant.resource_id.lower() == self.resource_object_id.lower()
        )


def exchange_revision(last: str | None, observation: Observation | None) -> str:
    """The value that the command resource carries: it moves exactly when Exchange differs from what is declared.

    It takes the time of the observation, so that a run that failed later and the drift after it never share a value.
    """
    if observation is None:
        return last or UNOBSERVED
    if last is None or observation.exchange.differs:
        return format_date(observation.observed_at)
    return last


def exchange_messages(
    observation: Observation, *, first_run: bool = False, runbook: str | None = None
) -> Iterator[str]:
    """What differs in Exchange, and what else the reading noticed there; `runbook` is the script that mends it, by runbook.

    On a first run everything differs, which needs no words unless something of that name exists already.
    """
    made_first = {"createGroup", "createPrincipal"}
    exists = all(action.kind not in made_first for action in observation.exchange.actions)
    if observation.exchange.differs and (exists or not first_run):
        does = (
            "changes exactly that."
            if runbook is None
            else f"writes {runbook}, with which an Exchange administrator mends it."
        )
        yield f"Exchange Online differs from what is declared: {observation.exchange.summary}. `pulumi up` {does}"
    yield from observation.exchange.notices


def deployer_messages(observation: Observation) -> Iterator[str]:
    """Which rights whoever deploys lacks: the provider that needs them names none, and not before it has begun."""
    for permission in observation.deployer.lacks:
        what_for = PERMISSIONS.get(permission, "")
        yield (
            f"Whoever deploys signs in without the permission {permission}, which it takes to {what_for}: where that is to be done, "
            f"`up` ends with Authorization_RequestDenied, 'Insufficient privileges'. It is given here: {missing(permission)}"
        )


def entra_messages(observation: Observation, last: LastOutputs, expected: ExpectedEntra) -> Iterator[str]:
    """What is missing in Entra and plain `up` would not see, with the command that mends it.

    Before a stack has ended well once nothing can be missing; then only what an earlier run left is named.
    """
    if last.client_id is None:
        yield from _left_by_a_first_run(observation, expected)
        return
    yield from _orphaned_applications(observation, last)
    application = observation.application(last.client_id)
    if application is None and observation.entra.application_is_gone is not True:
        yield (
            f"The reading does not show the application {last.client_id}, and does not show either that it is gone. Nothing is concluded "
            "from it; look again later with: pulumi preview"
        )
        return
    if application is None:
        yield (
            f"The application {last.client_id} is gone from the tenant. Restore it within 30 days (Entra ID > App registrations > "
            f"Deleted applications), or make a new one, which ROOMZ must be told of: {REFRESH}"
        )
        return
    if observation.entra.service_principal is None:
        yield f"The enterprise application (service principal) of {last.client_id} is gone. Mend it with: {REFRESH}"
        return
    yield from _grants(observation, expected)
    yield from _registration(application, expected)
    yield from _owners(application, observation.entra.service_principal, expected)


def grant_in_rbac_message(grants: Sequence[Grant], connection: Connection) -> str:
    """What an application that must hold nothing in Entra holds, and how to take it away: somebody consented by hand."""
    held = "; ".join(
        f"app role {grant.app_role_id} of {grant.resource_display_name or grant.resource_id}, which goes with: "
        f"{remedies.remove_grant(connection, grant.resource_id, grant.id)}"
        for grant in grants
    )
    return (
        "Nothing was changed. The application holds a grant in Microsoft Entra, as after *Grant admin consent* in the portal. With "
        "roomz:access rbac there must be none: no scope narrows a grant, so one for calendars opens every calendar of the "
        f"organization. Take it away: {held}"
    )


def secret_messages(plan: SecretPlan, last: LastOutputs, connection: Connection) -> Iterator[str]:
    """What happens to secrets in this run, and which passwords nobody knows of."""
    known = {secret.generation for secret in last.issued_secrets}
    if known and plan.newest.is_new:
        yield f"Client secret generation {plan.newest.generation} will be issued; it ends on {format_date(plan.newest.ends_on)}."

    def command(key_id: str) -> str:
        return remedies.remove_secret(connection, last.application_object_id, key_id)

    for unsaved in plan.unsaved:
        yield (
            f"{unsaved.display_name!r} (key id {unsaved.key_id}) is in the tenant, and the last outputs do not know it: the run that issued "
            "it did not end well, or an older state was restored. Where Pulumi's state has it, this run goes on with it. Where it has not, "
            "this run issues another one of that number; this one then works on, since the ROOMZ Portal may have it, until somebody removes it."
        )
    for removed in plan.removed:
        # The engine deletes last: whatever fails before leaves it alive, so this must be true of such a run as well.
        yield (
            f"Client secret generation {removed.generation} (key id {removed.key_id}) goes at the end of this run: {removed.reason}. Until "
            f"`up` has ended well it works. To end it at once, also when `up` fails: {command(removed.key_id)}"
        )
    for lingering in plan.lingering:
        yield (
            f"{lingering.display_name!r} (key id {lingering.key_id}) was to be removed and still lives. This run tries again; to end it "
            f"at once: {command(lingering.key_id)}"
        )
    for orphan in plan.orphans:
        yield (
            f"A password of this stack is in the tenant but not in its state: {orphan.display_name!r}, key id {orphan.key_id}, ends on "
            f"{format_date(orphan.ends_on)}. A run was cut off, or an older state was restored. If nobody uses it, the ROOMZ Portal neither, "
            f"remove it with: {command(orphan.key_id)}"
        )
    for foreign in plan.foreign:
        yield (
            f"The application has a password that this stack did not make: {foreign.display_name!r}, key id {foreign.key_id}, ends on "
            f"{format_date(foreign.ends_on)}. It is left alone; whoever has it reaches what ROOMZ reaches. If nobody needs it, remove it "
            f"with: {command(foreign.key_id)}"
        )


def made_anew_message(generation: int) -> str:
    """What is to be done about a number that stands for another secret than the one that may have been handed over."""
    return (
        f"Client secret generation {generation} had to be made anew under its own number: what was handed over under it is another "
        "value, which may be dead. Issue the next generation and hand that over: "
        f"pulumi config set --path 'roomz:secret.generation' {generation + 1}"
    )


def _orphaned_applications(observation: Observation, last: LastOutputs) -> Iterator[str]:
    others: Sequence[ApplicationObservation] = [
        found for found in observation.entra.applications if found.client_id.lower() != (last.client_id or "").lower()
    ]
    for other in others:
        yield (
            f"Another application carries this stack's mark: {other.display_name!r}, client id {other.client_id}. A run was cut off after "
            f"making it, or an older state was restored:{_may_be_in_use(other)} if nobody uses it, delete it: az ad app delete --id "
            f"{other.client_id} (or Entra ID > App registrations, object id {other.object_id})."
        )


def _may_be_in_use(application: ApplicationObservation) -> str:
    """What to look at before an application that the state does not know is deleted."""
    if not application.passwords:
        return ""
    return (
        f" it has {len(application.passwords)} secret{'s' if len(application.passwords) > 1 else ''}, so the ROOMZ Portal may use it (its "
        "Client ID there says so): then bring back the newer state with `pulumi stack import`, or hand the new application over first;"
    )


def _left_by_a_first_run(observation: Observation, expected: ExpectedEntra) -> Iterator[str]:
    """What an earlier run made before it was cut off; only the engine knows whether its state has it."""
    for found in observation.entra.applications:
        yield (
            f"An application carries this stack's mark that its outputs do not know: {found.display_name!r}, client id {found.client_id}. An "
            "earlier run was cut off, another one is under way, or the state was lost or is older than the tenant. Where the state has it "
            f"(`pulumi stack --show-ids` shows the object id), this run goes on with it. Where the preview makes another one instead:{_may_be_in_use(found)} if nobody uses that one, "
            f"delete it: az ad app delete --id {found.client_id} (or Entra ID > App registrations, object id {found.object_id})."
        )
    for grant in observation.entra.grants:
        if expected.includes(grant) and not expected.by_person:
            yield (
                "It holds the grant of Calendars.ReadWrite already. If this run ends with 'Permission being assigned already exists on the "
                f"object', the state does not know the grant. Then {_back_to_the_state(expected, grant)}"
            )


def _back_to_the_state(expected: ExpectedEntra, grant: Grant) -> str:
    """How a grant that the provider has made, and lost sight of, comes to be one that the state knows.

    Taken over where that can be said: while readers of Entra are behind its writers, one that is made anew is lost again.
    """
    if expected.grant is None:
        command = remedies.remove_grant(expected.connection, grant.resource_id, grant.id)
        return f"take it away and run `pulumi up` again: {command}"
    command = remedies.take_over_grant(expected.grant.stack, expected.grant.urn, grant.resource_id, grant.id)
    return f"let the state take it over, and run `pulumi up` again: {command}"


def _grants(observation: Observation, expected: ExpectedEntra) -> Iterator[str]:
    held = {grant.app_role_id.lower() for grant in observation.entra.grants if expected.includes(grant)}
    missing = any(role_id.lower() not in held for role_id in expected.granted_role_ids)
    if missing and not expected.by_person and not expected.for_the_first_time:
        yield f"The grant (admin consent) of Calendars.ReadWrite is gone: the displays cannot read. Mend it with: {REFRESH}"
    for grant in observation.entra.grants:
        if not expected.includes(grant):
            command = remedies.remove_grant(expected.connection, grant.resource_id, grant.id)
            remedy = (
                f"{WHO} revokes it ({remedies.REVOKE_BY_HAND}), or whoever holds AppRoleAssignment.ReadWrite.All with: {command}"
                if expected.by_person
                else f"take it away with: {command}"
            )
            yield (
                f"The application holds a grant that this stack did not make: app role {grant.app_role_id} of "
                f"{grant.resource_display_name or grant.resource_id}. Unless it is meant, {remedy}"
            )


def _registration(application: ApplicationObservation, expected: ExpectedEntra) -> Iterator[str]:
    requested = {permission.id.lower() for permission in application.requested_permissions}
    wanted_ids = () if expected.for_the_first_time else expected.granted_role_ids
    if any(role_id.lower() not in requested for role_id in wanted_ids):
        yield f"The registration no longer requests Calendars.ReadWrite. Mend it with: {REFRESH}"
    further = requested - {role_id.lower() for role_id in expected.granted_role_ids}
    if further and expected.granted_role_ids:
        yield (
            f"The registration requests more than Calendars.ReadWrite ({', '.join(sorted(further))}): whoever presses *Grant admin "
            f"consent* grants that as well. Mend it with: {REFRESH}"
        )
    if requested and not expected.granted_role_ids:
        yield (
            f"The registration requests permissions, and {expected.why_nothing} it must request none: whoever grants them opens every "
            f"calendar. Mend it with: {REFRESH}"
        )


def _owners(
    application: ApplicationObservation, principal: ServicePrincipalObservation, expected: ExpectedEntra
) -> Iterator[str]:
    """Whoever owns either of the two can give the application secrets; both have the same owners."""
    if expected.owner_ids is None:
        return
    wanted = {owner.lower() for owner in expected.owner_ids}
    for whose, found in (("application", application.owner_ids), ("service principal", principal.owner_ids)):
        if found is None:
            continue
        held = {owner.lower() for owner in found}
        more, missing = sorted(held - wanted), sorted(wanted - held)
        if more or missing:
            differs = [f"owned by {owner} besides" for owner in more] + [f"not owned by {owner}" for owner in missing]
            yield f"The {whose}'s owners differ from roomz:owners: {', '.join(differs)}. Mend it with: {REFRESH}"
