"""The watch sees what it is there for: a secret in an argument, in a variable, in a file, in a compressed one that is not finished."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

from tests.support.watch import Watch, text_of

SECRET = "what-nobody-may-see"


def found(text: str) -> list[str]:
    return ["it"] if SECRET in text else []


def test_the_watch_sees_arguments_and_environment_of_what_a_process_starts(tmp_path: Path) -> None:
    """The second process is started by the first; both wait until their standard input ends, so they are there to be seen."""
    child = f"import sys; sys.stdin.read()  # {SECRET} as an argument"
    parent = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', sys.argv[1]]).returncode)"
    with Watch(tmp_path, look_for=found) as watch:
        process = subprocess.Popen(
            [sys.executable, "-c", parent, child], stdin=subprocess.PIPE, env={**os.environ, "OF_A_TEST": SECRET}
        )
        assert process.stdin
        # Seen at the latest when the child runs; the limit is the test's.
        assert watch.waits_until(lambda: any(line.endswith("as an argument") for line in watch.seen.arguments))
        process.stdin.close()
        assert process.wait() == 0
    assert f"OF_A_TEST={SECRET}" in watch.seen.variables


def test_the_watch_sees_files_that_are_gone_again_and_no_links(tmp_path: Path) -> None:
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (other / "elsewhere").write_text(SECRET)
    (folder / "link").symlink_to(other)
    (folder / "clean").write_text("nothing")
    brief = folder / "brief"
    with Watch(folder, look_for=found) as watch:
        brief.write_text(SECRET)
        assert watch.waits_until(lambda: bool(watch.seen.hits))
        brief.unlink()
        (folder / "at the end").write_text(SECRET)
    assert watch.seen.hits == {("folder/brief", "it"), ("folder/at the end", "it")}
    assert watch.seen.files == {"folder/brief", "folder/at the end", "folder/clean"}


def test_a_compressed_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = gzip.compress(f"{SECRET} and more".encode())
    for length in (len(packed), len(packed) - 9):
        (tmp_path / "log").write_bytes(packed[:length])
        assert SECRET in text_of(tmp_path / "log")
    (tmp_path / "log").write_bytes(b"\x1f\x8bno gzip")
    assert "no gzip" in text_of(tmp_path / "log")
