"""The azuread plug-in alone, configured as the engine configures it, in an environment of a test's own.

Owns the process and the two calls, CheckConfig and Configure; the provider signs in during the second.  A fifth of a second each,
so that a test can ask it about many environments.  Refuses to know what should come of it.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.running import CHECKOUT, engine
from tools.engine_choice import Versions

LIMIT_SECONDS = 30.0
_NOBODY = "127.0.0.1:1"
"""The engine's address, which the plug-in wants and asks for nothing of while it is configured."""


def plugin() -> Path:
    """The plug-in's program; a test that needs it fails with the remedy where it is missing."""
    version = Versions.read(CHECKOUT).plugins["azuread"]
    folders = [engine().get("pluginsFolder"), os.environ.get("PULUMI_HOME"), str(Path.home() / ".pulumi" / "plugins")]
    for folder in folders:
        for below in (Path(folder), Path(folder) / "plugins") if folder else ():
            program = below / f"resource-azuread-v{version}" / "pulumi-resource-azuread"
            if program.is_file():
                return program
    raise AssertionError(f"there is no azuread plug-in {version}: run `python3 tools/set_up.py`, or `pulumi install`")


def is_official() -> bool:
    """Tell whether it is Pulumi's own build, which looks at the credentials once more before the provider does."""
    return str(engine()["origin"]) != "built"


def configure(environment: Mapping[str, str], stack: Mapping[str, str]) -> str:
    """Let the provider sign in; returns what it says when it does not, and '' when it does.

    `stack` are the stack's keys of `azuread:`, without the prefix.
    """
    process = subprocess.Popen(
        [plugin(), _NOBODY], env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdecimal(), "the plug-in did not start"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return _configured(provider_pb2_grpc.ResourceProviderStub(channel), stack)
    finally:
        process.kill()
        process.communicate()


def _configured(stub: provider_pb2_grpc.ResourceProviderStub, stack: Mapping[str, str]) -> str:
    wanted = Struct()
    wanted.update(dict(stack))
    urn = "urn:pulumi:test::test::pulumi:providers:azuread::default"
    try:
        checked = stub.CheckConfig(provider_pb2.CheckRequest(urn=urn, news=wanted), timeout=LIMIT_SECONDS)
        if checked.failures:
            return "; ".join(failure.reason for failure in checked.failures)
        request = provider_pb2.ConfigureRequest(args=checked.inputs, acceptSecrets=True)
        stub.Configure(request, timeout=LIMIT_SECONDS)
    except grpc.RpcError as error:
        return str(error.details()) or "no reason given"
    return ""
