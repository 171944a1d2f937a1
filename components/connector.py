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
import pulumi_azuread as azuread

from components import admin_consent, drift, secret_limits
from components.admin_consent import ExpectedConsent
from components.application import RoomzApplication, RoomzApplicationArgs
from components.consent import CalendarsConsent, CalendarsConsentArgs, ExistingGrant
from components.consent_request import ConsentRequestArgs, ask_for_consent
from components.deadlines import deadlines_of_run
from components.last_outputs import LastOutputs
from components.microsoft_graph import ApplicationPermission, look_up_caller, look_up_microsoft_graph
from components.observation import Grant, Observation, SecretPolicy, and_then
from components.room_access import RestrictionRemoval, RoomAccess, RoomAccessArgs
from components.secret import ClientSecret, ClientSecretArgs
from components.secret_plan import (
    HandOver,
    PlannedSecret,
    SecretPlan,
    format_date,
    hand_over,
    plan_secrets,
    renews_on,
)
from components.secret_rules import way_round_exchange
from components.settings import Settings
from microsoft365.exchange.desired import Application, DesiredState, Group, Rooms

POLICY_NOTICE = (
    "Access model `policy`: Microsoft asks not to create new application access policies, since they will have to be migrated to "
    "RBAC for Applications one day; no date is known. A new stack does better with: pulumi config set roomz:access rbac"
)
_ACCESS_OUTPUTS = {"policy": ("group", "policy"), "rbac": ("group", "scope", "assignment", "servicePrincipal")}
NO_CONSENT = "none: with `access: rbac` consent would open every calendar"


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


def desired_state(settings: Settings, mark: str, last: LastOutputs | None = None) -> DesiredState:
    """What is wanted in Exchange, as the document that the scripts read; `last` names the application where it is known."""
    group = settings.group
    wanted = None
    if group.primary_smtp_address is not None:
        keys = {"alias": group.alias_or_default, "primary_smtp_address": group.primary_smtp_address}
        wanted = Group(**{**group.model_dump(), **keys})
    application = Application()
    if last is not None:
        application = Application(
            client_id=last.client_id,
            object_id=last.application_object_id,
            service_principal_id=last.service_principal_object_id,
        )
    return DesiredState(
        connection=settings.connection,
        mark=mark,
        access=settings.access,
        application=application,
        rooms=Rooms(**settings.rooms.model_dump()),
        group=wanted,
        calendar=settings.calendar,
        calendar_on_removal=settings.calendar_on_removal,
        removal=settings.removal,
    )


