"""Start, look at and stop the local tenant: a simulated Microsoft 365 on this machine.

Run as `scripts/run local_tenant start | status | stop | reset | env`.  The tenant itself is the package
`simulator`; this program only starts it as a process of its own and talks to its control API.

Exit codes: 0 done (also: it runs already, it does not run any more), 1 it does not run (`status`, `reset`, `env`),
2 bad input or something missing on this machine, 4 a port is taken by something else, 5 it did not answer in time.
"""

import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any, NoReturn

try:
    import typer
except ModuleNotFoundError:
    sys.exit("The local tenant needs the Python package 'typer', which is not installed. Run: make setup")

PROJECT = Path(__file__).resolve().parent.parent
STATE_FOLDER = Path(".local/tenant")
PORT = 18543
CONTROL_PORT = 18544
PATIENCE = 30.0
"""Seconds that a start or an end may take."""

PASSING = 10.0
"""Seconds to wait for a port that is taken although nobody listens on it."""

NOT_RUNNING, BAD_INPUT, PORT_TAKEN, TOO_LATE = 1, 2, 4, 5

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The local tenant: a simulated Microsoft 365.",
)

StateFolder = Annotated[Path, typer.Option(help="Where the tenant lives between runs; relative to the project.")]


@app.command()
def start(
    port: Annotated[int, typer.Option(min=1, max=65535, help="HTTPS: sign-in, Graph and Exchange.")] = PORT,
    control_port: Annotated[int, typer.Option(min=1, max=65535, help="HTTP: the control API.")] = CONTROL_PORT,
    state_folder: StateFolder = STATE_FOLDER,
) -> None:
    """Start the tenant, unless it runs already."""
    folder = _folder(state_folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "start.lock").open("w") as lock:
        # Two starts at once: the second waits, and then finds the tenant running.
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = _running(folder) or _found_again(folder, control_port)
        if running:
            where = f"https://127.0.0.1:{running['port']} (control {running['controlPort']})"
            _say(f"The local tenant runs already: {where}.")
            return
        _refuse_strangers(folder, port, control_port)
        _launch(folder, port, control_port)
    _say(
        f"The local tenant answers: sign-in and Graph at https://127.0.0.1:{port}, Exchange at https://localhost:{port},"
    )
    _say(f"control and the page to look at it at http://127.0.0.1:{control_port}/; its state is in {folder}.")


@app.command()
def status(
    state_folder: StateFolder = STATE_FOLDER,
    as_json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Say whether the tenant runs and what it holds."""
    folder = _folder(state_folder)
    running = _running(folder)
    if as_json:
        typer.echo(json.dumps({"running": bool(running), **(running or {})}, indent=2))
    elif running:
        _say(f"The local tenant runs: https://127.0.0.1:{running['port']}, process {running['processId']}.")
        for tenant in running["status"]["tenants"]:
            text = f"{tenant['rooms']} rooms, {tenant['applications']} applications, {tenant['policies']} policies"
            _say(f"  {tenant['displayName']} ({tenant['domain']}, {tenant['id']}): {text}, its clock {tenant['now']}.")
    else:
        _say("The local tenant does not run. Start it with: scripts/run local_tenant start")
    if not running:
        raise typer.Exit(NOT_RUNNING)


@app.command()
def stop(state_folder: StateFolder = STATE_FOLDER) -> None:
    """Stop the tenant; its state stays."""
    folder = _folder(state_folder)
    running = _running(folder)
    if not running:
        _say("The local tenant does not run.")
        return
    os.kill(running["processId"], signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while _alive(running["processId"]):
        if time.monotonic() > deadline:
            _fail(f"Process {running['processId']} did not end within {PATIENCE:.0f} s.", TOO_LATE)
        time.sleep(0.05)
    (folder / "process.json").unlink(missing_ok=True)
    _say(f"The local tenant has stopped; its state stays in {folder}.")


@app.command()
def reset(state_folder: StateFolder = STATE_FOLDER) -> None:
    """Begin anew with the default company; the administrator's credentials stay."""
    running = _need_running(_folder(state_folder))
    _control(running["controlPort"], "POST", "/reset")
    _say("The local tenant is as it was on its first day.")


@app.command()
def env(
    state_folder: StateFolder = STATE_FOLDER,
    as_json: Annotated[bool, typer.Option("--json")] = False,  # noqa: FBT002
) -> None:
    """Print what plain `pulumi` needs on the dev stack: eval "$(scripts/run local_tenant env)"."""
    folder = _folder(state_folder)
    running = _need_running(folder)
    values = _environment(folder, Path(running["certificateFile"]))
    if as_json:
        typer.echo(json.dumps(values, indent=2))
    else:
        for name, value in values.items():
            typer.echo(f"export {name}={shlex.quote(value)}")


def _launch(folder: Path, port: int, control_port: int) -> None:
    """Start the process and wait until it answers, or end with what it said."""
    command = [sys.executable, "-m", "simulator", "--state-folder", str(folder)]
    command += ["--port", str(port), "--control-port", str(control_port)]
    announcement, log = folder / "process.json", folder / "process.log"
    _say("Starting the local tenant ...")
    with announcement.open("wb") as output, log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module with our own arguments
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
        )
    deadline = time.monotonic() + PATIENCE
    while _running(folder) is None:
        if process.poll() is not None:
            announcement.unlink(missing_ok=True)
            _fail(log.read_text().strip() or "The local tenant ended at once, without a word.", BAD_INPUT)
        if time.monotonic() > deadline:
            process.terminate()
            _fail(f"The local tenant did not answer within {PATIENCE:.0f} s. What it said: {log}", TOO_LATE)
        time.sleep(0.05)


