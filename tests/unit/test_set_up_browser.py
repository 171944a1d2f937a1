"""Whether set-up installs a browser, and what it says where it cannot. Nothing is installed here."""

import pytest

from tools.set_up_browser import PROGRAMS, Machine, decide, find_browser

APT = "/usr/bin/apt-get"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_name_of_chromium_is_found(program: str) -> None:
    assert find_browser({program: f"/opt/{program}"}.get) == f"/opt/{program}"


def test_the_first_name_is_preferred_and_none_is_none() -> None:
    assert find_browser(lambda name: f"/usr/bin/{name}") == "/usr/bin/chromium"
    assert find_browser(lambda _name: None) is None


def test_a_browser_that_is_there_is_left_alone() -> None:
    plan = decide("/usr/bin/chromium", Machine(APT, is_root=True, has_passwordless_sudo=True))
    assert (plan.commands, plan.refusal) == ((), None)


@pytest.mark.parametrize(("is_root", "prefix"), [(True, ()), (False, ("sudo", "--non-interactive"))])
def test_the_lists_of_packages_are_brought_up_to_date_first(is_root: bool, prefix: tuple[str, ...]) -> None:
    plan = decide(None, Machine(APT, is_root=is_root, has_passwordless_sudo=True))
    update, install = plan.commands
    assert update == (*prefix, APT, "update")
    assert install[: len(prefix) + 2] == (*prefix, APT, "install")
    assert "--yes" in install
    assert install[-1] == "chromium"


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (Machine(None, is_root=True, has_passwordless_sudo=True), "no apt-get"),
        (Machine(APT, is_root=False, has_passwordless_sudo=False), "needs root or sudo"),
    ],
)
def test_where_it_cannot_be_installed_one_line_says_why_and_what_follows(machine: Machine, reason: str) -> None:
    plan = decide(None, machine)
    assert plan.commands == ()
    assert plan.refusal is not None
    assert reason in plan.refusal
    assert "are skipped" in plan.refusal
    assert "google-chrome" in plan.refusal
    assert "\n" not in plan.refusal
