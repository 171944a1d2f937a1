"""A simulated tenant as a process of its own on one core, and a client that is quicker than it, on the other.

Owns the process, its times and its memory as Linux counts them (proc(5)), and raw HTTP/1.1 over kept connections.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024


@dataclass(frozen=True)
class Sent:
    """A request as bytes, ready to be sent again and again."""

    host: str
    content: bytes


class Tenant:
    """A running process."""

    def __init__(self, announcement: dict[str, Any], seconds_to_start: float) -> None:
        self.process_id: int = announcement["processId"]
        self.seconds_to_start = seconds_to_start
        self.port: int = announcement["port"]
        self.administrator = json.loads((Path(announcement["stateFolder"]) / "administrator.json").read_text())
        self.tenant_id: str = self.administrator["tenantId"]
        self.certificate_file = Path(announcement["certificateFile"])
        self._context = ssl.create_default_context(cafile=str(self.certificate_file))
        self._control = httpx.Client(base_url=f"http://127.0.0.1:{announcement['controlPort']}", timeout=120)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API, which must agree."""
        answer = self._control.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Close the client."""
        self._control.close()

    def token(self, audience: str) -> str:
        """Return a token of the deployer."""
        body = {"clientId": self.administrator["clientId"], "audience": audience}
        return str(self.control("POST", f"/tenants/{self.tenant_id}/tokens", body)["accessToken"])

    def graph(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """Call Microsoft Graph as the deployer, which must agree."""
        address = f"https://127.0.0.1:{self.port}/v1.0{path}"
        headers = {"Authorization": f"Bearer {self.token('graph')}"}
        answer = httpx.request(method, address, json=body, headers=headers, verify=self._context).raise_for_status()
        return dict(answer.json())

    # -- requests ---------------------------------------------------------------------------------------------------

    def read(self, path: str, token: str | None = None) -> Sent:
        """Return a GET of Microsoft Graph, as the deployer unless another token is given."""
        return self._sent("127.0.0.1", "GET", f"/v1.0{path}", token or self.token("graph"), b"")

    def command(self, name: str, given: dict[str, Any]) -> Sent:
        """Return an InvokeCommand."""
        body = json.dumps(_command(name, given)).encode()
        return self._sent("localhost", "POST", self._exchange_path("InvokeCommand"), self.token("exchange"), body)

    def batch(self, commands: list[tuple[str, dict[str, Any]]]) -> Sent:
        """Return a $batch of commands."""
        token = self.token("exchange")
        url = f"https://localhost:{self.port}{self._exchange_path('InvokeCommand')}"
        headers = {"Authorization": f"Bearer {token}"}
        parts = [
            {"id": str(number), "method": "POST", "url": url, "headers": headers, "body": _command(*command)}
            for number, command in enumerate(commands)
        ]
        body = json.dumps({"requests": parts}).encode()
        return self._sent("localhost", "POST", self._exchange_path("$batch"), token, body)

    def _exchange_path(self, name: str) -> str:
        return f"/adminapi/beta/{self.tenant_id}/{name}"

    def _sent(self, host: str, method: str, path: str, token: str, body: bytes) -> Sent:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{self.port}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return Sent(host, head.encode() + body)

    def send(self, requests: list[Sent], connections: int = 4) -> bytes:
        """Send requests, which all must succeed, over a few connections; returns the last body."""
        return asyncio.run(self._send(requests, connections))

    async def _send(self, requests: list[Sent], connections: int) -> bytes:
        shares = [requests[first::connections] for first in range(connections)]
        bodies = await asyncio.gather(*(self._send_one_by_one(share) for share in shares if share))
        return bodies[-1]

    async def _send_one_by_one(self, requests: list[Sent]) -> bytes:
        host = requests[0].host
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self._context, server_hostname=host)
        body = b""
        for request in requests:
            writer.write(request.content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 2"):
                raise RuntimeError(f"{head.decode()}{body.decode()}")
        writer.close()
        await writer.wait_closed()
        return body

    # -- what it costs ------------------------------------------------------------------------------------------------

    def cpu_seconds(self) -> float:
        """Return the time that the process has computed since it began."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """Return the most memory that the process has held at once."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / MIB


def _command(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": name, "Parameters": given}}


@contextmanager
def running(state_folder: Path) -> Iterator[Tenant]:
    """A tenant that runs until the context is left."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--state-folder", str(state_folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout
        announcement = json.loads(process.stdout.readline())
        tenant = Tenant(announcement, time.perf_counter() - begin)
        try:
            yield tenant
        finally:
            tenant.close()
    finally:
        process.terminate()
        process.wait()