def _found_again(folder: Path, control_port: int) -> dict[str, Any] | None:
    """Return the running tenant of this folder whose announcement was lost, and write that anew."""
    answer = _ask(control_port)
    if answer is None or answer.get("stateFolder") != str(folder):
        return None
    names = ("port", "certificateFile", "stateFolder", "processId")
    if any(name not in answer for name in names):
        return None
    announced = {**{name: answer[name] for name in names}, "controlPort": control_port}
    (folder / "process.json").write_text(json.dumps(announced))
    return {**announced, "status": answer}


_OTHER_IDENTITIES = (
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID_FILE_PATH",
    "ARM_CLIENT_SECRET_FILE_PATH",
    "ARM_OIDC_TOKEN_FILE_PATH",
)


def _environment(folder: Path, certificate: Path) -> dict[str, str]:
    engine_file = PROJECT / ".local" / "engine.json"
    try:
        engine = json.loads(engine_file.read_text())
        administrator = json.loads((folder / "administrator.json").read_text())
    except FileNotFoundError as missing:
        _fail(f"{missing.filename} is missing. Run: make setup", BAD_INPUT)
    except ValueError:
        _fail(f"{engine_file} is no JSON. Delete it and run: make setup", BAD_INPUT)
    state = PROJECT / ".local" / "state"
    state.mkdir(parents=True, exist_ok=True)
    folders = [str(PROJECT / ".venv" / "bin"), engine.get("binFolder"), os.environ.get("PATH", os.defpath)]
    values = {
        "ARM_TENANT_ID": administrator["tenantId"],
        "ARM_CLIENT_ID": administrator["clientId"],
        "ARM_CLIENT_SECRET": administrator["clientSecret"],
        "SSL_CERT_FILE": str(certificate),
        "REQUESTS_CA_BUNDLE": str(certificate),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "local-tenant",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": os.pathsep.join(part for part in folders if part),
    }
    # What would count before the secret, or contradict it: this shell may belong to somebody with a real tenant.
    values |= {name: "" for name in _OTHER_IDENTITIES if os.environ.get(name)}
    if engine.get("pulumiHome"):
        values["PULUMI_HOME"] = engine["pulumiHome"]
    return values


def _folder(state_folder: Path) -> Path:
    return (PROJECT / state_folder).resolve()


def _running(folder: Path) -> dict[str, Any] | None:
    """Return what the running tenant of this folder announced, with its status; None when it does not answer."""
    try:
        announced: dict[str, Any] = json.loads((folder / "process.json").read_text())
    except (OSError, ValueError):
        return None
    if not _alive(announced["processId"]):
        return None
    answer = _ask(announced["controlPort"])
    if answer is None or answer.get("stateFolder") != str(folder):
        return None
    return {**announced, "processId": answer.get("processId", announced["processId"]), "status": answer}


def _need_running(folder: Path) -> dict[str, Any]:
    running = _running(folder)
    if running is None:
        _fail("The local tenant does not run. Start it with: scripts/run local_tenant start", NOT_RUNNING)
    return running


def _refuse_strangers(folder: Path, port: int, control_port: int) -> None:
    """End with one clear line when a port is taken, naming whose it is as far as that can be told."""
    other = _ask(control_port)
    remedy = "choose other ports with --port and --control-port (make demo, the dev stack and `env` expect these)"
    if other and other.get("stateFolder") and other["stateFolder"] != str(folder):
        whose = Path(other["stateFolder"])
        _fail(
            f"Port {control_port} belongs to the local tenant of {whose}. Stop that one with "
            f"`scripts/run local_tenant stop` in its checkout, or: {remedy}.",
            PORT_TAKEN,
        )
    for number in (port, control_port):
        reason = _taken(number)
        deadline = time.monotonic() + PASSING
        while reason and not _listened_on(number) and time.monotonic() < deadline:
            # Some program's outgoing connection holds the number for the moment.
            time.sleep(0.2)
            reason = _taken(number)
        if reason:
            _fail(f"Port {number} is taken by another program ({reason}). {remedy}.", PORT_TAKEN)


def _taken(port: int) -> str | None:
    """Return why a port can't be listened on, None when it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror
    return None


def _listened_on(port: int) -> bool:
    """Tell whether a program listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def _ask(control_port: int) -> dict[str, Any] | None:
    """Return the status that a control API answers; None when nothing, or something else, listens there."""
    try:
        answer = _control(control_port, "GET", "/status")
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _control(control_port: int, method: str, path: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{control_port}{path}", method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def _alive(process_id: int) -> bool:
    """Tell whether a process lives; one that has ended and was not waited for does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _fail(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="scripts/run local_tenant")
