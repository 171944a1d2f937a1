"""RoomzConnector inside another Pulumi program: examples/workplace, set up by the lines of docs/another-program.md."""

import re
import shutil

from tests.end_to_end.conftest import NewStack
from tests.support.stack import ROOT, Stack
from tests.support.tenant import Tenant

EXAMPLE = ROOT / "examples" / "workplace"
PAGE = ROOT / "docs" / "another-program.md"


def other_program(stack: Stack) -> None:
    """Make the stack's folder the other program's: its own files, this project below it, and the links of the page."""
    for name in ("components", "microsoft365", "scripts", "__main__.py", "requirements.txt", "Pulumi.yaml"):
        (stack.folder / name).unlink()
    shutil.copytree(EXAMPLE, stack.folder, dirs_exist_ok=True)
    (stack.folder / "roomz").symlink_to(ROOT)
    (links,) = re.findall(r"^(ln -s .*?)(?: +#.*)?$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    stack.type(links)


def test_the_connector_lives_in_another_program(new_stack: NewStack, tenant: Tenant) -> None:
    stack = new_stack(workplace__portalTeam="Facilities")
    stack.pulumi("stack", "rm", "--yes", "--preserve-config")
    other_program(stack)
    stack.pulumi("stack", "init", stack.name)

    stack.up()
    outputs = stack.outputs()
    assert outputs["ticket"] == f"Facilities: hand over generation 0 of application {outputs['clientId']}"
    assert outputs["rooms"]["inReach"] == outputs["rooms"]["number"] > 0
    (application,) = tenant.graph("GET", f"/applications?$filter=appId eq '{outputs['clientId']}'").json()["value"]
    assert "roomz:workplace/test" in application["notes"]
    assert stack.resources()["roomz-application-application"]["urn"].startswith("urn:pulumi:test::workplace::")

    # The next run knows what the last one made, and the scripts know the other project's stack.
    stack.up("--expect-no-changes")
    control = f"control.mailbox@{tenant.domain}"
    verified = stack.script("verify_connector", "--stack", stack.name, "--control-mailbox", control)
    assert "an application access policy keeps it to the group" in verified.text
    program = stack.folder / "__main__.py"
    one = program.read_text(encoding="utf-8")
    program.write_text(one + 'declare_connector("another")\n', encoding="utf-8")
    refused = stack.preview(expect=None)
    assert refused.code != 0
    assert "A second connector, 'another', in one stack" in refused.text
    program.write_text(one, encoding="utf-8")

    stack.configure(secret={"generation": 1})
    stack.up()
    assert "generation 1" in stack.outputs()["ticket"]
    (line,) = stack.script("secret_status", "--stack", stack.name).text.splitlines()
    assert "generation 1" in line
    stack.destroy()
    assert tenant.graph("GET", f"/applications/{application['id']}").status_code == 404
