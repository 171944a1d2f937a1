"""The JSON documents that scripts print for machines: their shape, and what each key means.

Owns the models that docs/schemas/ is generated from. Owns no content: what stands in a document is built where it is known
(observation.py, exchange/removal_steps.py, the scripts), as plain values; tests hold every document that a script prints against
its model. Readers must not mind keys that they do not know: schema_version.py says when the version grows.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from microsoft365.verification.report import Report


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class _Document(_Part):
    schema_version: Literal[1] = Field(description="The version of this shape.")


class Action(_Part):
    """One change that `apply` would make."""

    kind: str = Field(description="What is done, such as addMember.")
    subject: str = Field(description="To whom or what, for people.")
    reason: str = Field(description="Why.")
    touches: str = Field(description="What it touches.")
    undo: str = Field(description="What undoing it would take.")


class RoomCounts(_Part):
    """How many rooms."""

    number: int = Field(description="Rooms that are wanted.")
    in_reach: int = Field(description="Of these, rooms that the application reaches.")
    with_titles: int | None = Field(description="Rooms that keep meeting titles; null where calendars are unmanaged.")


class Comparison(_Part):
    """Exchange Online against what is declared."""

    restriction: Literal["present", "differs", "absent"] = Field(
        description="Does everything stand that keeps the application to the rooms? `differs`: it stands, and not as declared."
    )
    digest: str = Field(description="The plan in short: another one where anything else is to be done.")
    differs: bool = Field(description="Would `apply` change anything?")
    summary: str = Field(description="What differs, in one sentence for people.")
    actions: list[Action] = Field(description="What `apply` would do, in order; of an observation the first ten.")
    action_count: int = Field(description="How many actions there are.")
    guard: str | None = Field(description="What stops `apply` (exit code 6), for people; null where nothing does.")
    rooms: RoomCounts
    notices: list[str] = Field(description="What people should know besides.")


class Password(_Part):
    """A client secret's metadata; Microsoft Graph never shows a value."""

    key_id: str
    display_name: str | None
    start_date_time: str
    end_date_time: str


class RequestedPermission(_Part):
    """A permission that the registration asks for."""

    resource_app_id: str
    id: str


class ApplicationSeen(_Part):
    """An application with this stack's mark, or of its client id."""

    client_id: str
    object_id: str
    display_name: str
    passwords: list[Password]
    owner_ids: list[str] | None = Field(description="Object ids; null when the application was just gone.")
    requested_permissions: list[RequestedPermission]
    created_date_time: str | None


class ServicePrincipalSeen(_Part):
    """The service principal (enterprise application) of the client id."""

    object_id: str
    owner_ids: list[str] | None = Field(description="Object ids; null when it was just gone.")


class GrantSeen(_Part):
    """An app role (application permission) that the service principal holds."""

    id: str
    app_role_id: str
    resource_id: str
    resource_display_name: str | None


class SecretRestrictionSeen(_Part):
    """One rule of the tenant about client secrets."""

    forbids_secrets: bool
    longest_seconds: float | None = Field(description="The longest lifetime; null where it is another rule.")
    created_after: str | None = Field(description="It holds for applications that were made later; null: for all.")
    certain: bool = Field(description="Is this all that the rule says?")


class SecretPolicySeen(_Part):
    """The app management policy that holds for the application."""

    id: str | None
    name: str | None
    certain: bool = Field(description="Is it clear that this is the policy that holds?")
    restrictions: list[SecretRestrictionSeen]


class Entra(_Part):
    """Microsoft Entra."""

    application_is_gone: bool | None = Field(
        description="Is the application of the client id that was asked about gone? null where none was asked about."
    )
    applications: list[ApplicationSeen]
    service_principal: ServicePrincipalSeen | None
    grants: list[GrantSeen]
    secret_policy: SecretPolicySeen | None = Field(description="null where none holds, or it may not be read.")


class Deployer(_Part):
    """Whoever deploys."""

    lacks: list[str] = Field(description="Application permissions that its token lacks, as far as that can be told.")


class Observation(_Document):
    """How the tenant differs from what is declared; nothing was changed."""

    observed_at: str = Field(description="The tenant's time in UTC, such as 2026-11-24T09:30:00Z.")
    exchange: Comparison
    entra: Entra
    deployer: Deployer


class EntraObservation(_Document):
    """Microsoft Entra alone; Exchange was not asked."""

    observed_at: str = Field(description="The tenant's time in UTC.")
    entra: Entra


class StepsOfOneKind(_Part):
    """Changes of one kind."""

    kind: str
    number: int
    subjects: list[str] = Field(description="To whom or what; the first ten.")


class ProblemReport(_Document):
    """What failed; of a change also what was done and what was not. `observe` ends with 0 all the same."""

    error: str = Field(description="What went wrong and what mends it, in one line, without a secret.")
    exit_code: int = Field(description="What the script would have ended with otherwise.")
    done: list[StepsOfOneKind] | None = Field(None, description="Of a run that changes something: what was done.")
    unknown: list[StepsOfOneKind] | None = Field(
        None, description="Of what the answer was lost: it may have been done."
    )
    not_done: list[StepsOfOneKind] | None = Field(None, description="What was not done.")
    remedy: str | None = Field(None, description="What to do about it.")


class PlanReport(_Document, Comparison):
    """Everything that `apply` would do; nothing was changed."""


class GroupApplied(_Part):
    """The mail-enabled security group."""

    object_id: str
    name: str
    primary_smtp_address: str
    adopted: bool = Field(description="Did somebody else make it?")


class PolicyApplied(_Part):
    """The application access policy."""

    identity: str | None


