"""A Pulumi project in a temporary folder, run by the engine that set-up chose.

Owns how these tests start `pulumi`: file backend, home and project of their own, the plug-ins that `.local/engine.json`
names. Refuses to know the product: its end-to-end tests have their own support.
"""

import json
import os
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 60


def engine() -> dict[str, Any]:
    """Return the content of `.local/engine.json`; a test that needs it fails with the remedy where it is missing."""
    file = CHECKOUT / ".local" / "engine.json"
    assert file.exists(), "there is no engine yet: run `python3 tools/set_up.py`"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


@dataclass(frozen=True)
class Project:
    """One project with one stack, `dev`. Commands run in `folder` and may write files there."""

    folder: Path
    environment: Mapping[str, str]
    program: Path = field(init=False)

    def __post_init__(self) -> None:
        """Derive the program's path."""
        object.__setattr__(self, "program", self.folder / "__main__.py")

    def write(self, program: str) -> None:
        """Make `program` (indented as it likes) the project's program, after the imports that each needs."""
        imports = "import pulumi\nfrom pulumi import ResourceOptions\nfrom pulumi_command import local\n"
        self.program.write_text(imports + textwrap.dedent(program), encoding="utf-8")

    def run(self, *arguments: str, limit_seconds: float = LIMIT_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` to whatever end it takes; `stdout` is all that it printed."""
        bin_folder = engine()["binFolder"]
        return subprocess.run(
            [str(Path(bin_folder) / "pulumi") if bin_folder else "pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_seconds,
            check=False,
        )

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Run `pulumi` and return all that it printed; it must succeed, or not succeed if `fails`."""
        done = self.run(*arguments)
        assert (done.returncode != 0) is fails, f"exit code {done.returncode}:\n{done.stdout}"
        return done.stdout

    def up(self, program: str | None = None, *options: str, fails: bool = False) -> str:
        """Run `pulumi up`, of `program` if given."""
        if program is not None:
            self.write(program)
        return self.pulumi("up", "--yes", "--skip-preview", *options, fails=fails)

    def destroy(self, *options: str, fails: bool = False) -> str:
        """Run `pulumi destroy`."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *options, fails=fails)

    def state(self) -> dict[str, dict[str, Any]]:
        """Return what the state holds of each resource, by its name."""
        resources = json.loads(self.pulumi("stack", "export"))["deployment"].get("resources") or []
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def log(self, name: str = "log") -> list[str]:
        """Return the lines that commands appended to the file `name`, and take it away."""
        file = self.folder / name
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines


def new_project(folder: Path, further: Mapping[str, str] | None = None, *, runtime: str | None = None) -> Project:
    """Make a project below `folder`, with an empty stack; `further` joins the environment, `runtime` is the YAML of that key."""
    project_folder = folder / "project"
    home = folder / "home"
    state = folder / "state"
    for each in (project_folder, home, state):
        each.mkdir()
    if engine()["pluginsFolder"]:
        (home / "plugins").symlink_to(engine()["pluginsFolder"])
    if runtime is None:
        runtime = f"{{name: python, options: {{toolchain: pip, virtualenv: {CHECKOUT / '.venv'}}}}}"
    (project_folder / "Pulumi.yaml").write_text(f"name: contract\nruntime: {runtime}\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ARM_"))} | {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "FROM_THE_ENGINE": "inherited",
        **(further or {}),
    }
    project = Project(project_folder, environment)
    project.pulumi("stack", "init", "dev")
    return project
