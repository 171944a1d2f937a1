"""Where a secret may be seen: whole runs from nothing to nothing, watched from outside. docs/security.md tells what may be seen."""

import stat
from pathlib import Path

from tests.support.secrets import leaks, secrets_of
from tests.support.stack import Stack
from tests.support.tenant import Tenant
from tests.support.watch import Watch

BY_ENVIRONMENT = {"ARM_CLIENT_SECRET", "PULUMI_CONFIG_PASSPHRASE"}
"""The variables by which the deployer hands secrets in, and which every process of a run inherits."""
STARTED = (
    "pulumi up",
    "pulumi-language-python",
    "pulumi-resource-azuread",
    "scripts.exchange_policy apply",
    "scripts.hand_over",
)


def variables_that_tell(variables: set[str], secrets: dict[str, str]) -> set[str]:
    """The names of the variables with a secret in them."""
    pairs = (variable.partition("=") for variable in variables)
    return {name for name, _, value in pairs if leaks(value, secrets)}


def test_invariant_4_no_secret_in_state_output_logs_files_or_processes(
    stack: Stack, tenant: Tenant, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    stack.deployer = {**tenant.deployer_environment(), "TMPDIR": str(temporary)}
    stack.configure(verify={"controlMailbox": f"control.mailbox@{tenant.domain}"})
    handed_over = stack.folder / "handed-over"
    known = {"the administrator's client secret": tenant.client_secret}
    with Watch(stack.folder, temporary, look_for=lambda text: leaks(text, known)) as watch:
        stack.pulumi("up", "--yes", "--diff")
        first = secrets_of(stack)
        stack.configure(secret={"generation": 1})
        stack.preview("--diff")
        stack.preview("--json")
        verbose = stack.up("--debug").text
        stack.said.pop()
        secrets = secrets_of(stack)
        assert secrets["ROOMZ's client secret"] != first["ROOMZ's client secret"], "there was a renewal"
        secrets["the first of ROOMZ's client secrets"] = first["ROOMZ's client secret"]
        stack.pulumi("stack", "export")
        stack.pulumi("stack", "output")
        stack.pulumi("stack", "history")
        stack.script("verify_connector", "--json")
        stack.script("hand_over", "show", "--secret-file", str(handed_over))
        stack.script("hand_over", "confirm")
        stack.read_configuration()
        assert handed_over.read_text() == secrets["ROOMZ's client secret"]
        assert stat.S_IMODE(handed_over.stat().st_mode) == 0o600
        # It was asked for by name, and whoever asks takes it away.
        handed_over.unlink()
        stack.preview("--diff", "--debug")
        stack.up()
        assert list(stack.outputs()["issuedSecrets"]) == ["1"], "the first was taken away"
        stack.destroy()

    seen = watch.seen
    assert [name for name in STARTED if not any(name in line for line in seen.arguments)] == [], "not watched"
    assert leaks("\n".join(seen.arguments), secrets) == []
    assert variables_that_tell(seen.variables, secrets) == BY_ENVIRONMENT
    assert leaks(stack.state_files(), secrets) == []
    assert leaks("\n".join(stack.said), secrets) == []
    # Pulumi keeps logs of its own in its home: of a stack's operations encrypted with the stack's key, of others plain.
    assert any("home/logs/" in name for name in seen.files)
    assert {name for name, _ in seen.hits} == {f"{stack.folder.name}/handed-over"}
    # What Pulumi's own --debug shows is what Microsoft Graph answered: the new secret of ROOMZ's, and nobody else's.
    del secrets["ROOMZ's client secret"]
    assert leaks(verbose, secrets) in ([], ["a client secret"])
