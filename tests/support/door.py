"""A door in front of a simulated tenant: a port that passes everything on, or refuses connections when it is shut.

Owns sockets and threads. For what a test means by "Exchange does not answer at all"; answers of its own are the tenant's faults.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"


class Door:
    """Listens on a port of its own while it is open; it begins open."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = _listen(0)
        self.port: int = self._listening.getsockname()[1]
        self._passing: list[socket.socket] = []
        self._start()

    def __enter__(self) -> Self:
        """Go on being open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End for good."""
        self.shut()

    def shut(self) -> None:
        """Refuse connections from now on, and end those that there are."""
        for each in (self._listening, *self._passing):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._passing.clear()

    def open(self) -> None:
        """Pass connections on again, on the same port."""
        self._listening = _listen(self.port)
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                inner, _ = listening.accept()
            except OSError:
                return
            outer = socket.create_connection((LOOPBACK, self._target))
            self._passing += [inner, outer]
            for source, sink in ((inner, outer), (outer, inner)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((LOOPBACK, port))
    listening.listen(64)
    return listening


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
