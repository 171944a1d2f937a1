"""The demonstration: one `pulumi up` (or `destroy`) of the dev stack against the local tenant.

Run as `scripts/run demo up | destroy`, or `make demo` and `make demo-destroy`. It types the commands that a person would
type, shows each of them, and lets Pulumi show itself. Owns no other way into the project: everything works without it.

Exit codes: those of the commands that it runs; 2 where something is missing on this machine.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

# Not resolved: a scripts/ that is a symbolic link belongs to the project that it is linked into.
PROJECT = Path(__file__).absolute().parent.parent
STACK = "dev"
# By the launcher and not by its Python: a script that is started beside it takes this one's launcher for its own, and stops.
LAUNCHER = "scripts/run"
TENANT = [LAUNCHER, "local_tenant"]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="One connector in the local tenant.")
console = Console(stderr=True, highlight=False)


@app.command()
def up() -> None:
    """Start the local tenant where it does not run, and connect it."""
    _run([*TENANT, "start"])
    environment = _environment()
    _run(["pulumi", "stack", "select", STACK, "--create"], environment, quiet=True)
    _run(["pulumi", "up", "--yes", "--stack", STACK], environment)
    if _last_update_changed_nothing(environment):
        console.print("\n[green]Nothing changed:[/green] the local tenant is as declared.")
    _run([LAUNCHER, "hand_over", "show", "--stack", STACK], environment)
    page = f"http://127.0.0.1:{json.loads(_output([*TENANT, 'status', '--json'], None))['controlPort']}/"
    console.print(
        "\n[bold]What next[/bold]\n"
        f"  {page}                           the tenant as a page: rooms, who is in reach, what hangs beside each door\n"
        '  eval "$(scripts/run local_tenant env)"            plain pulumi in this shell, for example: pulumi preview --diff\n'
        "  scripts/run verify_connector --doors              then, in the same shell: every room answers, and others are refused\n"
        "  scripts/run hand_over show --show-secret          the secret that goes into the ROOMZ Portal, once it is proven closed\n"
        "  README.md                                         the same for a real tenant\n"
        "\n[bold]Clean up[/bold]\n"
        "  make demo-destroy                                 take everything away again and stop the local tenant",
        soft_wrap=True,
    )


@app.command()
def destroy() -> None:
    """Take everything away again and stop the local tenant."""
    _run([*TENANT, "start"])
    environment = _environment()
    _run(["pulumi", "stack", "select", STACK, "--create"], environment, quiet=True)
    _run(["pulumi", "destroy", "--yes", "--stack", STACK], environment)
    _run([*TENANT, "stop"])
    console.print(
        "\n[green]Done.[/green] The local tenant is as it was before, but for the deleted application, which Microsoft keeps for 30 days, "
        "and the rooms' calendar processing, which `roomz:calendarOnRemoval` leaves as it is.",
        soft_wrap=True,
    )


def _environment() -> dict[str, str]:
    """What a shell has after `eval "$(scripts/run local_tenant env)"`."""
    values = _output([*TENANT, "env", "--json"], None)
    return {**os.environ, **json.loads(values)}


def _last_update_changed_nothing(environment: dict[str, str]) -> bool:
    history: list[dict[str, Any]] = json.loads(
        _output(["pulumi", "stack", "history", "--json", "--page-size", "1", "--stack", STACK], environment)
    )
    changes = history[0].get("resourceChanges") or {}
    return set(changes) <= {"same"}


def _output(command: list[str], environment: dict[str, str] | None) -> str:
    result = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- our own commands
    if result.returncode:
        raise typer.Exit(result.returncode)
    return result.stdout


def _run(command: list[str], environment: dict[str, str] | None = None, *, quiet: bool = False) -> None:
    """Run a command as a person would, after showing it; end with its exit code where it fails."""
    if not quiet:
        console.print(f"[bold]$ {' '.join(command)}[/bold]")
    try:
        result = subprocess.run(  # noqa: S603 -- our own commands
            command, cwd=PROJECT, env=environment, check=False, stdout=subprocess.DEVNULL if quiet else None
        )
    except FileNotFoundError:
        console.print(f"{command[0]} is not there. Run: make setup")
        raise typer.Exit(2) from None
    if result.returncode:
        raise typer.Exit(result.returncode)


if __name__ == "__main__":
    app(prog_name="scripts/run demo")