class ScopeApplied(_Part):
    """The management scope."""

    id: str
    name: str
    filter: str


class AssignmentApplied(_Part):
    """The role assignment."""

    id: str
    name: str
    role: str


class PrincipalApplied(_Part):
    """The service principal, as Exchange knows it."""

    object_id: str


class RunbookWritten(_Part):
    """The PowerShell script that was written."""

    path: str = Field(description="In the project's folder.")
    sha256: str


class ApplyReport(_Document):
    """What was changed, and what Exchange shows afterwards."""

    model: Literal["policy", "rbac"]
    status: Literal["restricted", "waiting"] = Field(description="By runbook `waiting` until the restriction is seen.")
    runbook: RunbookWritten | None = Field(description="By runbook, while something is to be done.")
    group: GroupApplied | None
    policy: PolicyApplied | None = Field(None, description="With the model `policy`.")
    scope: ScopeApplied | None = Field(None, description="With `rbac`, where no group is used.")
    assignment: AssignmentApplied | None = Field(None, description="With `rbac`.")
    service_principal: PrincipalApplied | None = Field(None, description="With `rbac`.")
    rooms: RoomCounts
    changed: dict[str, int] = Field(description="How many actions of each kind were done; empty where nothing was.")
    notices: list[str] = Field(description="What people should know, such as Microsoft's delays.")


class RemovalReport(_Document):
    """What was removed, what stays and why; with `--retired` as well."""

    removed: dict[str, int] = Field(description="How many of each kind were removed.")
    retired: list[str] = Field(description="What stays for now and was marked with the time.")
    left: list[str] = Field(description="What stays, and why.")
    waiting: list[str] = Field(description="What cannot be ended yet, and why (exit code 5).")
    notices: list[str] = Field(description="What people should know, such as Microsoft's delays.")
    command: str | None = Field(None, description="The command that ends what was retired.")
    runbook: RunbookWritten | None = Field(None, description="By runbook: the script that ends it.")


class SecretRemovalReport(_Document):
    """Which secret was taken away."""

    key_id: str
    removed: bool = Field(description="Was it there?")


class GrantRemovalReport(_Document):
    """Which grant was taken away."""

    grant: str
    removed: bool = Field(description="Was it there?")


class Connector(_Part):
    """What is typed into the ROOMZ Portal, without the secret."""

    friendly_name: str
    tenant_id: str
    client_id: str
    show_image_in_attachments: bool
    instant_online_meetings: bool


class HandOver(_Part):
    """Whether the newest secret is in the ROOMZ Portal."""

    status: Literal["done", "pending", "overdue"]
    by: str | None = Field(None, description="Until when it has to be (UTC).")


class HandOverSheet(_Document):
    """The sheet for the ROOMZ Portal; without the secret, unless it was asked for by name and is proven closed."""

    stack: str
    connector: Connector
    secret_generation: int = Field(description="The number of the newest secret, from 0.")
    secret_expires_on: str = Field(description="When it ends (UTC).")
    hand_over: HandOver
    consent: str | None = Field(
        None,
        description="`granted`, `waiting` for a person, or `none` with rbac, as this verification or the last `up` saw it.",
    )
    rooms: RoomCounts
    verified: bool = Field(description="Was the connector verified first? false with --unverified.")
    closed: bool | None = Field(
        description="Is the control mailbox proven to be refused? null where nothing was verified."
    )
    verdict: str | None = Field(description="Of the verification as a whole, as verify_connector has it.")
    error: str | None = Field(None, description="What hindered the verification.")
    client_secret: str | None = Field(None, description="With --show-secret alone, and not where it is withheld.")


class SecretToDo(_Part):
    """Something that has to be done about a secret."""

    what: str
    by: str | None = Field(description="Until when (UTC); null where it is due already.")
    days_left: int | None
    stage: str = Field(description="How near it is.")
    text: str = Field(description="The sentence for people.")


class StackSecrets(_Part):
    """How the secrets of one stack stand."""

    stack: str
    status: Literal["fine", "unreadable", "due", "overdue"]
    text: str = Field(description="The sentences for people.")
    generation: int | None = Field(None, description="The newest secret's number.")
    ends_on: str | None = Field(None, description="When it ends (UTC).")
    renews_on: str | None = Field(None, description="From when on `pulumi up` issues the next one (UTC).")
    hand_over: HandOver | None = None
    to_do: list[SecretToDo]


class SecretStatusReport(_Document):
    """Whether somebody has to do something about client secrets."""

    status: Literal["fine", "unreadable", "due", "overdue"] = Field(description="The worst of the stacks'.")
    at: str = Field(description="As of when (UTC).")
    stacks: list[StackSecrets]


DOCUMENTS: Mapping[str, tuple[str, type[BaseModel]]] = {
    "observe": ("exchange_policy observe", Observation),
    "observe-entra": ("exchange_policy observe --entra-only", EntraObservation),
    "error": ("exchange_policy observe --errors-as-json; apply and remove with --json", ProblemReport),
    "plan": ("exchange_policy plan --json", PlanReport),
    "apply": ("exchange_policy apply", ApplyReport),
    "remove": ("exchange_policy remove", RemovalReport),
    "client-secret-remove": ("client_secret remove", SecretRemovalReport),
    "calendars-consent-remove": ("calendars_consent remove", GrantRemovalReport),
    "hand-over-show": ("hand_over show --json", HandOverSheet),
    "verify-connector": ("verify_connector --json", Report),
    "secret-status": ("secret_status --json", SecretStatusReport),
}
"""By the name of the schema's file: the command, and the model of what it prints."""
