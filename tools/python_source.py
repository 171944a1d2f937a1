"""Python files read as syntax trees, for the checks and tables that are made from this project's own source.

Owns one way to parse. Refuses to own what anybody looks for in a tree.
"""

import ast
import gc
from pathlib import Path


def syntax_tree(path: Path) -> ast.Module:
    """Return the syntax tree of the file `path`, which is UTF-8.

    No garbage is collected meanwhile. Before 3.11.8, CPython counts the depth of a tree in one place for all: a finalizer that runs
    in the middle and parses as well, as the printing of a traceback does, makes the outer parse fail with "AST constructor
    recursion depth mismatch" (https://github.com/python/cpython/issues/106905).

    Raises:
        SyntaxError: it is not Python.

    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    finally:
        if collecting:
            gc.enable()
