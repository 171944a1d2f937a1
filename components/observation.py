"""What the tenant looks like right now: the one reading that every preview and every `up` takes.

Owns the call of `scripts/exchange_policy.py observe` and the shape of its answer. Owns no conclusion (`drift.py`,
`secret_plan.py`) and no way of reading Microsoft's interfaces (`microsoft365/`).
"""

from datetime import datetime, timedelta
from typing import Literal

import pulumi
import pulumi_command
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from components.launcher import LAUNCHER, command_line
from components.secret_plan import ObservedPassword
from microsoft365.errors import BadInput
from microsoft365.exchange.desired import DesiredState


class _Observed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Action(_Observed):
    """One thing that `apply` would do: what kind, to what, and why."""

    kind: str
    subject: str
    reason: str


class Rooms(_Observed):
    """How many rooms are wanted, in reach, and keep meeting titles (None where calendars are not managed)."""

    number: int
    in_reach: int
    with_titles: int | None = None


class ExchangeObservation(_Observed):
    """Exchange Online against what is declared. `differs` false means that `apply` would change nothing.

    `restriction` is `present` as it is declared, `differs` where it keeps the application to resource mailboxes all the same, else
    `absent`. `digest` is another text exactly when something else is to be done.
    """

    restriction: Literal["present", "differs", "absent"]
    differs: bool
    summary: str
    action_count: int = 0
    actions: tuple[Action, ...] = ()
    digest: str = ""
    guard: str | None = None
    rooms: Rooms | None = None
    notices: tuple[str, ...] = ()


class Password(_Observed):
    """A password credential, as Microsoft Graph shows it; `ends_on` is UTC."""

    key_id: str
    display_name: str | None = None
    end_date_time: datetime


class RequestedPermission(_Observed):
    """An application permission that the registration asks for."""

    resource_app_id: str
    id: str


class ApplicationObservation(_Observed):
    """An application with this stack's mark, or with its client id."""

    client_id: str
    object_id: str
    display_name: str = ""
    created_date_time: datetime | None = None
    passwords: tuple[Password, ...] = ()
    owner_ids: tuple[str, ...] | None = None
    requested_permissions: tuple[RequestedPermission, ...] = ()


class Grant(_Observed):
    """An app role that the application's service principal holds."""

    id: str
    app_role_id: str
    resource_id: str
    resource_display_name: str | None = None


class ServicePrincipalObservation(_Observed):
    """The application's service principal."""

    object_id: str
    owner_ids: tuple[str, ...] | None = None


class SecretRestriction(_Observed):
    """What an app management policy says of client secrets; `certain` is false where the tenant alone can decide.

    `longest` None and not `forbids_secrets`: a limit that was not understood. `created_after`: older applications are free of it.
    """

    forbids_secrets: bool = False
    longest_seconds: float | None = None
    created_after: datetime | None = None
    certain: bool = True

    @property
    def longest(self) -> timedelta | None:
        """How long a secret may live."""
        return None if self.longest_seconds is None else timedelta(seconds=self.longest_seconds)


class SecretPolicy(_Observed):
    """The app management policy that counts for this stack's application."""

    name: str | None = None
    certain: bool = True
    restrictions: tuple[SecretRestriction, ...] = ()


class EntraObservation(_Observed):
    """Microsoft Entra: the applications, and service principal and grants of this stack's client id.

    `application_is_gone`: what the reading says of the client id that was asked for, after more than one look; None when none was
    asked for, or when it cannot be told. `secret_policy` is None where whoever deploys may not read policies.
    """

    application_is_gone: bool | None = None
    applications: tuple[ApplicationObservation, ...] = ()
    service_principal: ServicePrincipalObservation | None = None
    grants: tuple[Grant, ...] = ()
    secret_policy: SecretPolicy | None = None


class DeployerObservation(_Observed):
    """Whoever deploys: the permissions of Microsoft Graph that its token lacks."""

    lacks: tuple[str, ...] = ()


