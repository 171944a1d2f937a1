"""What holds for every test.

hypothesis is imported before any test runs: its pytest plug-in does so at the very end otherwise, and CPython 3.11 fails to
parse a module while the garbage that Pulumi's SDK leaves behind is collected ("AST constructor recursion depth mismatch").
"""

import hypothesis  # noqa: F401
