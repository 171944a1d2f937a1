"""The example pipelines of docs/pipelines as tests see them: their documents, and every shell script in them.

Owns the way from each vendor's form to one list of scripts. Owns no judgement of them.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pipelines"
NAMES = ("github.yml", "gitlab-ci.yml", "azure-pipelines.yml")


@dataclass(frozen=True)
class Script:
    """What one step of a pipeline runs: in which file and job, under which name, and with which variables of its own."""

    file: str
    job: str
    name: str
    text: str
    environment: dict[str, str]

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line that runs `pulumi` or one of scripts/, up to where the shell takes over again."""
        found = []
        for line in self.text.splitlines():
            words = shlex.split(line, comments=True)
            words = words[1:] if words[:1] == ["exec"] else words
            if words[:1] in (["pulumi"], ["scripts/run"]):
                ends = [index for index, word in enumerate(words) if word in {"||", "&&", "|", ">", ">>", ";"}]
                found.append(words[: min(ends, default=len(words))])
        return found


def document(name: str) -> dict[str, Any]:
    """A pipeline as YAML has it."""
    loaded: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    # `on` of GitHub's is a Boolean to YAML 1.1.
    return {("on" if key is True else str(key)): value for key, value in loaded.items()}


def github_jobs() -> dict[str, dict[str, Any]]:
    """GitHub's jobs by name."""
    jobs: dict[str, dict[str, Any]] = document("github.yml")["jobs"]
    return jobs


def gitlab_jobs() -> dict[str, dict[str, Any]]:
    """GitLab's jobs by name, with what they extend."""
    whole = document("gitlab-ci.yml")
    jobs = {name: value for name, value in whole.items() if isinstance(value, dict) and "extends" in value}
    return {name: {**whole[job["extends"]], **job} for name, job in jobs.items()}


def azure_stages() -> list[dict[str, Any]]:
    """Azure's stages of one stack."""
    (each,) = document("azure-pipelines.yml")["stages"]
    stages: list[dict[str, Any]]
    (stages,) = each.values()
    return stages


def azure_steps(stage: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a stage's one job, be it a deployment or not."""
    (job,) = stage["jobs"]
    steps: list[dict[str, Any]] = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    return steps


def scripts() -> list[Script]:
    """Every shell script of every pipeline."""
    return [*_github(), *_gitlab(), *_azure()]


def _github() -> Iterator[Script]:
    for name, job in github_jobs().items():
        for step in job["steps"]:
            if "run" in step:
                yield Script("github.yml", name, step.get("name", step["run"]), step["run"], step.get("env", {}))


def _gitlab() -> Iterator[Script]:
    for name, job in gitlab_jobs().items():
        for part in ("before_script", "script"):
            yield Script("gitlab-ci.yml", name, part, "\n".join(job[part]), job["variables"])


def _azure() -> Iterator[Script]:
    for stage in azure_stages():
        for step in azure_steps(stage):
            text = step.get("bash") or step.get("inputs", {}).get("inlineScript")
            if text:
                yield Script("azure-pipelines.yml", stage["stage"], step["displayName"], text, step.get("env", {}))
