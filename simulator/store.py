"""The state on disk: `state.json` with every tenant, and `administrator.json` with the seeded deployer's credentials.

A change is on disk before it is answered as long as the state is small (a write takes some milliseconds).  A larger
state (thousands of rooms) is written by a background task soon after the change, and when the process ends.
Both files are written beside and renamed, so that a killed process leaves a whole file.
"""

import os
import time
from hashlib import sha256
from pathlib import Path

from simulator import access
from simulator.records import Record
from simulator.seed import Administrator, Company, default_administrator, new_tenant
from simulator.tenant import Tenant

SMALL = 300_000
"""Bytes of a state that is written before the answer: some hundred rooms."""


class StateError(Exception):
    """The state folder can't be used; the text says why and what to do."""


class State(Record):
    """Everything that survives a restart."""

    version: int = 1
    tenants: dict[str, Tenant]


class Store:
    """The tenants, in memory and on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._dirty = False
        self._last_write = 0.0
        self._last_size = 0
        self.revision = 0
        """Grows with every change that counts."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "state.json"
        administrator_file = folder / "administrator.json"
        if file.exists() and not administrator_file.exists():
            raise StateError(
                f"{administrator_file} is missing; nobody can sign in without it. Delete {folder} to begin anew."
            )
        try:
            if administrator_file.exists():
                self.administrator = Administrator.model_validate_json(administrator_file.read_bytes())
            else:
                self.administrator = default_administrator()
                _write(administrator_file, self.administrator.model_dump_json(by_alias=True, indent=2).encode())
            self.tenants = State.model_validate_json(file.read_bytes()).tenants if file.exists() else {}
        except ValueError as error:
            raise StateError(f"{folder} holds no state of this version. Delete it to begin anew.") from error
        if not self.tenants:
            self.reset(Company())
            self.write()
        self._note_changes()

    def reset(self, company: Company) -> None:
        """Leave one fresh tenant.  The administrator's secret and the signing key stay, so that shells stay signed in."""
        kept = self.tenants.get(self.administrator.tenant_id)
        tenant = new_tenant(company, self.administrator, kept.signing_key if kept else None)
        self.tenants = {tenant.id: tenant}
        self.changed()

    @property
    def first(self) -> Tenant:
        """The tenant of administrator.json."""
        return self.tenants[self.administrator.tenant_id]

    def tenant(self, id_or_domain: str) -> Tenant | None:
        """Return a tenant by its id or one of its domains."""
        wanted = id_or_domain.lower()
        if wanted in self.tenants:
            return self.tenants[wanted]
        return next((t for t in self.tenants.values() if wanted in (*t.domains, t.initial_domain)), None)

    def changed(self) -> None:
        """Say that something that counts has changed."""
        self.revision += 1
        self._dirty = True
        self._note_changes()

    def _note_changes(self) -> None:
        for tenant in self.tenants.values():
            access.note_changes(tenant)

    def save_before_answering(self) -> None:
        """Write a small state now; a large one is left to `save_when_due`."""
        if self._dirty and self._last_size < SMALL:
            self.write()

    def save_when_due(self) -> float:
        """Write when something changed; returns the seconds to wait until the next look."""
        if self._dirty:
            self.write()
        return max(0.05, 10 * self._last_write)

    def write(self) -> None:
        """Write the state file."""
        begin = time.perf_counter()
        self._dirty = False
        content = State(tenants=self.tenants).model_dump_json(by_alias=True).encode()
        _write(self.folder / "state.json", content)
        self._last_size = len(content)
        self._last_write = time.perf_counter() - begin


def _write(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    beside.replace(file)


def hash_secret(value: str) -> str:
    """Return what is kept of a client secret."""
    return sha256(value.encode()).hexdigest()
