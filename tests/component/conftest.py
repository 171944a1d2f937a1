"""A program under recording mocks for each test: what it says is kept, and nothing of its loop is left over."""

import asyncio
from collections.abc import Iterator

import pulumi
import pytest

from tests.component.program import Program


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    run = Program()
    for level in ("info", "warn", "error"):
        monkeypatch.setattr(pulumi.log, level, lambda message, *_args, **_kwargs: run.messages.append(message))
    yield run
    pulumi.runtime.settings.reset_options()
    asyncio.set_event_loop(None)
    run.loop.close()