class Observation(_Observed):
    """One complete reading. `observed_at` is UTC by the login host's `Date` header, the tenant's own clock."""

    observed_at: datetime
    exchange: ExchangeObservation
    entra: EntraObservation = Field(default_factory=EntraObservation)
    deployer: DeployerObservation = Field(default_factory=DeployerObservation)

    def application(self, client_id: str | None) -> ApplicationObservation | None:
        """The application of that client id, or None when the reading does not show it."""
        wanted = (client_id or "").lower()
        return next((found for found in self.entra.applications if found.client_id.lower() == wanted), None)

    def passwords(self, client_id: str | None) -> list[ObservedPassword] | None:
        """The passwords that decide about secrets: of this stack's client id, or, while that is not known, of the mark.

        None when the reading does not show the application and does not say that it is gone either: an empty or shortened list
        is never taken for "there is nothing".
        """
        if client_id is None:
            applications = self.entra.applications
        else:
            found = self.application(client_id)
            if found is None and self.entra.application_is_gone is not True:
                return None
            applications = (found,) if found else ()
        return [
            ObservedPassword(password.key_id, password.display_name or "", password.end_date_time)
            for application in applications
            for password in application.passwords
        ]


def observe(desired: DesiredState, way_round: str = "") -> Observation:
    """Read the tenant. Raises pulumi.RunError, with one line for a person, when it cannot be read.

    `way_round`: what the line ends with, where something need not wait for the reading.
    """
    return parse_observation(_ask("observe", desired), way_round)


def _ask(what: str, desired: DesiredState) -> str:
    try:
        answer = pulumi_command.local.run(
            command=command_line(f"exchange_policy {what} --errors-as-json"),
            stdin=desired.model_dump_json(by_alias=True),
            logging=pulumi_command.local.Logging.NONE,
            add_previous_output_in_env=False,
        )
    except Exception as error:  # noqa: BLE001 -- an invoke that fails raises nothing narrower
        # The script itself always ends with 0 here, so it could not even be started.
        reason = str(error).strip().splitlines()[-1]
        raise pulumi.RunError(
            f"The tenant could not be read, so nothing was changed: {LAUNCHER} did not start ({reason}). Is this the project's "
            "folder, and has `pulumi install` or `make setup` been run in it?"
        ) from None
    return answer.stdout


def look_for_grants(desired: DesiredState, observation: "Observation | None") -> tuple[Grant, ...]:
    """The grants that the application holds in Microsoft Entra, which `rbac` looks for in every preview, observed or not.

    Empty in `policy`, where one is meant to be. Raises pulumi.RunError, with one line for a person, when they cannot be read.
    """
    if desired.access != "rbac":
        return ()
    if observation is not None:
        return observation.entra.grants
    text = _ask("observe --entra-only", desired)
    _raise_failure(text)
    try:
        return _OnlyEntra.model_validate_json(text).entra.grants
    except ValidationError:
        raise _not_understood("entra") from None


def parse_observation(text: str, way_round: str = "") -> Observation:
    """Take the script's JSON apart. Raises pulumi.RunError when it says that it failed, or says something else."""
    _raise_failure(text, way_round)
    try:
        return Observation.model_validate_json(text)
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in detail["loc"]) for detail in error.errors()[:5])
        raise _not_understood(where) from None


def _raise_failure(text: str, way_round: str = "") -> None:
    try:
        failure = _Failure.model_validate_json(text)
    except ValidationError:
        return
    if failure.exit_code == BadInput.exit_code:
        # The tenant answered; what somebody wrote does not fit it.
        said = failure.error.removeprefix("nothing was changed: ")
        raise pulumi.RunError(f"Nothing was changed. {and_then(said, way_round)}")
    raise pulumi.RunError(f"The tenant could not be read, so nothing was changed. {and_then(failure.error, way_round)}")


def and_then(sentence: str, way_round: str) -> str:
    """A sentence, and what lets somebody go on all the same where there is something."""
    return f"{sentence.rstrip('.')}. {way_round}" if way_round else sentence


def _not_understood(where: str) -> pulumi.RunError:
    return pulumi.RunError(
        f"`exchange_policy observe` answered something that this program does not understand ({where}), so nothing was "
        "changed. Do scripts/ and components/ come from the same version? See it with: scripts/run exchange_policy observe"
    )


class _OnlyEntra(_Observed):
    entra: EntraObservation


class _Failure(BaseModel):
    error: str
    exit_code: int | None = Field(None, alias="exitCode")
