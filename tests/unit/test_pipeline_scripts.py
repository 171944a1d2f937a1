"""What the example pipelines do when a command fails: their own shell scripts, with stand-ins for `pulumi` and scripts/run."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import pipelines
from tests.support.pipelines import Script

STAND_IN = """#!/bin/sh
echo "{name} $1" >> "$CALLS"
variable="EXIT_OF_$(echo "$1" | tr a-z A-Z)"
exit "$(printenv "$variable" || echo 0)"
"""
# Each vendor starts bash in its own way: GitHub with -e, GitLab with -e and pipefail, Azure's task with nothing.
SHELLS = {
    "github.yml": ["bash", "-e"],
    "gitlab-ci.yml": ["bash", "-e", "-o", "pipefail"],
    "azure-pipelines.yml": ["bash"],
}
SCHEDULED = {"CI_PIPELINE_SOURCE": "schedule", "BUILD_REASON": "Schedule"}
MERGED = {"CI_PIPELINE_SOURCE": "push", "BUILD_REASON": "IndividualCI"}


@dataclass
class Ran:
    """How a script ended, what it called in which order, and what it said."""

    code: int
    calls: list[str]
    text: str


Run = Callable[..., Ran]


def script(name: str, containing: str, job: str = "up") -> Script:
    (found,) = [
        each
        for each in pipelines.scripts()
        if each.file == name and each.job.startswith(job) and containing in each.text
    ]
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a script in a folder with the stand-ins; keywords are the exit codes of `preview`, `up` and `secret_status`."""
    for path, name in ((tmp_path / "bin" / "pulumi", "pulumi"), (tmp_path / "scripts" / "run", "scripts/run")):
        path.parent.mkdir()
        path.write_text(STAND_IN.format(name=name))
        path.chmod(0o755)

    def start(wanted: Script, trigger: dict[str, str], **codes: int) -> Ran:
        calls = tmp_path / "calls"
        calls.write_text("")
        environment = {
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(calls),
            "STACK": "prod",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "AGENT_TEMPDIRECTORY": str(tmp_path),
            "AZURESUBSCRIPTION_TENANT_ID": "t",
            "AZURESUBSCRIPTION_CLIENT_ID": "c",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "s",
            **trigger,
            **{f"EXIT_OF_{name.upper()}": str(code) for name, code in codes.items()},
        }
        result = subprocess.run(
            [*SHELLS[wanted.file], "-c", wanted.text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(result.returncode, calls.read_text().splitlines(), result.stdout + result.stderr)

    return start


LOOK = ["pulumi preview"]
REST = ["pulumi up", "scripts/run secret_status"]


@pytest.mark.parametrize("name", ["gitlab-ci.yml", "azure-pipelines.yml"])
@pytest.mark.parametrize(
    ("codes", "calls", "code"),
    [
        ({}, LOOK + REST, 0),
        # Drift is mended, and is no failure.
        ({"preview": 7}, LOOK + REST, 0),
        # What cannot be looked at is not changed either.
        ({"preview": 255}, LOOK, 255),
        # What the secrets need is said also where `up` failed; overdue is a failure of its own.
        ({"secret_status": 8}, LOOK + REST, 8),
        ({"secret_status": 2}, LOOK + REST, 2),
    ],
)
def test_a_scheduled_run(run: Run, name: str, codes: dict[str, int], calls: list[str], code: int) -> None:
    ran = run(script(name, "pulumi up"), SCHEDULED, **codes)
    assert (ran.calls, ran.code) == (calls, code), ran.text
    assert ("differs from what is declared" in ran.text) == (codes.get("preview") == 7)


@pytest.mark.parametrize("name", ["gitlab-ci.yml", "azure-pipelines.yml"])
@pytest.mark.parametrize("up", [1, 4, 7, 255])
@pytest.mark.parametrize("secret_status", [0, 8, 10])
def test_an_up_that_failed_is_a_failure_whatever_the_secrets_need(
    run: Run, name: str, up: int, secret_status: int
) -> None:
    ran = run(script(name, "pulumi up"), MERGED, up=up, secret_status=secret_status)
    assert ran.calls == REST
    # GitLab passes over 10, with a warning; nothing of Pulumi's is that.
    assert ran.code == up


def test_what_is_due_within_60_days_is_a_warning_and_no_failure(run: Run) -> None:
    gitlab = run(script("gitlab-ci.yml", "pulumi up"), MERGED, secret_status=10)
    assert gitlab.code == 10
    assert pipelines.gitlab_jobs()["up"]["allow_failure"] == {"exit_codes": 10}
    azure = run(script("azure-pipelines.yml", "pulumi up"), MERGED, secret_status=10)
    assert azure.code == 0
    assert "type=warning]Something has to be done about the secrets" in azure.text


@pytest.mark.parametrize("name", ["gitlab-ci.yml", "azure-pipelines.yml"])
def test_a_merge_is_brought_up_without_another_look(run: Run, name: str) -> None:
    ran = run(script(name, "pulumi up"), MERGED, preview=7)
    assert (ran.calls, ran.code) == (REST, 0)


@pytest.mark.parametrize(("found", "code", "said"), [(0, 0, False), (7, 0, True), (255, 255, False)])
def test_githubs_look_for_drift(run: Run, found: int, code: int, said: bool) -> None:
    ran = run(script("github.yml", "--expect-no-changes"), SCHEDULED, preview=found)
    assert (ran.calls, ran.code) == (LOOK, code)
    assert ("::warning title=prod::" in ran.text) is said


def test_githubs_steps_run_where_they_should() -> None:
    steps = {step["name"]: step for step in pipelines.github_jobs()["up"]["steps"] if "name" in step}
    assert list(steps) == ["Look for drift", "Up", "State of the secrets"]
    assert steps["Look for drift"]["if"] == "github.event_name != 'push'"
    assert "if" not in steps["Up"]
    assert steps["State of the secrets"]["if"] == "${{ !cancelled() }}"


@pytest.mark.parametrize(("found", "code", "said"), [(0, 0, False), (10, 0, True), (8, 8, False), (2, 2, False)])
def test_githubs_state_of_the_secrets(run: Run, found: int, code: int, said: bool) -> None:
    ran = run(script("github.yml", "secret_status"), SCHEDULED, secret_status=found)
    assert (ran.calls, ran.code) == (["scripts/run secret_status"], code)
    assert ("::warning title=prod::" in ran.text) is said
