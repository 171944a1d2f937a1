"""The set-ups that differ in what is called and so in the rights that are needed. Pure names.

`rbac-group` is the access model `rbac` where rooms are listed or excluded, so that a group is used.
"""

from typing import Literal

Setup = Literal["policy", "rbac", "rbac-group"]
SETUPS: tuple[Setup, ...] = ("policy", "rbac", "rbac-group")

EVERYWHERE: frozenset[Setup] = frozenset(SETUPS)
POLICY: frozenset[Setup] = frozenset({"policy"})
RBAC: frozenset[Setup] = frozenset({"rbac", "rbac-group"})
SCOPE: frozenset[Setup] = frozenset({"rbac"})
GROUP: frozenset[Setup] = frozenset({"policy", "rbac-group"})
