"""What the project relies on in Pulumi's engine and its Python language host, tried with commands as resources."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.engine.running import CHECKOUT, Project, engine, new_project

# The engine's own behaviour: it changes with its version.
pytestmark = [pytest.mark.end_to_end, pytest.mark.nightly]

FORGOTTEN = """
    base = local.Command("base", create="true", delete="echo base >> log; test ! -e broken-base")
    local.Command(
        "dependent", create="true", delete="echo dependent >> log; test ! -e broken-dependent",
        opts=ResourceOptions(%s),
    )
    """


def test_the_command_line_says_its_version_and_finds_its_plug_ins_without_a_warning(project: Project) -> None:
    assert project.pulumi("version").strip().splitlines()[-1] == f"v{engine()['version']}"
    printed = project.up('local.Command("made", create="true")')
    assert "warning" not in printed.lower()
    installed = json.loads(project.pulumi("plugin", "ls", "--json"))
    assert {"azuread": "6.11.1", "command": "1.2.1"}.items() <= {
        plugin["name"]: plugin["version"].removeprefix("v") for plugin in installed
    }.items()


def test_dependents_are_deleted_first_and_what_a_failed_deletion_depends_on_stays(project: Project) -> None:
    project.up(FORGOTTEN % "depends_on=[base]")
    (project.folder / "broken-dependent").touch()
    for options in ([], ["--continue-on-error"]):
        project.destroy(*options, fails=True)
        assert project.log() == ["dependent"]
        assert {"base", "dependent"} <= project.state().keys()
    (project.folder / "broken-dependent").unlink()
    project.destroy()
    assert project.log() == ["dependent", "base"]


def test_deleted_with_makes_a_call_only_when_the_dependent_goes_alone(project: Project) -> None:
    project.up(FORGOTTEN % "deleted_with=base")
    project.up('local.Command("base", create="true", delete="echo base >> log; test ! -e broken-base")')
    assert project.log() == ["dependent"]
    project.up(FORGOTTEN % "deleted_with=base")
    project.destroy()
    assert project.log() == ["base"]


def test_retain_on_delete_makes_no_call_once_it_is_in_the_state(project: Project) -> None:
    project.up(FORGOTTEN % "")
    project.write(FORGOTTEN % "retain_on_delete=True")
    project.destroy("--target", "**dependent")
    assert project.log() == ["dependent"], "a destroy uses what the state holds"
    project.up()
    project.destroy()
    assert project.log() == ["base"]
    assert "dependent" not in project.state()


def test_protected_resources_stop_a_destroy(project: Project) -> None:
    project.up(FORGOTTEN % "protect=True")
    project.destroy(fails=True)
    assert "dependent" in project.state()
    assert "dependent" not in project.log()


def test_tainted_command_is_made_anew_and_its_old_delete_comes_last(project: Project) -> None:
    project.up('local.Command("made", create="echo create >> log", delete="echo delete >> log")')
    project.pulumi("state", "taint", project.state()["made"]["urn"], "--yes")
    project.up()
    assert project.log() == ["create", "create", "delete"]


def test_the_last_outputs_can_be_read_by_the_program(project: Project) -> None:
    project.up(
        """
        import time
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        def read(attempts=100):
            try:
                return pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value["outputs"]
            except Exception as error:
                # A file backend rewrites the checkpoint at the start of an update, while the program reads it.
                if not attempts or "failed to load checkpoint" not in str(error):
                    raise
                time.sleep(0.05)
                return read(attempts - 1)
        last = read()
        pulumi.export("times", int(last.get("times", 0)) + 1)
        pulumi.export("hidden", pulumi.Output.secret(last.get("hidden", "new")))
        """
    )
    project.up()
    assert json.loads(project.pulumi("stack", "output", "--json", "--show-secrets")) == {"times": 2, "hidden": "new"}


def test_credentials_of_an_azuread_provider_are_encrypted_in_the_state(project: Project) -> None:
    project.up(
        """
        import pulumi_azuread
        pulumi_azuread.Provider(
            "made", tenant_id="11111111-1111-1111-1111-111111111111", client_id="client-in-the-open",
            client_secret="secret-in-the-open", client_certificate_password="password-in-the-open",
            metadata_host="127.0.0.1:9",
        )
        """
    )
    state = json.dumps(project.state())
    assert "127.0.0.1:9" in state
    assert "in-the-open" not in state


@pytest.mark.parametrize("place", ["named absolutely", "a link in the project"])
def test_the_project_virtual_environment_is_used(tmp_path: Path, place: str) -> None:
    linked = place == "a link in the project"
    project = new_project(
        tmp_path, runtime="{name: python, options: {toolchain: pip, virtualenv: .venv}}" if linked else None
    )
    if linked:
        (project.folder / ".venv").symlink_to(CHECKOUT / ".venv")
    project.up("import sys; pulumi.export('prefix', sys.prefix)")
    prefix = project.state()["contract-dev"]["outputs"]["prefix"]
    assert Path(prefix).resolve() == (CHECKOUT / ".venv").resolve()


def test_a_project_below_a_folder_and_a_program_in_main_are_found(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    inner = project.folder / "inner"
    inner.mkdir()
    project.write("import sys; pulumi.export('prefix', sys.prefix)")
    project.program.rename(inner / "__main__.py")
    settings = project.folder / "Pulumi.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "main: inner\n", encoding="utf-8")
    project.up()
    assert Path(project.state()["contract-dev"]["outputs"]["prefix"]).resolve() == (CHECKOUT / ".venv").resolve()


def test_a_project_without_a_virtual_environment_gets_python3_of_the_path(tmp_path: Path) -> None:
    project = new_project(tmp_path, runtime="python")
    on_path = subprocess.run(
        ["python3", "-c", "import sys; print(sys.prefix)"],
        env=dict(project.environment),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    project.program.write_text("import sys; raise SystemExit(f'prefix {sys.prefix}')", encoding="utf-8")
    assert "has not been installed" in (printed := project.up(fails=True)) or f"prefix {on_path}" in printed
