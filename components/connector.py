"""RoomzConnector: everything that one ROOMZ connector needs in a Microsoft 365 tenant.

Owns the order in which the other components stand, which keeps calendars closed at every instant: removal of the restriction
first (so that it is deleted last), application, restriction, grant (in the access model `policy`, unless a person grants), secrets.
Owns no rule about secrets (`secret_plan.py`), drift (`drift.py`) or a person's consent (`admin_consent.py`), reads no configuration,
no outputs and no tenant: settings, last outputs and observation are arguments, so that another program can compose it as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi

from components import drift, remedies, secret_limits, waiting
from components.admin_consent import ExpectedConsent
from components.application import RoomzApplication, RoomzApplicationArgs
from components.connector_outputs import Made, connector_outputs
from components.consent import CalendarsConsent, CalendarsConsentArgs, ExistingGrant
from components.consent_request import ConsentRequestArgs, ask_for_consent
from components.deadlines import deadlines_of_run
from components.desired_state import desired_state
from components.last_outputs import LastOutputs
from components.microsoft_graph import ApplicationPermission, look_up_caller, look_up_microsoft_graph
from components.observation import Grant, Observation, SecretPolicy, and_then
from components.room_access import RestrictionRemoval, RoomAccess, RoomAccessArgs
from components.secret import ClientSecret, ClientSecretArgs
from components.secret_plan import SecretPlan, plan_secrets
from components.secret_rules import way_round_exchange
from components.settings import Settings
from microsoft365.exchange.desired import DesiredState

POLICY_NOTICE = (
    "Access model `policy`: Microsoft asks not to create new application access policies, since they will have to be migrated to "
    "RBAC for Applications one day; no date is known. A new stack does better with: pulumi config set roomz:access rbac"
)


@dataclass(frozen=True, kw_only=True)
class RoomzConnectorArgs:
    """What a connector needs, as plain values."""

    settings: Settings
    """The validated configuration."""
    mark: str
    """`roomz:<project>/<stack>`; everything that is made carries it."""
    last_outputs: LastOutputs
    """What the last successful `up` of this very stack put out."""
    observation: Observation | None
    """What the tenant looks like now; None where observing is switched off."""
    grants: tuple[Grant, ...] = ()
    """With `rbac`, what the application holds in Microsoft Entra; must be nothing."""


class RoomzConnector(pulumi.ComponentResource):
    """Application, restriction, grant and secrets of one connector.

    `outputs` holds every output of the stack by name. Raises pulumi.RunError and SecretPlanError, before any resource is
    declared, for what must not be done.
    """

    outputs: dict[str, Any]

    def __init__(self, name: str, args: RoomzConnectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:RoomzConnector", name, None, opts)
        settings, last, observation = args.settings, args.last_outputs, args.observation
        desired = desired_state(settings, args.mark)
        self._refuse(args, desired)
        self._refuse_provider(name)
        # By runbook nothing is granted before somebody has made the restriction: then there is no secret to plan either.
        waits = waiting.is_waiting(settings, args.mark, last, observation)
        today = observation.observed_at if observation else datetime.now(UTC)
        plan = None if waits else _plan_secrets(args, today)
        caller = look_up_caller(self)
        owner_ids = settings.owners or (caller,)
        self._refuse_lock_out(settings, caller)
        graph = look_up_microsoft_graph(self)
        # In `rbac` the registration requests nothing, and nothing is granted: Exchange alone gives access.
        granted = settings.access == "policy" and not waits
        by_person = settings.consent_by_person
        role_id = graph.role_id(ApplicationPermission.CALENDARS_READ_WRITE)

        child = pulumi.ResourceOptions(parent=self)
        # `protect` and `deleted_with` never stand together, not even in a state that a failed run leaves: a change of the
        # configuration takes one away in its first `up` and brings the other in the next.
        protect = settings.protect and last.protect is not False
        removal = RestrictionRemoval(f"{name}-restriction-removal", desired, protect=protect, opts=child)
        application = RoomzApplication(
            f"{name}-application",
            RoomzApplicationArgs(
                display_name=settings.display_name,
                mark=args.mark,
                owner_ids=owner_ids,
                owners_are_exact=bool(settings.owners),
                requested_role_ids=[role_id] if granted else [],
                protect=protect,
                after=[removal.command],
            ),
            child,
        )
        # One deletion ends everything at once where nothing is protected. With protection a forced destroy must really have
        # deleted grant and secrets before it stops at the application.
        deleted_with = None if settings.protect or last.protect else application.application
        revision = drift.exchange_revision(last.exchange_revision, observation)
        if desired.transport == "runbook" and observation is not None:
            revision = waiting.revision(observation)
        access = RoomAccess(
            f"{name}-room-access",
            RoomAccessArgs(
                desired=desired.model_copy(update={"awaits_restriction": waits}),
                application=application.application,
                service_principal=application.service_principal if settings.access == "rbac" else None,
                revision=revision,
                observed=observation is not None,
                after=[removal.command],
                deleted_with=deleted_with,
            ),
            child,
        )
        # What a secret opens must stand before it, and go after it: with a grant the grant's removal as well.
        before_secrets: list[pulumi.Resource] = [removal.command]
        if granted and not by_person:
            consent = CalendarsConsent(
                f"{name}-consent",
                CalendarsConsentArgs(
                    service_principal=application.service_principal,
                    resource_object_id=graph.object_id,
                    role_id=role_id,
                    existing=_existing_grant(args, graph.object_id, role_id),
                    connection=settings.connection,
                    after=[removal.command, access.command],
                    deleted_with=deleted_with,
                ),
                child,
            )
            before_secrets += [consent.grant, consent.removal]
        else:
            before_secrets.append(access.command)
        secrets = [
            ClientSecret(
                f"{name}-secret-{planned.generation}",
                ClientSecretArgs(
                    planned=planned,
                    application=application.application,
                    connection=settings.connection,
                    after=before_secrets,
                    deleted_with=deleted_with,
                ),
                child,
            )
            for planned in (plan.secrets if plan is not None else ())
        ]
        expected = drift.ExpectedEntra(
            settings.connection,
            settings.owners or None,
            (role_id,) if granted else (),
            graph.object_id,
            by_person,
            for_the_first_time=last.waiting,
            why_nothing="with roomz:access rbac" if plan is not None else "before the restriction stands",
            grant=None if opts is not None and opts.parent is not None else _declared_grant(name),
        )
        self._say(args, desired, plan, expected)
        if plan is not None:
            self._remind(args, plan, today)
            self._say_made_anew(plan, secrets)
        consented: pulumi.Input[str] = "waiting" if waits and settings.access == "policy" else "none"
        if granted:
            consented = "granted"
        if granted and by_person and observation is not None:
            wanted = ExpectedConsent(
                connection=settings.connection,
                display_name=settings.display_name,
                role_id=role_id,
                resource_object_id=graph.object_id,
            )
            consented = ask_for_consent(
                self,
                ConsentRequestArgs(
                    wanted=wanted,
                    observation=observation,
                    last_outputs=last,
                    client_id=application.application.client_id,
                    restriction=access.result,
                ),
            )
        made = Made(application, access, secrets, consented)
        self.outputs = connector_outputs(settings, plan, today, observation, made)
        self.register_outputs({"clientId": application.application.client_id})

    def _refuse_provider(self, name: str) -> None:
        """Whoever an explicit provider signs in as, the observation and the commands would be somebody else."""
        if self.get_provider("azuread:index/application:Application") is not None:
            raise pulumi.RunError(
                f"RoomzConnector {name!r} was given an azuread provider of its own. Exchange Online is changed, and the tenant looked at, by the ARM_* "
                "variables, so that Entra and Exchange would be two identities. Take the provider out of the connector's options, and of its "
                "parent's, and let the ARM_* variables say who deploys"
            )

    @staticmethod
    def _refuse(args: RoomzConnectorArgs, desired: DesiredState) -> None:
        """What the tenant or the last outputs forbid; nothing has been declared yet."""
        last, observation = args.last_outputs, args.observation
        if last.access is not None and last.access != args.settings.access:
            raise pulumi.RunError(
                f"roomz:access is {args.settings.access!r}, but this stack was made with {last.access!r}. Changing it on a live stack "
                "could open every calendar for a while and is not supported yet. Set it back with: "
                f"pulumi config set roomz:access {last.access}"
            )
        if args.settings.consent_by_person and observation is None:
            raise pulumi.RunError(
                "With consent `admin` a connector needs an observation: only it shows whether somebody has consented."
            )
        if args.settings.access == "policy" and last.consent_mode not in (None, args.settings.consent):
            raise pulumi.RunError(
                f"roomz:consent is {args.settings.consent!r}, but this stack was made with {last.consent_mode!r}. Changing it on a live "
                f"stack is not supported. Set it back with: pulumi config set roomz:consent {last.consent_mode}"
            )
        if args.grants:
            raise pulumi.RunError(drift.grant_in_rbac_message(args.grants, args.settings.connection))
        if observation is not None and observation.exchange.guard:
            way_round = way_round_exchange(
                args.settings.secret.rules(), last.generations, may_look_away=args.settings.may_look_away
            )
            raise pulumi.RunError(f"Nothing was changed. {and_then(observation.exchange.guard, way_round)}")
        missing = waiting.missing_message(desired, last, observation)
        if missing is not None:
            raise pulumi.RunError(missing)

    @staticmethod
    def _refuse_lock_out(settings: Settings, caller: str) -> None:
        if settings.owners and caller.lower() not in settings.owners:
            raise pulumi.RunError(
                f"roomz:owners does not hold the caller, {caller}: with Application.ReadWrite.OwnedBy the next `up` could not change the "
                "application any more. Add it with: "
                f"pulumi config set --path 'roomz:owners[{len(settings.owners)}]' {caller}"
            )

    def _say(
        self, args: RoomzConnectorArgs, desired: DesiredState, plan: SecretPlan | None, expected: drift.ExpectedEntra
    ) -> None:
        """Tell people what they should know: in the preview, where they can still decide."""
        observation, last = args.observation, args.last_outputs
        if pulumi.runtime.is_dry_run() and args.settings.access == "policy":
            pulumi.log.info(POLICY_NOTICE, self)
        if args.settings.protect and last.protect is False:
            pulumi.log.warn(
                "roomz:protect counts after the next `up`: this one takes away what must not stand beside it.", self
            )
        if not args.settings.protect and args.settings.removal == "later" and last.client_id is not None:
            pulumi.log.info(remedies.end_what_stays(desired), self)
        for message in drift.secret_messages(plan, last, args.settings.connection) if plan is not None else ():
            pulumi.log.warn(message, self)
        if observation is None:
            return
        for message in drift.deployer_messages(observation):
            pulumi.log.warn(message, self)
        if plan is None:
            pulumi.log.warn(waiting.waiting_message(desired, observation), self)
        by_runbook = desired.runbook_path if desired.transport == "runbook" else None
        first = last.client_id is None or plan is None
        for message in drift.exchange_messages(observation, first_run=first, runbook=by_runbook):
            pulumi.log.warn(message, self)
        for message in drift.entra_messages(observation, last, expected):
            pulumi.log.warn(message, self)

    def _remind(self, args: RoomzConnectorArgs, plan: SecretPlan, today: datetime) -> None:
        """Remind people of the dates that they have to keep: quietly at first, as a warning from 60 days before on."""
        lifetime = secret_limits.notice(plan, *_policy(args), today)
        if lifetime is not None:
            pulumi.log.info(lifetime, self)
        rules, issued = args.settings.secret.rules(), args.last_outputs.issued_secrets
        for deadline in deadlines_of_run(rules, plan, issued, today, preview=pulumi.runtime.is_dry_run()):
            tell = pulumi.log.warn if deadline.warns else pulumi.log.info
            tell(deadline.text, self)

    def _say_made_anew(self, plan: SecretPlan, secrets: Sequence[ClientSecret]) -> None:
        """Warn of a number that stands for another secret than before; only the provider's answer shows it."""
        newest = plan.newest

        def warn(key_id: str) -> None:
            if newest.replaced_by(key_id):
                pulumi.log.warn(drift.made_anew_message(newest.generation), self)

        secrets[-1].password.key_id.apply(warn)


