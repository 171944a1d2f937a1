"""A stack in a working copy of its own, run by the real engine against a simulated tenant.

Owns the folder, the stack file, the environment and the calls of `pulumi`. Owns no assertion.
"""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

from simulator.server import SimulatorServer
from tests.support import state_file
from tests.support.tenant import Tenant

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("components", "microsoft365", "scripts", "__main__.py", "requirements.txt", ".venv")
PASSPHRASE = "the-passphrase-of-the-state"
PATIENCE = 300.0
"""Seconds that one call of pulumi may take."""


@dataclass
class Result:
    """What one call of pulumi said, both streams together, and how it ended."""

    code: int
    text: str
    seconds: float


@dataclass
class Stack:
    """A stack named `name` in `folder`."""

    folder: Path
    tenant: Tenant
    server: SimulatorServer
    name: str = "test"
    configuration: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    deployer: dict[str, str] | None = None
    """The variables that sign in; None for the tenant's administrator by client secret."""

    @classmethod
    def create(cls, folder: Path, server: SimulatorServer, tenant: Tenant, **configuration: Any) -> "Stack":
        """Make the working copy, the stack file and the stack; `configuration` are keys of `roomz:` (None takes one out)."""
        stack = cls.prepare(folder, server, tenant)
        stack.configure(**configuration)
        stack.pulumi("stack", "init", stack.name)
        return stack

    @classmethod
    def prepare(cls, folder: Path, server: SimulatorServer, tenant: Tenant) -> "Stack":
        """Make the working copy alone, with the configuration that tests begin with in memory."""
        folder.mkdir(parents=True)
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        stack = cls(folder, tenant, server)
        stack.configuration = {
            "azuread:tenantId": tenant.id,
            "azuread:metadataHost": f"127.0.0.1:{server.port}",
            "roomz:access": "policy",
            "roomz:endpoints": {"exchange": f"localhost:{server.port}"},
            "roomz:group": {"primarySmtpAddress": f"RoomzResources@{tenant.domain}"},
            "roomz:calendar": "titles",
            "roomz:protect": False,
            "roomz:removal": "now",
        }
        (folder / "home").mkdir()
        plugins = stack.engine().get("pluginsFolder")
        if plugins:
            (folder / "home" / "plugins").symlink_to(plugins)
        (folder / "state").mkdir()
        return stack

    @staticmethod
    def engine() -> dict[str, Any]:
        """What `make setup` found or built."""
        engine: dict[str, Any] = json.loads((ROOT / ".local" / "engine.json").read_text())
        return engine

    def configure(self, **keys: Any) -> None:
        """Write keys of `roomz:` (or `namespace__key`) into the stack file; None takes one out."""
        for key, value in keys.items():
            full_name = key.replace("__", ":") if "__" in key else f"roomz:{key}"
            if value is None:
                self.configuration.pop(full_name, None)
            else:
                self.configuration[full_name] = value
        path = self.folder / f"Pulumi.{self.name}.yaml"
        document = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**document, "config": self.configuration}, sort_keys=False))

    def read_configuration(self) -> None:
        """Take over what a program wrote into the stack file."""
        self.configuration = yaml.safe_load((self.folder / f"Pulumi.{self.name}.yaml").read_text())["config"]

    def configure_and_fail(self, **keys: Any) -> Result:
        """Write keys, see `up` refuse them, and take them out again."""
        before = dict(self.configuration)
        self.configure(**keys)
        result = self.up(expect=None)
        if result.code == 0:
            raise AssertionError(f"{keys} were accepted:\n{result.text}")
        self.configuration = before
        self.configure()
        return result

    def environment(self) -> dict[str, str]:
        """The environment of pulumi: nothing of this machine's own but where programs are, and what tests/conftest.py asks of Go."""
        engine = self.engine()
        folders = [engine.get("binFolder"), os.environ["PATH"]]
        return {
            "PATH": os.pathsep.join(folder for folder in folders if folder),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PULUMI_HOME": str(self.folder / "home")
            if engine.get("pluginsFolder")
            else os.environ.get("PULUMI_HOME", str(Path.home() / ".pulumi")),
            "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **{name: os.environ[name] for name in ("GOGC",) if name in os.environ},
            "SSL_CERT_FILE": str(self.server.certificate_file),
            "REQUESTS_CA_BUNDLE": str(self.server.certificate_file),
            **(self.tenant.deployer_environment() if self.deployer is None else self.deployer),
        }

    def start(self, *arguments: str, output: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start pulumi and leave it running. Into a file as `output` it can be read while what pulumi started lives on."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pulumi(self, *arguments: str, expect: int | None = 0) -> Result:
        """Run pulumi to its end. `expect` is the exit code that it must have; None takes any."""
        began = time.monotonic()
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=PATIENCE)
        self.said.append(text)
        result = Result(process.returncode, text, time.monotonic() - began)
        if expect is not None and result.code != expect:
            raise AssertionError(f"pulumi {' '.join(arguments)} ended with {result.code}, not {expect}:\n{text}")
        return result

    def type(self, *lines: str, expect: int | None = 0) -> Result:
        """Run lines of a page in a shell, one after another as a person does, who says yes; the result is the last one's."""
        result = Result(0, "", 0)
        for line in lines:
            began = time.monotonic()
            process = subprocess.run(
                ["sh", "-c", line],
                cwd=self.folder,
                env={**self.environment(), "PULUMI_SKIP_CONFIRMATIONS": "true", "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            self.said.append(process.stdout)
            result = Result(process.returncode, process.stdout, time.monotonic() - began)
            wanted = expect if line == lines[-1] else 0
            if wanted is not None and result.code != wanted:
                raise AssertionError(f"{line!r} ended with {result.code}, not {wanted}:\n{result.text}")
        self.read_configuration()
        return result

    def up(self, *arguments: str, expect: int | None = 0) -> Result:
        """`pulumi up`, without the preview before it."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, expect=expect)

    def preview(self, *arguments: str, expect: int | None = 0) -> Result:
        """`pulumi preview`."""
        return self.pulumi("preview", *arguments, expect=expect)

    def destroy(self, *arguments: str, expect: int | None = 0) -> Result:
        """`pulumi destroy`, without the preview before it."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, expect=expect)

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs."""
        if not secrets:
            return state_file.outputs(self.folder / "state", self.name)
        result = self.pulumi("stack", "output", "--json", "--show-secrets")
        self.said.pop()  # Asked for by name: not what must stay silent.
        outputs: dict[str, Any] = json.loads(result.text)
        return outputs

    def changes(self) -> dict[str, int]:
        """What the last update did: operation to number of resources, `same` left out."""
        update = state_file.last_update(self.folder / "state", self.name)
        return {kind: count for kind, count in (update.get("resourceChanges") or {}).items() if kind != "same"}

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources of the state, by name; secrets stay encrypted."""
        found = state_file.resources(self.folder / "state", self.name)
        return {resource["urn"].rsplit("::", 1)[-1]: resource for resource in found}

    def urn(self, name: str) -> str:
        """The URN of a resource of the state."""
        urn: str = self.resources()[name]["urn"]
        return urn

    def state_files(self) -> str:
        """Everything that the backend holds, backups and history too, as one text."""
        return "\n".join(path.read_text() for path in sorted((self.folder / "state").rglob("*")) if path.is_file())

    def script(self, name: str, *arguments: str, stdin: str | None = None, expect: int | None = 0) -> Result:
        """Run one of scripts/ as a person would."""
        began = time.monotonic()
        process = subprocess.run(
            ["scripts/run", name, *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        text = process.stdout + process.stderr
        self.said.append(text)
        if expect is not None and process.returncode != expect:
            raise AssertionError(f"scripts/run {name} ended with {process.returncode}, not {expect}:\n{text}")
        return Result(process.returncode, text, time.monotonic() - began)
