"""The values of the stack's outputs, made of what one run of the connector declared; `outputs.py` says what each one means.

Owns their shape, which the next run reads again (`last_outputs.py`), and that nobody is shown where to consent before the
restriction stands. Owns no decision and declares no resource.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulumi
import pulumi_azuread as azuread

from components import admin_consent
from components.application import RoomzApplication
from components.observation import Observation
from components.room_access import RoomAccess
from components.secret import ClientSecret
from components.secret_plan import HandOver, PlannedSecret, SecretPlan, format_date, hand_over, renews_on
from components.settings import Settings

_ACCESS_OUTPUTS = {
    "policy": ("status", "runbook", "group", "policy"),
    "rbac": ("status", "runbook", "group", "scope", "assignment", "servicePrincipal"),
}
NOT_YET = "not before the restriction stands: `pulumi preview` says who makes it"
NO_CONSENT = "none: with `access: rbac` consent would open every calendar"


@dataclass(frozen=True)
class Made:
    """What a run declared. `consented` is `granted`, `waiting` or `none`."""

    application: RoomzApplication
    access: RoomAccess
    secrets: Sequence[ClientSecret]
    consented: pulumi.Input[str]


def connector_outputs(
    settings: Settings, plan: SecretPlan | None, today: datetime, observation: Observation | None, made: Made
) -> dict[str, Any]:
    """Every output of the stack, by name. Without a plan, which is to say without a secret yet, those about secrets are left out."""
    application, access = made.application, made.access
    client_id = application.application.client_id
    tenant_id = settings.connection.tenant_id
    by_policy = settings.access == "policy"
    # Not before the restriction stands: whoever consents earlier opens every calendar.
    pages = pulumi.Output.all(client_id, access.result).apply(
        lambda resolved: admin_consent.consent_pages(settings.connection, resolved[0])
    )
    hidden = by_policy and plan is None
    return {
        "tenantId": tenant_id,
        "clientId": client_id,
        **(_of_secrets(settings, plan, today, made.secrets) if plan is not None else {"issuedSecrets": {}}),
        "applicationObjectId": application.application.object_id,
        "servicePrincipalObjectId": application.service_principal.object_id,
        "consentUrl": NO_CONSENT if not by_policy else NOT_YET if hidden else pages.apply(lambda page: page.consent),
        "apiPermissionsUrl": NOT_YET if hidden else pages.apply(lambda page: page.api_permissions),
        "access": pulumi.Output.all(access.result, made.consented).apply(
            lambda resolved: {
                "model": settings.access,
                "consent": resolved[1],
                **({"consentMode": settings.consent} if by_policy else {}),
                **{
                    key: resolved[0][key]
                    for key in _ACCESS_OUTPUTS[settings.access]
                    if resolved[0].get(key) is not None
                },
            }
        ),
        "exchangeRevision": access.revision,
        "protect": settings.protect,
        "rooms": _rooms(observation, access),
        "connector": {
            "friendlyName": settings.connector.friendly_name,
            "tenantId": tenant_id,
            "clientId": client_id,
            "showImageInAttachments": settings.connector.show_image_in_attachments,
            "instantOnlineMeetings": settings.connector.instant_online_meetings,
        },
    }


def _rooms(observation: Observation | None, access: RoomAccess) -> Any:
    """How many rooms there are, by whoever has seen it last.

    What `apply` read back may have been late, and stays in the state until it runs again; with a filter rooms come and go without
    it. Where nothing differs the observation of this run says how it is.
    """
    if observation is not None and not observation.exchange.differs and observation.exchange.rooms is not None:
        return observation.exchange.rooms.model_dump(by_alias=True)
    return access.result.apply(lambda result: result["rooms"])


def _of_secrets(
    settings: Settings, plan: SecretPlan, today: datetime, secrets: Sequence[ClientSecret]
) -> dict[str, Any]:
    newest, rules = secrets[-1].password, settings.secret.rules()
    return {
        "clientSecret": pulumi.Output.secret(newest.value),
        "secretGeneration": plan.newest.generation,
        "secretExpiresOn": newest.end_date,
        "secretRenewsOn": format_date(renews_on(plan.newest.ends_on, rules.renew_months_before)),
        "issuedSecrets": {
            str(planned.generation): _issued(planned, secret.password)
            for planned, secret in zip(plan.secrets, secrets, strict=True)
        },
        "handOver": pulumi.Output.all(*(secret.password.key_id for secret in secrets)).apply(
            lambda key_ids: _hand_over(hand_over(rules, plan, today, replaced=plan.replaced(key_ids)))
        ),
    }


def _issued(planned: PlannedSecret, password: azuread.ApplicationPassword) -> pulumi.Output[dict[str, Any]]:
    """What the next run has to know of a secret, as the provider reported it."""

    def describe(reported: Sequence[str]) -> dict[str, Any]:
        key_id, issued_on, ends_on = reported
        made_anew = {"madeAnew": True} if planned.replaced_by(key_id) else {}
        return {"keyId": key_id, "issuedOn": issued_on, "endsOn": ends_on, **made_anew}

    return pulumi.Output.all(password.key_id, password.start_date, password.end_date).apply(describe)


def _hand_over(state: HandOver) -> dict[str, str]:
    return {"status": state.status, **({"by": format_date(state.by)} if state.by else {})}
