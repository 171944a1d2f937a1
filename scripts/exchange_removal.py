"""What `exchange_policy remove` does: takes back what carries the stack's mark, or says how it is taken back.

Owns the choice between the means (over REST, or by a script for an Exchange administrator) and what is said of it. Is no program
of its own; the judgement is microsoft365/exchange/'s.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer
from pydantic import ValidationError

from microsoft365.connection import Connection
from microsoft365.errors import BadInput, GaveUp
from microsoft365.exchange.desired import Access, DesiredState
from microsoft365.pace import Pace
from microsoft365.validation import is_address
from scripts.ending import Told, bad_input, print_json

if TYPE_CHECKING:
    from microsoft365.exchange.ending import Ending
    from microsoft365.exchange.removal_steps import Outcome
    from microsoft365.session import Session

MARK = "roomz:PROJECT/STACK"


def tell(sentences: Iterable[str]) -> None:
    """Tell people on standard error, which Pulumi shows them; standard output goes into the state and nowhere else."""
    for sentence in sentences:
        typer.echo(sentence, err=True)


@dataclass(frozen=True, kw_only=True)
class Retired:
    """Whose retired belongings are ended, as it was typed."""

    mark: str
    access: str
    transport: str
    calendar_on_removal: str
    group: str
    tenant_id: str
    environment: str
    metadata_host: str
    exchange_host: str

    def checked(self) -> Connection:
        """Return the way to the tenant. Raises BadInput for whatever is wrong."""
        if not re.fullmatch(r"roomz:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", self.mark):
            raise BadInput(f"--mark {self.mark!r} is not a mark; it reads {MARK}, for example roomz:roomz/prod")
        if self.access not in ("policy", "rbac"):
            raise BadInput(f"--access {self.access!r} is neither policy nor rbac, as roomz:access says")
        if self.transport not in ("rest", "runbook"):
            raise BadInput(
                f"--transport {self.transport!r} is neither rest nor runbook, as roomz:exchange.transport says"
            )
        if self.calendar_on_removal not in ("keep", "defaults"):
            raise BadInput(f"--calendar-on-removal {self.calendar_on_removal!r} is neither keep nor defaults")
        if self.group and not is_address(self.group):
            raise BadInput(f"--group {self.group!r} is not an e-mail address, which the rooms' group has")
        if not self.tenant_id:
            raise BadInput("no tenant: set ARM_TENANT_ID, or give --tenant-id")
        document = {
            "tenantId": self.tenant_id,
            "environment": self.environment,
            "metadataHost": self.metadata_host or None,
            "exchangeHost": self.exchange_host or None,
        }
        try:
            return Connection.model_validate(document)
        except ValidationError as error:
            raise bad_input(error, "the connection") from None


_LEFT = (
    "Left in Exchange, since tokens that were issued before live on for an hour or more and a deleted application can be restored "
    "for 30 days: {}. To end it, two hours from now or later, once the application is gone for good: {}"
)
_LEFT_TO_A_SCRIPT = (
    "Left in Exchange, where only an Exchange administrator may take it away (roomz:exchange.transport is runbook): {}. Once the "
    "application is gone for good, this writes the script for it: {}"
)


def remove(desired: DesiredState, pace: Pace) -> None:
    """Undo what carries the stack's mark, or retire it; by runbook, say what is left and how it is ended."""
    from microsoft365.exchange.rbac_removal import remove_rbac
    from microsoft365.exchange.removal import remove as remove_policy
    from microsoft365.exchange.removal_steps import refuse_now_elsewhere
    from microsoft365.session import open_session

    refuse_now_elsewhere(desired)
    session = open_session(desired.connection, os.environ, pace=pace)
    session.warm_up()
    if desired.transport == "runbook":
        _leave_to_a_script(desired, session)
        return
    with Told() as reporter:
        undo = remove_rbac if desired.access == "rbac" else remove_policy
        outcome = undo(session.graph, session.exchange, desired, session.now(), reporter, session.pace)
    document = outcome.document()
    if outcome.retired:
        document["command"] = desired.ending_command()
        tell([_LEFT.format("; ".join(outcome.retired), document["command"])])
    tell(outcome.sentences(desired.mark))
    print_json(document)