def _declared_grant(name: str) -> drift.DeclaredGrant:
    """Which resource the grant of a connector is that has no parent: a plain text, which its own URN is not before it is declared."""
    stack, kinds = pulumi.get_stack(), "roomz:index:RoomzConnector$roomz:index:CalendarsConsent"
    kind = "azuread:index/appRoleAssignment:AppRoleAssignment"
    return drift.DeclaredGrant(
        stack, f"urn:pulumi:{stack}::{pulumi.get_project()}::{kinds}${kind}::{name}-consent-grant"
    )


def _existing_grant(args: RoomzConnectorArgs, resource_object_id: str, role_id: str) -> ExistingGrant | None:
    """The grant that this stack's application holds already.

    Only where the last outputs name the application: the mark alone might lead to the application of a stack of that name
    whose state was lost.
    """
    observation = args.observation
    if observation is None or args.last_outputs.client_id is None or observation.entra.service_principal is None:
        return None
    return next(
        (
            ExistingGrant(id=grant.id, principal_object_id=observation.entra.service_principal.object_id)
            for grant in observation.entra.grants
            if grant.app_role_id.lower() == role_id.lower() and grant.resource_id.lower() == resource_object_id.lower()
        ),
        None,
    )


def _policy(args: RoomzConnectorArgs) -> tuple[SecretPolicy | None, datetime | None]:
    """What the tenant allows of the application's secrets, and since when the application exists."""
    if args.observation is None:
        return None, None
    application = args.observation.application(args.last_outputs.client_id)
    return args.observation.entra.secret_policy, application.created_date_time if application else None


def _plan_secrets(args: RoomzConnectorArgs, today: datetime) -> SecretPlan:
    """Which secrets there are after this run. Raises SecretPlanError and pulumi.RunError for what must not be done."""
    observation, last, rules = args.observation, args.last_outputs, args.settings.secret.rules()
    passwords = observation.passwords(last.client_id) if observation else None
    plan = plan_secrets(rules, last.issued_secrets, passwords, today, args.mark)
    refused = secret_limits.refusal(plan, rules, *_policy(args), today)
    if refused is not None:
        raise pulumi.RunError(refused)
    return plan
