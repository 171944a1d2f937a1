"""The pictures of the local tenant's page in docs/images: `python -m tests.support.screenshot`, or `make screenshot`.

A tenant in this process is connected by plain calls to its own interfaces, at a fixed moment, and a real Chromium looks at
it, once by day and once by night. The letters are those of this machine's own font.
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from simulator.server import SimulatorServer
from tests.support.browser import MISSING, running_browser
from tests.tenant import connected
from tests.tenant.client import TenantClient
from tools.set_up_browser import find_browser

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH = 1180
ROWS = 3
"""Rows of door displays in the picture."""
PICTURES: dict[str, Literal["light", "dark"]] = {"tenant.png": "light", "tenant-dark.png": "dark"}


def main() -> int:
    """Take both pictures; the exit code is 2 where there is no browser."""
    program = find_browser()
    if program is None:
        sys.stderr.write(f"{MISSING}\n")
        return 2
    with tempfile.TemporaryDirectory() as folder, SimulatorServer(Path(folder)) as server:
        tenant = TenantClient(server)
        connected.connect(tenant)
        connected.meet(tenant)
        tenant.close()
        _take(program, server.control_url)
    return 0


def _take(program: str, address: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_browser(program) as browser:
        for name, scheme in PICTURES.items():
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 900}, color_scheme=scheme, device_scale_factor=1.5
            )
            page.goto(address)
            tops = page.locator(".doors > li").evaluate_all(
                "(rooms) => rooms.map((room) => room.getBoundingClientRect().top)"
            )
            height = sorted(set(tops))[ROWS] - 8
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
            page.screenshot(path=FOLDER / name, clip=clip, full_page=True)  # type: ignore[arg-type]
            sys.stdout.write(f"{FOLDER / name}: {(FOLDER / name).stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    sys.exit(main())
