"""What the project relies on in pulumi-command 1.2.1, tried with the real engine.

Every test must hold for the official plug-in and for the one built from tools/; the few that are about the latter
alone say so and are skipped with the official one.
"""

import json

import pytest

from tests.engine.running import Project, engine

pytestmark = pytest.mark.end_to_end

only_stand_in = pytest.mark.skipif("engine()['origin'] != 'built'", reason="about the plug-in built from tools/")


def test_create_takes_what_it_is_given_and_keeps_both_streams(project: Project) -> None:
    (project.folder / "inner").mkdir()
    project.up(
        r"""
        made = local.Command(
            "made",
            create="cat; echo \"$FROM_THE_ENGINE $GIVEN $PWD\"; echo; echo aside >&2",
            stdin="first line\n",
            environment={"GIVEN": "a = b"},
        )
        pulumi.export("stdout", made.stdout)
        pulumi.export("stderr", made.stderr)
        elsewhere = local.Command(
            "elsewhere", create="import os; print(os.getcwd())", interpreter=["python3", "-c"], dir="inner"
        )
        pulumi.export("dir", elsewhere.stdout)
        given = local.Command("given", create="echo $FROM_THE_ENGINE", environment={"FROM_THE_ENGINE": "given"})
        pulumi.export("given environment wins", given.stdout)
        """
    )
    assert project.state()["contract-dev"]["outputs"] == {
        # One line break at the end is taken away, no more.
        "stdout": f"first line\ninherited a = b {project.folder}\n",
        "stderr": "aside",
        "dir": str(project.folder / "inner"),
        "given environment wins": "given",
    }


def test_preview_runs_no_command_and_a_second_up_none_either(project: Project) -> None:
    project.write('local.Command("made", create="echo create >> log", update="echo update >> log")')
    project.pulumi("preview")
    assert project.log() == []
    project.up()
    assert project.log() == ["create"]
    project.pulumi("preview", "--expect-no-changes")
    project.up()
    assert project.log() == []


def test_update_runs_on_a_changed_input_and_knows_the_previous_output(project: Project) -> None:
    program = """
        local.Command(
            "updated",
            create="echo one; echo oops >&2",
            update="echo \\"$PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR/$REVISION\\" | tee -a log",
            environment={"REVISION": "%(revision)s"},
        )
        local.Command(
            "without update", create="cat >> log", stdin="revision %(revision)s\\n", delete="echo delete >> log"
        )
        local.Command(
            "replaced", create="echo create $R >> replaced", update="echo update >> replaced",
            delete="echo delete $R >> replaced", environment={"R": "%(revision)s"}, triggers=["%(revision)s"],
        )
        local.Command(
            "without previous output",
            create="head -c 200000 /dev/zero | tr '\\\\0' x",
            update="echo \\"<$PULUMI_COMMAND_STDOUT>\\" >> previous",
            stdin="%(revision)s",
            logging="none",
            add_previous_output_in_env=False,
        )
        """
    project.up(program % {"revision": 1})
    assert project.state()["without previous output"]["outputs"]["stdout"] == "x" * 200_000
    assert project.log() == ["revision 1"]
    project.up(program % {"revision": 2})  # 200,000 characters fit in no environment variable of Linux
    assert sorted(project.log()) == ["one/oops/2", "revision 2"], "without an update command create runs again"
    assert project.log("previous") == ["<>"], "previous output stays out of the environment on request"
    assert project.log("replaced") == ["create 1", "create 2", "delete 1"], "the old delete comes last"
    project.up(program % {"revision": 3})
    assert sorted(project.log()) == ["one/oops/2//3", "revision 3"]


def test_only_delete_runs_nothing_before_and_then_uses_the_stored_inputs(project: Project) -> None:
    program = """
        local.Command(
            "removal", delete="echo \\"$GIVEN $(cat)\\" >> log", environment={"GIVEN": "%s"}, stdin="%s",
        )
        """
    project.up(program % ("first", "a"))
    assert project.state()["removal"]["outputs"]["stdout"] == ""
    project.up(program % ("second", "b"))
    assert project.log() == []
    project.write(program % ("never applied", "c"))
    project.destroy()
    assert project.log() == ["second b"]


def test_delete_runs_when_the_resource_leaves_the_program(project: Project) -> None:
    project.up('local.Command("made", create="echo made", delete="echo deleted after $PULUMI_COMMAND_STDOUT >> log")')
    project.up("")
    assert project.log() == ["deleted after made"]
    assert "made" not in project.state()


def test_failed_create_stores_nothing_and_is_never_deleted(project: Project) -> None:
    printed = project.up(
        'local.Command("made", create="echo seen; echo why >&2; exit 3", delete="echo delete >> log")', fails=True
    )
    assert 'exit status 3: running "echo seen; echo why >&2; exit 3":' in printed
    assert "seen\n" in printed
    assert "why\n" in printed
    assert "made" not in project.state()
    project.destroy()
    assert project.log() == []


