"""Stacks that are up already: made once a run of the tests by a real `pulumi up`, and copied for each test that begins with one.

Owns the copies. A copy is a working copy in another folder and a tenant on another port, so only the port is written anew,
wherever the stack's state or its file name the tenant's address. Refuses to own what a test configures beside what the
template was made with.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from simulator.server import SimulatorServer
from tests.support.stack import Stack
from tests.support.tenant import Tenant


@dataclass(frozen=True)
class Template:
    """A stack that is up, and its tenant, both at rest."""

    folder: Path
    configuration: dict[str, Any]

    @property
    def _tenant(self) -> Path:
        return self.folder / "tenant"

    @property
    def _checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def _notes(self) -> Path:
        return self.folder / "notes.json"

    @classmethod
    def prepared(cls, shared_folder: Path, configuration: dict[str, Any]) -> "Template":
        """The template of a configuration (keys of `roomz:`), made by whichever process asks first."""
        name = sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()[:16]
        template = cls(shared_folder / name, configuration)
        shared_folder.mkdir(parents=True, exist_ok=True)
        with _locked(shared_folder / f"{name}.lock"):
            if not template._notes.exists():
                shutil.rmtree(template.folder, ignore_errors=True)
                template._make()
        return template

    def _make(self) -> None:
        with SimulatorServer(self._tenant) as server:
            tenant = Tenant.first(server)
            seeded = tenant.snapshot()
            stack = Stack.create(self._checkout, server, tenant, **self.configuration)
            stack.up()
            notes = {"port": server.port, "history": tenant.requests(), "seeded": seeded}
        self._notes.write_text(json.dumps(notes))

    def copy_tenant(self, folder: Path) -> None:
        """Put the tenant's state where a server will start from it."""
        shutil.copytree(self._tenant, folder)

    def tenant(self, server: SimulatorServer) -> Tenant:
        """The tenant that `server` answers for, with its log and its snapshot from before."""
        notes = json.loads(self._notes.read_text())
        return Tenant.first(server, history=notes["history"], seeded=notes["seeded"])

    def copy_stack(self, folder: Path, server: SimulatorServer, tenant: Tenant) -> Stack:
        """Make a working copy whose stack is up in the tenant that `server` answers for."""
        notes = json.loads(self._notes.read_text())
        stack = Stack.prepare(folder, server, tenant)
        shutil.rmtree(folder / "state")
        shutil.copytree(self._checkout / "state", folder / "state")
        name = f"Pulumi.{stack.name}.yaml"
        shutil.copy(self._checkout / name, folder / name)
        for path in (folder / name, *(folder / "state").rglob("*")):
            if path.is_file():
                text = path.read_text()
                for host in ("127.0.0.1", "localhost"):
                    text = text.replace(f"{host}:{notes['port']}", f"{host}:{server.port}")
                path.write_text(text)
        stack.configure(**self.configuration)
        stack.pulumi("stack", "select", stack.name)
        return stack


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
