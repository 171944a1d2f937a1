"""The browser in which the tests look at the local tenant's page: `python -m tools.set_up_browser`.

Owns where Chromium is looked for, and its installation where Debian's apt-get is there and may be used. Nothing but the tests
and the screenshot needs it, so `make demo` does not ask for it, and a machine where it cannot be installed is not refused:
the tests that need it are skipped there, with the line that is printed here, and fail where CI is set.

The exit code is 0, also where there is no browser.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.progress import Progress, SetUpError

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium"  # Debian's name


@dataclass(frozen=True)
class Machine:
    """What there is to install with."""

    apt_get: str | None
    is_root: bool
    has_passwordless_sudo: bool


@dataclass(frozen=True)
class Plan:
    """What to run, one command after another; where nothing can be run, why and what a person can do."""

    commands: tuple[tuple[str, ...], ...] = ()
    refusal: str | None = None


def find_browser(which: Callable[[str], str | None] = shutil.which) -> str | None:
    """Return the Chromium on PATH, or None."""
    return next((path for path in map(which, PROGRAMS) if path), None)


def decide(browser: str | None, machine: Machine) -> Plan:
    """Return what is to be done on a machine where `browser` was found (None: there is none)."""
    if browser:
        return Plan()
    remedy = f"The tests of the local tenant's page are skipped (under CI they fail). Install Chromium or Chrome ({', '.join(PROGRAMS)} on PATH)."
    if not machine.apt_get:
        return Plan(refusal=f"There is no browser, and no apt-get to install one. {remedy}")
    if not machine.is_root and not machine.has_passwordless_sudo:
        return Plan(refusal=f"There is no browser, and installing {PACKAGE} needs root or sudo. {remedy}")
    prefix = () if machine.is_root else ("sudo", "--non-interactive")
    return Plan(
        (
            (*prefix, machine.apt_get, "update"),
            (*prefix, machine.apt_get, "install", "--yes", "--no-install-recommends", PACKAGE),
        )
    )


def look_around() -> Machine:
    """Return what this machine has."""
    sudo = shutil.which("sudo")
    answered = sudo and subprocess.run([sudo, "--non-interactive", "true"], capture_output=True, check=False)
    return Machine(shutil.which("apt-get"), os.geteuid() == 0, bool(answered and answered.returncode == 0))


def main() -> int:
    """Install what is missing, if that is possible."""
    browser = find_browser()
    if browser:
        return 0
    progress = Progress(ROOT / ".local" / "set_up.log")
    plan = decide(browser, look_around())
    if plan.refusal:
        progress.say(plan.refusal)
        return 0
    progress.say(f"Installing {PACKAGE} with apt-get, for the tests that look at the local tenant's page")
    try:
        for command in plan.commands:
            progress.run(
                command,
                doing=f"installing {PACKAGE}",
                folder=ROOT,
                environment=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
    except SetUpError as error:
        progress.say(f"There is no browser, so the tests of the local tenant's page are skipped. {error}")
        return 0
    progress.say(f"{find_browser()} is installed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
