"""The hand-over: what a person types into the ROOMZ Portal, which has no interface for programs.

Run as `scripts/run hand_over show [--stack NAME]`. Prints the connector's sheet from the stack's outputs, in the order of ROOMZ's
form, on standard output; the secret is masked, always. Owns no reading of the tenant and no verification.

Exit codes: 0 printed, 2 no such stack or no outputs yet.
"""

import json
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from microsoft365.documents import versioned

# Not resolved: a scripts/ that is a symbolic link belongs to the project that it is linked into.
PROJECT = Path(__file__).absolute().parent.parent
MASKED = "••••••••"

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What goes into the ROOMZ Portal.")


@app.callback()
def _commands() -> None:
    """What goes into the ROOMZ Portal."""


@app.command()
def show(
    stack: Annotated[str | None, typer.Option(help="The stack; default: the selected one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a pipeline; without the secret as well.")] = False,  # noqa: FBT002
) -> None:
    """Print the connector's sheet, the secret masked."""
    outputs = _outputs(stack)
    if as_json:
        sheet = {"connector": outputs["connector"], "handOver": outputs["handOver"]}
        typer.echo(json.dumps(versioned(sheet), indent=2))
        return
    console = Console(highlight=False)
    # In a file or a pipe nothing says how wide a line may be, and an id that is folded cannot be copied.
    Console(highlight=False, width=None if console.is_terminal else 120).print(_sheet(outputs))
    typer.echo(
        "The secret's value: pulumi stack output clientSecret --show-secrets" + (f" --stack {stack}" if stack else "")
    )


def _outputs(stack: str | None) -> dict[str, Any]:
    command = ["pulumi", "stack", "output", "--json", *(["--stack", stack] if stack else [])]
    try:
        result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    except FileNotFoundError:
        typer.echo(
            'pulumi is not on PATH. Install it, or on the local tenant: eval "$(scripts/run local_tenant env)"',
            err=True,
        )
        raise typer.Exit(2) from None
    if result.returncode:
        typer.echo(result.stderr.strip(), err=True)
        raise typer.Exit(2)
    outputs: dict[str, Any] = json.loads(result.stdout)
    if "connector" not in outputs:
        typer.echo("The stack has no outputs yet. Run: pulumi up", err=True)
        raise typer.Exit(2)
    return outputs


def _sheet(outputs: dict[str, Any]) -> Table:
    """The rows stand in the order of ROOMZ's form: Friendly Name, the three values, then the options."""
    connector, hand_over, rooms = outputs["connector"], outputs["handOver"], outputs["rooms"]
    generation = int(outputs["secretGeneration"])
    table = Table(title="ROOMZ Portal > Add Booking System > Microsoft 365", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("Friendly Name", connector["friendlyName"]),
        ("Tenant ID", connector["tenantId"]),
        ("Client ID", connector["clientId"]),
        ("Client Secret", MASKED),
        ("", f"generation {generation}, ends on {outputs['secretExpiresOn']}; the Value, not the Secret ID"),
        ("Show image in attachments", _switch(on=connector["showImageInAttachments"])),
        ("Instant booking with online meeting", _switch(on=connector["instantOnlineMeetings"])),
        ("Rooms in reach", f"{int(rooms['inReach'])} of {int(rooms['number'])}"),
        ("Hand-over", hand_over["status"] + (f" until {hand_over['by']}" if "by" in hand_over else "")),
    ]
    for name, value in rows:
        table.add_row(name, value)
    return table


def _switch(*, on: bool) -> str:
    return "on" if on else "off"


if __name__ == "__main__":
    app()
