"""`python -m simulator --state-folder DIR [--port N] [--control-port N]`: one tenant as a process, until SIGTERM.

Prints one line of JSON when it listens.  Ends with 0 after SIGTERM or SIGINT, with 2 when it can't start.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

try:
    from simulator.server import SimulatorServer, allow_many_connections
    from simulator.store import StateError
except ModuleNotFoundError as missing:
    sys.exit(f"The local tenant needs the Python package '{missing.name}', which is not installed. Run: make setup")


def main() -> int:
    """Run until a signal ends it and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A Microsoft 365 tenant on loopback.")
    parser.add_argument("--state-folder", type=Path, required=True, help="where the tenant lives between runs")
    parser.add_argument("--port", type=int, default=0, help="HTTPS: sign-in, Graph and Exchange; 0 is any free port")
    parser.add_argument("--control-port", type=int, default=0, help="HTTP: the control API; 0 is any free port")
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    allow_many_connections()
    try:
        server = SimulatorServer(arguments.state_folder, arguments.port, arguments.control_port)
    except (OSError, StateError) as error:
        sys.stderr.write(f"The local tenant can't start: {error}\n")
        return 2
    with server:
        announcement = {
            "port": server.port,
            "controlPort": server.control_port,
            "certificateFile": str(server.certificate_file),
            "stateFolder": str(server.state_folder),
            "processId": os.getpid(),
        }
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
