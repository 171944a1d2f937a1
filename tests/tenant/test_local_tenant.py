"""scripts/local_tenant.py, as a person runs it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PROJECT = Path(__file__).resolve().parents[2]


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


class LocalTenant:
    """Runs the program with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command and return how it ended."""
        command = [sys.executable, "-m", "scripts.local_tenant", *arguments]
        command += ["--state-folder", str(folder or self.folder)]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)

    def start(self, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Start it on the ports of this test."""
        port, control_port = self.ports
        return self.run("start", "--port", str(port), "--control-port", str(control_port), folder=folder)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalTenant]:
    """A local tenant that is stopped afterwards."""
    tenant = LocalTenant(tmp_path / "state of a tenant")
    yield tenant
    tenant.run("stop")


def test_start_status_stop(local: LocalTenant) -> None:
    assert local.run("status").returncode == 1
    started = local.start()
    assert started.returncode == 0, started.stderr
    assert str(local.ports[0]) in started.stderr
    again = local.start()
    assert again.returncode == 0
    assert "runs already" in again.stderr
    status = json.loads(local.run("status", "--json").stdout)
    assert (status["running"], status["port"], status["controlPort"]) == (True, *local.ports)
    assert status["status"]["tenants"][0]["rooms"] == 25
    control = f"http://127.0.0.1:{local.ports[1]}"
    httpx.post(f"{control}/tenants/alpenblick.example/mailboxes", json={"address": "room-x@alpenblick.example"})
    assert local.run("stop").returncode == 0
    assert local.run("status").returncode == 1
    assert local.run("reset").returncode == 1
    assert local.start().returncode == 0
    assert json.loads(local.run("status", "--json").stdout)["status"]["tenants"][0]["rooms"] == 26
    assert local.run("reset").returncode == 0
    assert json.loads(local.run("status", "--json").stdout)["status"]["tenants"][0]["rooms"] == 25
    assert local.run("stop").returncode == 0
    assert "does not run" in local.run("stop").stderr


def test_taken_ports_are_explained(local: LocalTenant, tmp_path: Path) -> None:
    assert local.start().returncode == 0
    other = local.start(folder=tmp_path / "another")
    assert other.returncode == 4
    assert str(local.folder) in other.stderr
    assert "--control-port" in other.stderr
    assert len(other.stderr.splitlines()) == 1
    local.run("stop")
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", local.ports[0]))
        stranger.listen()
        taken = local.start()
    assert taken.returncode == 4
    assert f"Port {local.ports[0]} is taken by another program" in taken.stderr


def test_starts_at_the_same_time_make_one_tenant(local: LocalTenant) -> None:
    command = [sys.executable, "-m", "scripts.local_tenant", "start", "--state-folder", str(local.folder)]
    command += ["--port", str(local.ports[0]), "--control-port", str(local.ports[1])]
    starting = [subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [each.communicate(timeout=60)[1] for each in starting]
    assert [each.returncode for each in starting] == [0, 0], said
    assert sum("runs already" in text for text in said) == 1
    (local.folder / "process.json").unlink()
    assert "runs already" in local.start().stderr
    assert local.run("stop").returncode == 0


def test_damaged_state_is_explained(local: LocalTenant) -> None:
    local.folder.mkdir()
    (local.folder / "state.json").write_text("{}")
    (local.folder / "administrator.json").write_text("{}")
    failed = local.start()
    assert failed.returncode == 2
    assert "holds no state of this version" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_env(local: LocalTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    # A certificate would count before the secret.
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", "/real/tenant.pfx")
    monkeypatch.delenv("ARM_CLIENT_CERTIFICATE", raising=False)
    assert local.run("env").returncode == 1
    assert local.start().returncode == 0
    answer = local.run("env", "--json")
    if not (PROJECT / ".local" / "engine.json").exists():
        assert answer.returncode == 2
        assert "make setup" in answer.stderr
        return
    values = json.loads(answer.stdout)
    administrator = json.loads((local.folder / "administrator.json").read_text())
    assert values["ARM_CLIENT_SECRET"] == administrator["clientSecret"]
    assert values["SSL_CERT_FILE"] == values["REQUESTS_CA_BUNDLE"] == str(local.folder / "certificate.pem")
    assert values["ARM_CLIENT_CERTIFICATE_PATH"] == ""
    assert "ARM_CLIENT_CERTIFICATE" not in values
    assert values["PULUMI_BACKEND_URL"].startswith("file:///")
    shell = subprocess.run(
        ["sh", "-c", f"{local.run('env').stdout}\nprintenv SSL_CERT_FILE PULUMI_CONFIG_PASSPHRASE"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath},
    )
    assert shell.stdout.splitlines() == [values["SSL_CERT_FILE"], "local-tenant"]
