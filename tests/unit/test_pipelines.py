"""The example pipelines of docs/pipelines: well formed by each vendor's rules, and true to what docs/pipelines.md promises.

What they do when a command fails is tested in test_pipeline_scripts.py; that Pulumi has each command, in tests/engine.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support import pipelines
from tests.support.pipelines import NAMES, Script
from tools.set_up_actionlint import find_actionlint

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS: dict[str, tuple[str, ...]] = {
    "github.yml": ("vendor.github-workflows",),
    "gitlab-ci.yml": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    # Its patterns escape what a regular expression of ECMA's with the flag `u` may not.
    "azure-pipelines.yml": (
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
        "--regex-variant",
        "python",
    ),
}
SCRIPTS = pipelines.scripts()


def named(script: Script) -> str:
    return f"{script.file}-{script.job}-{script.name}"


def with_own_programs() -> dict[str, str]:
    """The environment with shellcheck on PATH, which lies beside this Python."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("name", NAMES)
def test_the_vendors_schema_accepts_it(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS[name]]
    result = subprocess.run([*command, str(pipelines.FOLDER / name)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


def test_actionlint_finds_nothing_in_githubs() -> None:
    program = find_actionlint(os.environ)
    if program is None and os.environ.get("CI", "").lower() != "true":
        pytest.skip("There is no actionlint. `make actionlint` says why, or builds it.")
    assert program is not None, "in CI nobody would notice what is skipped"
    command = [str(program), "-shellcheck", "shellcheck", str(pipelines.FOLDER / "github.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=with_own_programs())
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_shellcheck_finds_nothing(script: Script) -> None:
    result = subprocess.run(
        ["shellcheck", "--shell=bash", "-"],
        input=script.text,
        capture_output=True,
        text=True,
        check=False,
        env=with_own_programs(),
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("script", [each for each in SCRIPTS if "scripts/run" in each.text], ids=named)
def test_every_script_of_ours_exists_with_the_options_that_are_used(script: Script) -> None:
    ours = [words for words in script.commands if words[0] == "scripts/run"]
    assert ours
    for _, name, *arguments in ours:
        module = importlib.import_module(f"scripts.{name}")
        applications = [value for value in vars(module).values() if isinstance(value, typer.Typer)]
        command: Any = typer.main.get_command(applications[0])
        rest = list(arguments)
        while hasattr(command, "commands"):
            command = command.commands[rest.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        used = {argument for argument in rest if argument.startswith("--")}
        assert used <= known, f"{name} has no {used - known}"


def test_what_changes_a_tenant_runs_after_a_merge_one_at_a_time_and_to_its_end() -> None:
    up = pipelines.github_jobs()["up"]
    assert up["if"] == "github.event_name != 'pull_request' && github.ref == 'refs/heads/main'"
    assert up["concurrency"] == {"group": "roomz-up-${{ matrix.stack }}", "cancel-in-progress": False}
    up = pipelines.gitlab_jobs()["up"]
    assert up["rules"] == [{"if": '$CI_PIPELINE_SOURCE != "merge_request_event"'}]
    assert (up["resource_group"], up["interruptible"]) == ("roomz-up-$STACK", False)
    workflow = pipelines.document("gitlab-ci.yml")["workflow"]
    assert workflow["auto_cancel"] == {"on_new_commit": "none"}
    assert {rule["if"] for rule in workflow["rules"]} == {
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    }
    _, stage = pipelines.azure_stages()
    assert "ne(variables['Build.Reason'], 'PullRequest')" in stage["condition"]
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in stage["condition"]
    assert stage["lockBehavior"] == "sequential"
    (job,) = stage["jobs"]
    assert job["environment"], "the exclusive lock is a check of the environment"


def test_previews_change_nothing_and_sign_in_as_somebody_else() -> None:
    for script in SCRIPTS:
        if script.job.startswith("preview"):
            assert {words[1] for words in script.commands} <= {"install", "preview"}
    jobs = pipelines.github_jobs()
    assert jobs["preview"]["environment"] == f"{jobs['up']['environment']}-preview"
    assert "head.repo.full_name == github.repository" in jobs["preview"]["if"]
    gitlab = pipelines.gitlab_jobs()
    assert gitlab["preview"]["environment"]["name"] == f"{gitlab['up']['environment']['name']}-preview"
    assert gitlab["preview"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    preview, up = (
        next(step["inputs"]["azureSubscription"] for step in pipelines.azure_steps(stage) if "AzureCLI" in str(step))
        for stage in pipelines.azure_stages()
    )
    assert preview == f"{up}-preview"


@pytest.mark.parametrize("name", NAMES)
def test_a_day_begins_with_a_look_for_drift_and_ends_with_the_state_of_the_secrets(name: str) -> None:
    words = [
        command[:2] + [word for word in command if word == "--expect-no-changes"]
        for script in SCRIPTS
        if script.file == name and script.job.startswith("up")
        for command in script.commands
    ]
    assert words == [
        ["pulumi", "install"],
        ["pulumi", "preview", "--expect-no-changes"],
        ["pulumi", "up"],
        ["scripts/run", "secret_status"],
    ]


def test_a_schedule_is_there_where_the_file_holds_it() -> None:
    github, azure = pipelines.document("github.yml"), pipelines.document("azure-pipelines.yml")
    assert [schedule["cron"] for schedule in github["on"]["schedule"]] == ["17 4 * * *"]
    assert [(each["cron"], each["always"]) for each in azure["schedules"]] == [("17 4 * * *", "true")]
    assert "schedule" in (pipelines.FOLDER / "gitlab-ci.yml").read_text()


def test_nobody_is_given_more_than_is_needed() -> None:
    assert pipelines.document("github.yml")["permissions"] == {}
    for job in pipelines.github_jobs().values():
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
        checkouts = [step for step in job["steps"] if "actions/checkout" in step.get("uses", "")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
        # What is installed runs code of others, and is given no secret.
        for step in job["steps"]:
            if "uses" in step or "install" in step["run"]:
                assert "secrets." not in json.dumps(step)
        assert "secrets." not in json.dumps({key: value for key, value in job.items() if key != "steps"})
    assert "secrets." not in json.dumps(pipelines.document("github.yml")["env"])
    for script in SCRIPTS:
        if script.file != "gitlab-ci.yml" and "pulumi install" in script.text:
            assert script.environment == {}, named(script)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_of_the_deployers_is_asked_for(name: str) -> None:
    text = (pipelines.FOLDER / name).read_text()
    assert re.search(r'ARM_USE_OIDC"?: "true"', text)
    assert "ARM_CLIENT_SECRET" not in text
    assert "ARM_CLIENT_CERTIFICATE" not in text


def test_everything_that_others_publish_is_pinned() -> None:
    versions = json.loads((ROOT / "tools" / "engine" / "versions.json").read_text())
    text = {name: (pipelines.FOLDER / name).read_text() for name in NAMES}
    uses = re.findall(r"uses: (\S+)(.*)", text["github.yml"])
    assert len(uses) == 6
    for action, comment in uses:
        assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", action), action
        assert re.match(r" # v\d+\.\d+\.\d+", comment), f"{action} does not say which version it is"
    assert f"PULUMI_VERSION: {versions['pulumi']}" in text["github.yml"]
    assert f":{versions['pulumi']} " in text["gitlab-ci.yml"]
    assert {"name": "PULUMI_VERSION", "value": versions["pulumi"]} in pipelines.document("azure-pipelines.yml")[
        "variables"
    ]
    assert "sha256sum --check --strict" in text["azure-pipelines.yml"]
    for name in NAMES:
        assert "latest" not in text[name], name


@pytest.mark.parametrize("name", NAMES)
def test_another_tenant_is_one_more_word(name: str) -> None:
    text = (pipelines.FOLDER / name).read_text()
    assert set(re.findall(r"(?:stack|STACK|default): \[(.*?)\]", text)) == {"prod"}
    code = re.sub(r"#.*", "", text)
    assert len(re.findall(r"\bprod\b", code)) == len(re.findall(r"\[prod\]", code))


def test_azure_leaves_no_variable_unset() -> None:
    """It hands $(NAME) on as it stands where there is no such variable."""
    predefined = {"System.OidcRequestUri", "System.AccessToken"}
    declared = {each["name"] for each in pipelines.document("azure-pipelines.yml")["variables"]}
    for script in SCRIPTS:
        if script.file == "azure-pipelines.yml":
            used = set(re.findall(r"\$\(([\w.]+)\)", json.dumps(script.environment)))
            assert used <= predefined | declared, named(script)