def _leave_to_a_script(desired: DesiredState, session: "Session") -> None:
    """See that nothing would be open, name what is left, and the command or the script that ends it; change nothing."""
    from microsoft365.exchange.ending import Question, find_ending
    from microsoft365.exchange.runbook_file import RunbookFolder

    now = desired.removal == "now"
    asked = Question(
        mark=desired.mark,
        access=desired.access,
        client_id=desired.application.client_id,
        address=desired.group.primary_smtp_address if desired.group is not None else None,
        defaults=desired.calendar_on_removal == "defaults",
        destroying=True,
        at_once=now,
    )
    with Told() as reporter:
        found, outcome = find_ending(session.graph, session.exchange, asked, session.now(), reporter, session.pace)
    # What it would have done was for an application that is gone.
    RunbookFolder(Path.cwd()).remove(Path(desired.runbook_path).name)
    document = outcome.document()
    if found.is_empty:
        tell(outcome.sentences(desired.mark))
    elif now:
        document["runbook"] = _write(found, desired.connection, desired.mark, desired.access, session)
        tell(outcome.left)
    else:
        document["command"] = desired.ending_command()
        tell([_LEFT_TO_A_SCRIPT.format("; ".join(found.named), document["command"]), *outcome.left])
    print_json(document)


def remove_retired(retired: Retired, pace: Pace) -> None:
    """End what was retired and whose application is gone for good; by runbook, write the script that does."""
    from microsoft365.exchange.rbac_removal import remove_retired_rbac
    from microsoft365.exchange.removal import remove_retired as remove_retired_policy
    from microsoft365.session import open_session

    connection = retired.checked()
    session = open_session(connection, os.environ, pace=pace)
    session.warm_up()
    if retired.transport == "runbook":
        outcome, document = _end_by_a_script(retired, connection, session)
    else:
        with Told() as reporter:
            end = remove_retired_rbac if retired.access == "rbac" else remove_retired_policy
            outcome = end(
                session.graph,
                session.exchange,
                retired.mark,
                retired.group or None,
                session.now(),
                reporter,
                session.pace,
            )
        document = outcome.document()
    tell(outcome.left if "runbook" in document else outcome.sentences(retired.mark))
    print_json(document)
    if outcome.waiting:
        waiting = GaveUp("not everything could be ended yet: " + "; ".join(outcome.waiting))
        waiting.told = True
        raise waiting


def _end_by_a_script(retired: Retired, connection: Connection, session: "Session") -> tuple["Outcome", dict[str, Any]]:
    """Write the script, unless something has to wait."""
    from microsoft365.exchange.ending import Question, find_ending

    access = cast("Access", retired.access)
    asked = Question(
        mark=retired.mark,
        access=access,
        address=retired.group or None,
        defaults=retired.calendar_on_removal == "defaults",
    )
    with Told() as reporter:
        found, outcome = find_ending(session.graph, session.exchange, asked, session.now(), reporter, session.pace)
    document = outcome.document()
    if not outcome.waiting and not found.is_empty:
        document["runbook"] = _write(found, connection, retired.mark, access, session)
    return outcome, document


def _write(found: "Ending", connection: Connection, mark: str, access: Access, session: "Session") -> dict[str, str]:
    from microsoft365.exchange.runbook import ROLES
    from microsoft365.exchange.runbook_file import RunbookFolder
    from microsoft365.exchange.runbook_removal import file_name, render_removal

    script = render_removal(found, connection, mark, access, ROLES, session.now())
    written = RunbookFolder(Path.cwd()).write(file_name(mark), script)
    when = "" if found.not_before is None else f", after {found.not_before:%Y-%m-%d %H:%M} UTC"
    tell(
        [
            f"nothing was changed in Exchange: an Exchange administrator has to run {written.path}{when}; it takes away: "
            f"{'; '.join(found.named)}"
        ]
    )
    return written.document()
