"""How this project's command resources start a script.

Owns one string for people and one for the plug-in. The path is relative on purpose: an absolute one, or this interpreter's, would
stand in the state and show as a change in a moved checkout and on every other machine.
"""

LAUNCHER = "scripts/run"


def command_line(script: str) -> str:
    """What the command plug-in is to run. `exec`: what the plug-in kills must be the launcher itself, not a shell before it."""
    return f"exec {LAUNCHER} {script}"
