"""The example pipelines' commands of Pulumi exist, with every option that they use, in the engine that was chosen."""

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.engine.running import engine
from tests.support.pipelines import scripts

USED = sorted({tuple(words) for script in scripts() for words in script.commands if words[0] == "pulumi"})


@cache
def help_of(command: str) -> str:
    folder = engine()["binFolder"]
    program = str(Path(folder) / "pulumi") if folder else "pulumi"
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run([program, command, "--help"], capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("words", USED, ids=" ".join)
def test_pulumi_has_it(words: tuple[str, ...]) -> None:
    _, command, *arguments = words
    described = help_of(command)
    assert f"pulumi {command}" in described
    for argument in arguments:
        if argument.startswith("--"):
            assert f"{argument} " in described, f"pulumi {command} has no {argument}"
