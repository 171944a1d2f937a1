"""Loads a module while something else is waited for: the azuread provider's package takes as long as a tenth of a whole `up`.

Owns the thread. Owns no decision about what is loaded, and no error: whoever imports the module afterwards meets it.
"""

import contextlib
import contextvars
import importlib
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def loading(name: str) -> Iterator[None]:
    """Load a module in a thread of its own for as long as the body runs, which had better wait for another process."""
    # Pulumi keeps what it knows of the run in context variables, which a new thread has not.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(_load, name), name=f"loading {name}")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(name: str) -> None:
    # The import that follows fails in the same way, and where it can be told.
    with contextlib.suppress(Exception):
        importlib.import_module(name)
