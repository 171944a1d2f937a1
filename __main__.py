"""ROOMZ for Microsoft 365: this stack's configuration in, one connector and its outputs out. No logic."""

import atexit
import gc

from components.program import declare_connector

# Else Python looks, at its very end, through everything that was ever loaded, and the engine waits for it.
atexit.register(gc.freeze)

declare_connector("roomz")