class RoomzConnector(pulumi.ComponentResource):
    """Application, restriction, grant and secrets of one connector.

    `outputs` holds every output of the stack by name. Raises pulumi.RunError and SecretPlanError, before any resource is
    declared, for what must not be done.
    """

    outputs: dict[str, Any]

    def __init__(self, name: str, args: RoomzConnectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("roomz:index:RoomzConnector", name, None, opts)
        settings, last, observation = args.settings, args.last_outputs, args.observation
        self._refuse(args)
        today = observation.observed_at if observation else datetime.now(UTC)
        plan = plan_secrets(
            settings.secret.rules(),
            last.issued_secrets,
            observation.passwords(last.client_id) if observation else None,
            today,
            args.mark,
        )
        refused = secret_limits.refusal(plan, settings.secret.rules(), *_policy(args), today)
        if refused is not None:
            raise pulumi.RunError(refused)
        caller = look_up_caller(self)
        owner_ids = settings.owners or (caller,)
        self._refuse_lock_out(settings, caller)
        graph = look_up_microsoft_graph(self)
        # In `rbac` the registration requests nothing, and nothing is granted: Exchange alone gives access.
        granted = settings.access == "policy"
        by_person = settings.consent_by_person
        role_id = graph.role_id(ApplicationPermission.CALENDARS_READ_WRITE)

        desired = desired_state(settings, args.mark)
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
        access = RoomAccess(
            f"{name}-room-access",
            RoomAccessArgs(
                desired=desired,
                application=application.application,
                service_principal=None if granted else application.service_principal,
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
            for planned in plan.secrets
        ]
        expected = drift.ExpectedEntra(
            settings.connection, settings.owners or None, (role_id,) if granted else (), graph.object_id, by_person
        )
        self._say(args, plan, expected)
        self._remind(args, plan, today)
        self._say_made_anew(plan, secrets)
        consented: pulumi.Input[str] = "granted" if granted else "none"
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
        self.outputs = _outputs(args, plan, today, application, access, secrets, consented)
        self.register_outputs({"clientId": application.application.client_id})

    @staticmethod
    def _refuse(args: RoomzConnectorArgs) -> None:
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
            way_round = way_round_exchange(args.settings.secret.rules(), args.last_outputs.generations)
            raise pulumi.RunError(f"Nothing was changed. {and_then(observation.exchange.guard, way_round)}")

    @staticmethod
    def _refuse_lock_out(settings: Settings, caller: str) -> None:
        if settings.owners and caller.lower() not in settings.owners:
            raise pulumi.RunError(
                f"roomz:owners does not hold the caller, {caller}: with Application.ReadWrite.OwnedBy the next `up` could not change the "
                "application any more. Add it with: "
                f"pulumi config set --path 'roomz:owners[{len(settings.owners)}]' {caller}"
            )

    def _say(self, args: RoomzConnectorArgs, plan: SecretPlan, expected: drift.ExpectedEntra) -> None:
        """Tell people what they should know: in the preview, where they can still decide."""
        observation, last = args.observation, args.last_outputs
        if pulumi.runtime.is_dry_run() and args.settings.access == "policy":
            pulumi.log.info(POLICY_NOTICE, self)
        if args.settings.protect and last.protect is False:
            pulumi.log.warn(
                "roomz:protect counts after the next `up`: this one takes away what must not stand beside it.", self
            )
        for message in drift.secret_messages(plan, last, args.settings.connection):
            pulumi.log.warn(message, self)
        if observation is None:
            return
        for message in drift.deployer_messages(observation):
            pulumi.log.warn(message, self)
        for message in drift.exchange_messages(observation, first_run=last.client_id is None):
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


def _outputs(
    args: RoomzConnectorArgs,
    plan: SecretPlan,
    today: datetime,
    application: RoomzApplication,
    access: RoomAccess,
    secrets: Sequence[ClientSecret],
    consented: pulumi.Input[str],
) -> dict[str, Any]:
    """Every output of the stack, by name; `outputs.py` says what each one means."""
    settings = args.settings
    granted = settings.access == "policy"
    client_id = application.application.client_id
    newest = secrets[-1].password
    tenant_id = settings.connection.tenant_id
    rules = settings.secret.rules()
    # Not before the restriction stands: whoever consents earlier opens every calendar.
    pages = pulumi.Output.all(client_id, access.result).apply(
        lambda resolved: admin_consent.consent_pages(settings.connection, resolved[0])
    )
    return {
        "tenantId": tenant_id,
        "clientId": client_id,
        "clientSecret": pulumi.Output.secret(newest.value),
        "secretGeneration": plan.newest.generation,
        "secretExpiresOn": newest.end_date,
        "secretRenewsOn": format_date(renews_on(plan.newest.ends_on, rules.renew_months_before)),
        "issuedSecrets": {
            str(planned.generation): _issued_output(planned, secret.password)
            for planned, secret in zip(plan.secrets, secrets, strict=True)
        },
        "handOver": pulumi.Output.all(*(secret.password.key_id for secret in secrets)).apply(
            lambda key_ids: _hand_over_output(hand_over(rules, plan, today, replaced=plan.replaced(key_ids)))
        ),
        "applicationObjectId": application.application.object_id,
        "servicePrincipalObjectId": application.service_principal.object_id,
        "consentUrl": pages.apply(lambda page: page.consent) if granted else NO_CONSENT,
        "apiPermissionsUrl": pages.apply(lambda page: page.api_permissions),
        "access": pulumi.Output.all(access.result, consented).apply(
            lambda resolved: {
                "model": settings.access,
                "consent": resolved[1],
                **({"consentMode": settings.consent} if granted else {}),
                **{
                    key: resolved[0][key]
                    for key in _ACCESS_OUTPUTS[settings.access]
                    if resolved[0].get(key) is not None
                },
            }
        ),
        "exchangeRevision": access.revision,
        "protect": settings.protect,
        "rooms": access.result.apply(lambda result: result["rooms"]),
        "connector": {
            "friendlyName": settings.connector.friendly_name,
            "tenantId": tenant_id,
            "clientId": client_id,
            "showImageInAttachments": settings.connector.show_image_in_attachments,
            "instantOnlineMeetings": settings.connector.instant_online_meetings,
        },
    }


def _issued_output(planned: PlannedSecret, password: azuread.ApplicationPassword) -> pulumi.Output[dict[str, Any]]:
    """What the next run has to know of a secret, as the provider reported it."""

    def describe(reported: Sequence[str]) -> dict[str, Any]:
        key_id, issued_on, ends_on = reported
        made_anew = {"madeAnew": True} if planned.replaced_by(key_id) else {}
        return {"keyId": key_id, "issuedOn": issued_on, "endsOn": ends_on, **made_anew}

    return pulumi.Output.all(password.key_id, password.start_date, password.end_date).apply(describe)


def _hand_over_output(state: HandOver) -> dict[str, str]:
    return {"status": state.status, **({"by": format_date(state.by)} if state.by else {})}
