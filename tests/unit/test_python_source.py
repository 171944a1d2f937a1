"""A file is parsed without finalizers in the middle, which make CPython 3.11.7 fail."""

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.python_source import syntax_tree


class Cycle:
    """Garbage that only the collector finds; notes that it went."""

    def __init__(self, gone: list[bool]) -> None:
        self.itself = self
        self.gone = gone

    def __del__(self) -> None:
        """Note it."""
        self.gone.append(True)


@pytest.fixture
def eager_collector() -> Iterator[None]:
    """A collector that runs every few objects."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.set_threshold(10)
    yield
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("eager_collector")
def test_no_finalizer_runs_while_a_file_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.py"
    path.write_text("answer = 42\n" * 2_000, encoding="utf-8")
    gone: list[bool] = []
    during: list[int] = []
    parse = ast.parse

    def watched(source: str, filename: str) -> ast.Module:
        Cycle(gone)
        tree = parse(source, filename)
        during.append(len(gone))
        return tree

    with monkeypatch.context() as patched:  # pytest parses as well, to show what failed
        patched.setattr(ast, "parse", watched)
        tree = syntax_tree(path)
    assert len(tree.body) == 2_000
    assert during == [0]
    gc.collect()
    assert gone == [True]


def test_a_collector_that_was_off_stays_off(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text("answer = 42\n", encoding="utf-8")
    syntax_tree(path)
    assert gc.isenabled()
    gc.disable()
    try:
        syntax_tree(path)
        assert not gc.isenabled()
    finally:
        gc.enable()
