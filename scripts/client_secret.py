"""Takes one client secret away from an application: remove.

Reads `{"connection": …, "applicationObjectId": GUID, "keyId": GUID}` as JSON on standard input, signs in by the ARM_*
variables, and prints one JSON document. A secret, or an application, that is gone already is as good. Never sees a
secret's value: Microsoft Graph does not show it. Exit codes: see scripts/ending.py.
"""

import os
from uuid import UUID

import typer
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from microsoft365.connection import Connection
from microsoft365.schema_version import versioned
from scripts.ending import EXIT_CODES_HELP, bad_input, patient, print_json, read_input, told

program = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="One secret.",
    epilog=EXIT_CODES_HELP,
)


class Removal(BaseModel):
    """Which secret of which application."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    connection: Connection
    application_object_id: UUID
    key_id: UUID


@program.callback()
def _group() -> None:
    """Take one client secret away from an application."""


@program.command()
def remove() -> None:
    """Remove it; doing so again is no error."""
    with told():
        text = read_input("which secret to remove")
        try:
            wanted = Removal.model_validate_json(text)
        except ValidationError as error:
            raise bad_input(error, "the secret to remove") from None
        from microsoft365.graph.passwords import naming_what_lives, remove_password
        from microsoft365.session import open_session

        application_id, key_id = str(wanted.application_object_id), str(wanted.key_id)
        with naming_what_lives(application_id, key_id):
            session = open_session(wanted.connection, os.environ, pace=patient())
        removed = remove_password(session.graph, application_id, key_id)
        print_json(versioned({"keyId": key_id, "removed": removed}))


if __name__ == "__main__":
    program(prog_name="scripts/run client_secret")
