"""A machine whose clock is wrong refuses Microsoft's certificates: what is said then, by the words of the real TLS libraries."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import trustme

from microsoft365.connection import CLOUDS, Connection
from microsoft365.errors import NoAccess
from microsoft365.http import Http, make_client
from microsoft365.identity.methods import ClientSecret
from microsoft365.identity.refusals import Refused, problem_of

YEARS = timedelta(days=730)


@contextmanager
def https(folder: Path, begins: datetime, ends: datetime) -> Iterator[tuple[str, Path]]:
    """A host that presents a certificate of that time, whose authority is trusted; yields its address and the bundle."""
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_before=begins, not_after=ends).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        context.wrap_socket(connection, server_side=True).close()
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{listening.getsockname()[1]}", bundle
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        (-2 * YEARS, -YEARS, "has expired, by this machine's clock"),
        (YEARS, 2 * YEARS, "is not valid yet, by this machine's clock"),
    ],
    ids=["the clock is ahead", "the clock is behind"],
)
def test_a_certificate_outside_its_time_names_the_clock(
    tmp_path: Path, begins: timedelta, ends: timedelta, said: str
) -> None:
    now = datetime.now(UTC)
    with https(tmp_path, now + begins, now + ends) as (address, bundle):
        # Graph and Exchange
        client = make_client({"SSL_CERT_FILE": str(bundle)})
        with pytest.raises(NoAccess) as exchange:
            Http(client).send("GET", address, headers={}, what="Get-Mailbox")
        # The login host, whose library is another
        with pytest.raises(requests.exceptions.SSLError) as refused:
            requests.get(address, verify=str(bundle), timeout=10)
    connection = Connection(tenant_id="11111111-1111-1111-1111-111111111111")
    method = ClientSecret("22222222-2222-2222-2222-222222222222", "a secret")
    login = problem_of(Refused(str(refused.value), address, connection, CLOUDS["public"], method))
    assert isinstance(login, NoAccess)
    for problem in (exchange.value, login):
        assert said in str(problem)
        assert "Nothing was sent there" in str(problem)
        assert "SSL_CERT_FILE" not in str(problem)
