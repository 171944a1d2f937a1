"""Ends an answer that never does: httpx limits the wait for each piece of a body, and nobody the number of pieces.

Owns the limit on one whole answer. Refuses to own what a lost answer means (http.py).
"""

from collections.abc import Iterator

import httpx

from microsoft365.pace import Pace


class Limited(httpx.SyncByteStream):
    """A body that raises httpx.ReadTimeout once it has taken longer than `seconds` since `begun`."""

    def __init__(self, body: httpx.SyncByteStream, pace: Pace, begun: float, seconds: float) -> None:
        self._body = body
        self._pace = pace
        self._begun = begun
        self._seconds = seconds

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces as they come."""
        for piece in self._body:
            if self._pace.now() - self._begun > self._seconds:
                raise httpx.ReadTimeout(f"the answer had not ended after {round(self._seconds)} s")
            yield piece

    def close(self) -> None:
        """Give the connection back, or close it where the body did not end."""
        self._body.close()
