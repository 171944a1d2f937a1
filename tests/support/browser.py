"""A real Chromium for the tests of the local tenant's page and for the screenshot: headless, and cut off from any network.

Owns how it is found and started. Refuses to own what is looked at.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools.set_up_browser import PROGRAMS

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
MISSING = f"There is no browser: none of {', '.join(PROGRAMS)} is on PATH. `make browser` says why, or installs one."


def is_required() -> bool:
    """Whether a missing browser is a failure: in CI nobody would notice what is skipped."""
    return os.environ.get("CI", "").lower() == "true"


@contextmanager
def running_browser(program: str) -> Iterator[Browser]:
    """Start a browser, and end it.

    Playwright's loop belongs to the thread while the browser runs, so no test may run an asyncio loop of its own there.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