def test_failed_update_keeps_the_old_inputs_and_runs_again(project: Project) -> None:
    program = """
        local.Command(
            "made",
            create="true", update="echo \\"update $REVISION\\" >> log; test ! -e broken",
            delete="echo \\"delete $REVISION\\" >> log", environment={"REVISION": "%s"},
        )
        """
    project.up(program % 1)
    (project.folder / "broken").touch()
    project.up(program % 2, fails=True)
    project.up(fails=True)
    assert project.log() == ["update 2", "update 2"]
    assert project.state()["made"]["inputs"]["environment"] == {"REVISION": "1"}
    (project.folder / "broken").unlink()
    project.up()
    assert project.log() == ["update 2"]
    (project.folder / "broken").touch()
    project.up(program % 3, fails=True)
    project.destroy()
    assert project.log() == ["update 3", "delete 2"]


def test_failed_delete_keeps_the_resource(project: Project) -> None:
    project.up('local.Command("made", create="true", delete="echo delete >> log; test ! -e broken")')
    (project.folder / "broken").touch()
    project.destroy(fails=True)
    assert "made" in project.state()
    (project.folder / "broken").unlink()
    project.destroy()
    assert project.log() == ["delete", "delete"]
    assert "made" not in project.state()


def test_a_secret_input_makes_every_output_secret(project: Project) -> None:
    printed = project.up(
        """
        made = local.Command("made", create="cat", stdin=pulumi.Output.secret("hush hush"), logging="none")
        pulumi.export("stdout", made.stdout)
        """
    )
    assert "hush hush" not in printed
    assert "hush hush" not in json.dumps(project.state())
    made = project.state()["made"]
    assert set(made["outputs"]["stdout"]) == set(made["outputs"]["stderr"]) >= {"ciphertext"}
    assert "hush hush" in project.pulumi("stack", "output", "--show-secrets")


def test_logging_decides_what_is_shown_and_not_what_is_kept(project: Project) -> None:
    shown: dict[str | None, set[str]] = {
        None: {"stdout", "stderr"},
        "stdoutAndStderr": {"stdout", "stderr"},
        "stdout": {"stdout"},
        "stderr": {"stderr"},
        "none": set(),
    }
    printed = project.up(
        "".join(
            f'local.Command("{logging}", create="echo {logging} to stdout; echo {logging} to stderr >&2", logging={logging!r})\n'
            for logging in shown
        )
    )
    state = project.state()
    for logging, streams in shown.items():
        said = {stream for stream in ("stdout", "stderr") if f" {logging} to {stream}\n" in printed}
        assert said == streams, (logging, printed)
        outputs = state[str(logging)]["outputs"]
        assert (outputs["stdout"], outputs["stderr"]) == (f"{logging} to stdout", f"{logging} to stderr")


def test_run_gives_plain_values_at_preview_and_update(project: Project) -> None:
    project.write(
        """
        found = local.run(
            command="echo \\"$(cat) $GIVEN $PWD\\" | tee -a log; echo aside >&2",
            stdin="in", environment={"GIVEN": "given"}, logging="none",
        )
        assert found.stdout.startswith("in given "), found.stdout
        pulumi.export("stderr", found.stderr)
        """
    )
    seen = f"in given {project.folder}"
    project.pulumi("preview")
    assert project.log() == [seen]
    project.up()
    assert project.log() == [seen]
    assert project.state()["contract-dev"]["outputs"] == {"stderr": "aside"}


def test_run_that_fails_ends_the_program_with_the_output(project: Project) -> None:
    project.write('local.run(command="echo reason; exit 4", logging="none")')
    printed = project.pulumi("preview", fails=True)
    assert 'exit status 4: running "echo reason; exit 4":' in printed
    assert "reason" in printed


def test_refresh_leaves_a_command_as_it_is(project: Project) -> None:
    project.up('local.Command("made", create="echo create >> log", update="echo update >> log", stdin="x")')
    before = project.state()["made"]["outputs"]
    project.pulumi("refresh", "--yes", "--skip-preview")
    project.up(None, "--refresh")
    assert project.log() == ["create"]
    assert project.state()["made"]["outputs"] == before


@only_stand_in
def test_a_line_of_any_length_is_shown(project: Project) -> None:
    project.up("""local.Command("made", create="head -c 100000 /dev/zero | tr '\\\\0' x")""")
    assert len(project.state()["made"]["outputs"]["stdout"]) == 100_000


@only_stand_in
@pytest.mark.parametrize("name", ["asset_paths", "archive_paths"])
def test_what_the_stand_in_lacks_is_refused_by_name(project: Project, name: str) -> None:
    project.write(f'local.Command("made", create="echo create >> log", {name}=["*"])')
    camel_case = {"asset_paths": "assetPaths", "archive_paths": "archivePaths"}[name]
    assert f"{camel_case} is not supported" in project.pulumi("preview", fails=True)
    project.write(f'local.run(command="echo run >> log", {name}=["*"])')
    assert f"{camel_case} is not supported" in project.pulumi("preview", fails=True)
    assert project.log() == []
    assert engine()["origin"] == "built"
