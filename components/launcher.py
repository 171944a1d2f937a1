"""How this project's command resources start a script.

Owns one string. It is relative on purpose: an absolute path, or this interpreter's, would stand in the state and show as a change
in a moved checkout and on every other machine.
"""

LAUNCHER = "scripts/run"
