"""The listening process: one HTTPS port for Microsoft's interfaces, one plain port for the control API, loopback only.

Owns sockets, threads and the end of both.  `SimulatorServer` is the form for tests; `python -m simulator` uses it too.
"""

import asyncio
import contextlib
import resource
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator import certificate
from simulator.apps import control_app, exchange_app, identity_app
from simulator.front import Front
from simulator.kernel import Simulator

LOOPBACK = "127.0.0.1"
CONNECTIONS_WAITING = 2048


class _Protocol(H11Protocol):
    """HTTP/1.1 that tells the application its transport, so that a fault can reset the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            # An idle client may never answer TLS's farewell; the process does not wait for it.
            self.transport.abort()


class SimulatorServer:
    """A tenant that answers between entering and leaving; port 0 is any free port."""

    def __init__(self, state_folder: Path, port: int = 0, control_port: int = 0) -> None:
        self.state_folder = state_folder.resolve()
        self._sockets = [_listen(port)]
        try:
            self._sockets.append(_listen(control_port))
            self.port, self.control_port = (s.getsockname()[1] for s in self._sockets)
            self.simulator = Simulator(self.state_folder)
            self.simulator.port, self.simulator.control_port = self.port, self.control_port
            self.certificate_file, self._tls = certificate.prepare(self.state_folder)
        except BaseException:
            for each in self._sockets:
                each.close()
            raise
        self.control_url = f"http://{LOOPBACK}:{self.control_port}"
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._servers: list[uvicorn.Server] = []

    @property
    def url(self) -> str:
        """The base of sign-in and Graph."""
        return self.simulator.identity_url

    @property
    def exchange_url(self) -> str:
        """The base of Exchange."""
        return self.simulator.exchange_url

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise RuntimeError("the simulated tenant did not start") from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering and write the state."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join()
        self.simulator.store.save_when_due()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - handed to the thread that waits in __enter__
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        control = control_app(self.simulator)
        front = Front(self.simulator, identity_app(), exchange_app())
        self._servers = [_server(front, self._tls), _server(control, None)]
        writer = asyncio.create_task(self._write_when_due())
        serving = [
            asyncio.create_task(server.serve(sockets=[listening]))
            for server, listening in zip(self._servers, self._sockets, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(task.done() for task in serving):
            await asyncio.sleep(0.005)
        self._ready.set()
        await asyncio.gather(*serving)
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer

    async def _write_when_due(self) -> None:
        while True:
            await asyncio.sleep(self.simulator.store.save_when_due())


def _server(application: ASGIApp, tls: ssl.SSLContext | None) -> uvicorn.Server:
    config = uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=tls is None,
        backlog=CONNECTIONS_WAITING,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=2,
    )
    config.load()
    config.ssl = tls
    return uvicorn.Server(config)


def _listen(port: int) -> socket.socket:
    """Return a listening socket on loopback.

    IPPROTO_TCP is named because asyncio turns Nagle's algorithm off only for sockets that say so; without it each
    request takes 44 ms.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
    except OSError:
        listening.close()
        raise
    return listening


def allow_many_connections() -> None:
    """Let this process hold as many open connections as the system permits (the azuread provider opens one a call)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted: Any = hard if hard != resource.RLIM_INFINITY else 65_536
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, 65_536), hard))
