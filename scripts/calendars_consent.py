"""Takes the grant of Calendars.ReadWrite away from an application: remove.

Reads `{"connection": …, "grant": "/servicePrincipals/RESOURCE/appRoleAssignedTo/ID"}` as JSON on standard input (Pulumi's id of
the app role assignment), signs in by the ARM_* variables, and prints one JSON document. A grant that is gone already is as good.
Exit codes: see scripts/ending.py.
"""

import os
import re

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from microsoft365.connection import Connection
from microsoft365.schema_version import versioned
from scripts.ending import EXIT_CODES_HELP, bad_input, patient, print_json, read_input, told

GRANT = r"^/servicePrincipals/([0-9A-Fa-f-]{36})/appRoleAssignedTo/([A-Za-z0-9_-]+)$"

program = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="One grant.",
    epilog=EXIT_CODES_HELP,
)


class Removal(BaseModel):
    """Which grant."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    connection: Connection
    grant: str = Field(pattern=GRANT)


@program.callback()
def _group() -> None:
    """Take the grant of Calendars.ReadWrite away from an application."""


@program.command()
def remove() -> None:
    """Remove it; doing so again is no error."""
    with told():
        text = read_input("which grant to remove")
        try:
            wanted = Removal.model_validate_json(text)
        except ValidationError as error:
            raise bad_input(error, "the grant to remove") from None
        from microsoft365.graph.grants import remove_grant
        from microsoft365.session import open_session

        session = open_session(wanted.connection, os.environ, pace=patient())
        match = re.match(GRANT, wanted.grant)
        assert match is not None  # noqa: S101  # the model has checked it
        resource_object_id, grant_id = match.groups()
        removed = remove_grant(session.graph, resource_object_id, grant_id)
        print_json(versioned({"grant": wanted.grant, "removed": removed}))


if __name__ == "__main__":
    program(prog_name="scripts/run calendars_consent")
