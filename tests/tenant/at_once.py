"""Requests at the same time: each on a connection of its own that is open, and secured, before the first is sent."""

import asyncio
import ssl
from collections.abc import Sequence

import httpx

from simulator.server import SimulatorServer

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def send_at_once(server: SimulatorServer, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
    """Return the answers, in the order of the requests."""
    return asyncio.run(_send(server, requests))


async def _send(server: SimulatorServer, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
    context = ssl.create_default_context(cafile=str(server.certificate_file))
    connections = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname=r.url.host) for r in requests)
    )
    for (_, writer), request in zip(connections, requests, strict=True):
        head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n"
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        writer.write(f"{head}{headers}\r\n".encode() + request.content)
    return await asyncio.gather(*(_receive(connection) for connection in connections))


async def _receive(connection: Connection) -> httpx.Response:
    reader, writer = connection
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    answer = httpx.Response(int(status.split()[1]), headers=headers)
    content = await reader.readexactly(int(answer.headers["content-length"]))
    writer.close()
    await writer.wait_closed()
    return httpx.Response(answer.status_code, headers=headers, content=content)
