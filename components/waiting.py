"""Whether anything may be granted yet, where an Exchange administrator makes the restriction (`exchange.transport: runbook`). Pure.

Owns the one decision, what is said of it, and the revision of a stack that writes scripts. Once grant or secret exist they stay
declared: what is not declared any more would be deleted, and a secret that is gone has to be handed over again.
"""

from components import remedies
from components.last_outputs import LastOutputs
from components.observation import Observation
from components.secret_plan import generation_in
from components.settings import Settings
from microsoft365.exchange.desired import DesiredState


def is_waiting(settings: Settings, mark: str, last: LastOutputs, observation: Observation | None) -> bool:
    """True while the restriction has not been seen once, and nothing that it restrains exists."""
    if settings.exchange.transport == "rest" or observation is None:
        return False
    return observation.exchange.restriction != "present" and not _opened(mark, last, observation)


def missing_message(desired: DesiredState, last: LastOutputs, observation: Observation | None) -> str | None:
    """What to do where the restriction is gone although grant or secret exist; None where it is not so.

    Only by runbook: over REST the same run makes it anew, before anything else.
    """
    if desired.transport == "rest" or observation is None or observation.exchange.restriction != "absent":
        return None
    if not _opened(desired.mark, last, observation):
        return None
    return " ".join([_what_is_open(desired, observation), *_what_to_do(desired, observation)])


def _opened(mark: str, last: LastOutputs, observation: Observation) -> bool:
    """Tell whether a grant or a secret of this stack exists, by the last outputs or by what the tenant shows."""
    passwords = observation.passwords(last.client_id) or ()
    ours = [one for one in passwords if generation_in(one.display_name, mark) is not None]
    return bool(last.issued_secrets or observation.entra.grants or ours)


def _what_is_open(desired: DesiredState, observation: Observation) -> str:
    if desired.access == "rbac":
        return (
            "Nothing was changed. In Exchange Online the application has no role assignment that keeps it to resource mailboxes: its "
            "displays stand still, or an assignment reaches further than the rooms."
        )
    held = "the grant of Calendars.ReadWrite" if observation.entra.grants else "a client secret"
    return (
        f"Nothing was changed. The application access policy that keeps the application to the rooms is missing in Exchange Online, and "
        f"the application holds {held}: without any policy a grant opens every calendar of the organization."
    )


def _what_to_do(desired: DesiredState, observation: Observation) -> list[str]:
    revoke = [
        remedies.remove_grant(desired.connection, grant.resource_id, grant.id) for grant in observation.entra.grants
    ]
    first = [f"First revoke the grant: {'; '.join(revoke)}"] if revoke else []
    return [
        *first,
        f"{'Then have' if revoke else 'Have'} an Exchange administrator run the runbook {desired.runbook_path}, which this command writes: "
        f"{remedies.write_runbook(desired)}",
        "What differs: "
        + observation.exchange.summary
        + ". Once Exchange shows the restriction again, pulumi up goes on"
        + (", and `pulumi up --refresh` makes the grant anew." if revoke else "."),
    ]


def waiting_message(desired: DesiredState, observation: Observation) -> str:
    """What a person should know while nothing is granted yet."""
    return (
        "Waiting for the restriction: nothing is granted and no secret is issued before Exchange Online shows it. `pulumi up` writes "
        f"{desired.runbook_path} and changes nothing in Exchange; an Exchange administrator runs it, and the next `pulumi up` goes on. It "
        f"does this: {observation.exchange.summary}."
    )


def revision(observation: Observation) -> str:
    """The value that the command resource carries by runbook: it moves exactly when another script has to be written."""
    return f"plan {observation.exchange.digest}"
