"""The real azuread provider against a simulated tenant: a project of its own, and what state and tenant hold of it.

Owns the stack's configuration.  Refuses to know the product: what is declared is
`program.py` beside this file; what runs it is `tests/engine/running.py`, and what compares the two sides `tests/support/holdings.py`.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from simulator.server import SimulatorServer
from tests.engine.running import Project, new_project
from tests.support.holdings import Holdings, of_resources, of_snapshot
from tests.support.tenant import Tenant

EVERYTHING = ("application", "principal", "grant", "password")
NAME = "Provider test"
ENDS = "2028-01-31T00:00:00Z"
LIMIT_SECONDS = 240.0
"""Seconds that one call of pulumi may take: the provider waits for what it deleted, and longer where it is throttled."""
PROGRAM = Path(__file__).with_name("program.py")


@dataclass
class ProviderStack:
    """A stack of the provider's resources in one tenant."""

    project: Project
    tenant: Tenant
    at_rest: Holdings
    """What the tenant held before: none of it is this stack's."""
    said: str = ""

    @classmethod
    def create(
        cls, folder: Path, server: SimulatorServer, declared: Iterable[str] = EVERYTHING, **configuration: Any
    ) -> "ProviderStack":
        """Make project and stack below `folder`; `configuration` are keys of program.py."""
        folder.mkdir(parents=True, exist_ok=True)
        tenant = Tenant.first(server)
        project = new_project(folder, {"SSL_CERT_FILE": str(server.certificate_file), **tenant.deployer_environment()})
        shutil.copy(PROGRAM, project.program)
        stack = cls(project, tenant, of_snapshot(tenant.snapshot()))
        stack.configure(declared=list(declared), owner=stack.caller(), name=NAME, ends=ENDS, **configuration)
        return stack

    def caller(self) -> str:
        """The object id of the administrator's service principal."""
        principals = self.tenant.snapshot()["servicePrincipals"]
        return next(str(each["id"]) for each in principals if each["appId"] == self.tenant.client_id)

    def configure(self, **keys: Any) -> None:
        """Write keys of program.py into the stack file; what is not named stays."""
        path = self.project.folder / "Pulumi.dev.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        settings = {
            "azuread:tenantId": self.tenant.id,
            "azuread:metadataHost": f"127.0.0.1:{self.tenant.server.port}",
            **document.get("config", {}),
            **{f"contract:{name}": value for name, value in keys.items()},
        }
        path.write_text(yaml.safe_dump({**document, "config": settings}), encoding="utf-8")

    def run(self, *arguments: str) -> CompletedProcess[str]:
        """Run pulumi to whatever end it takes."""
        done = self.project.run(*arguments, "--color", "never", limit_seconds=LIMIT_SECONDS)
        self.said += done.stdout
        return done

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Run pulumi, which must end well, or not if `fails`."""
        done = self.run(*arguments)
        assert (done.returncode != 0) is fails, (
            f"pulumi {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}"
        )
        return done.stdout

    def up(self, *arguments: str, fails: bool = False) -> str:
        """`pulumi up`, without the preview before it."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def lag(self, **seconds: float) -> None:
        """Let the tenant's readers stay behind its writers; the keys are those of its conditions."""
        self.tenant.control("PUT", f"/tenants/{self.tenant.id}/conditions", {"lag": seconds})

    def state_holds(self) -> Holdings:
        """What the state knows, by the ids that it would use: a resource whose creation was cut off has no outputs yet."""
        return of_resources(self.project.state().values())

    def tenant_holds(self) -> Holdings:
        """What the tenant has since this stack began."""
        return of_snapshot(self.tenant.snapshot()).without(self.at_rest)
