"""What holds for every test.

hypothesis is imported before any test runs: its pytest plug-in does so at the very end otherwise, and CPython 3.11 fails to
parse a module while the garbage that Pulumi's SDK leaves behind is collected ("AST constructor recursion depth mismatch").

Ctrl-C is heeded, here and in whatever a test starts, also where a shell that runs the tests in the background has it ignored.
"""

import os
import signal

import hypothesis
import pytest

# `make nightly` chooses it; how many cases each test tries at least is its own (tests/support/cases.py).
hypothesis.settings.register_profile("nightly", max_examples=5000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Engine and plug-ins live for seconds, and a tenth of an `up` was the work of Go's garbage collector.
os.environ.setdefault("GOGC", "400")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait longest, those with the real engine, so that no worker ends with a row of them."""
    items.sort(key=lambda item: item.get_closest_marker("end_to_end") is None)
