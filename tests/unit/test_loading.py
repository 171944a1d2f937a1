"""Loading a module while something else is waited for."""

import builtins
import importlib
import sys
from contextvars import ContextVar
from pathlib import Path

import pytest

from components.loading import loading

RUN: ContextVar[str] = ContextVar("RUN", default="none")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def test_a_module_is_loaded_by_the_end_of_the_body_in_another_thread(folder: Path) -> None:
    (folder / "slow_to_load.py").write_text("import threading\nTHREAD = threading.current_thread().name\n")
    with loading("slow_to_load"):
        pass
    assert sys.modules["slow_to_load"].THREAD == "loading slow_to_load"


def test_it_sees_what_the_run_keeps_in_context_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "run_of_this_test", RUN.get, raising=False)
    (folder / "asks_for_the_run.py").write_text("SEEN = run_of_this_test()\n")
    token = RUN.set("this one")
    with loading("asks_for_the_run"):
        pass
    RUN.reset(token)
    assert sys.modules["asks_for_the_run"].SEEN == "this one"


def test_what_is_wrong_with_it_is_told_by_the_import_that_follows(folder: Path) -> None:
    (folder / "broken_module.py").write_text("raise RuntimeError('broken')\n")
    with loading("broken_module"):
        pass
    with pytest.raises(RuntimeError, match="broken"):
        importlib.import_module("broken_module")


def test_an_error_of_the_body_goes_on_its_way(folder: Path) -> None:
    with pytest.raises(KeyError), loading("json"):
        raise KeyError
