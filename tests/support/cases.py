"""How many cases a property test tries: so many in `make test`, and as many as the profile says where that is more.

`make nightly` runs them by the profile `nightly`, which tests/conftest.py knows.
"""

from hypothesis import settings


def cases(number: int) -> settings:
    """Return hypothesis's settings for a test that is to try so many cases at least."""
    return settings(max_examples=max(number, settings().max_examples), deadline=None)
