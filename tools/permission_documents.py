"""The generated parts of docs/permissions.md and of the role group's script, from the tables of rights in microsoft365/.

Owns their form. Every word about a right stands beside the right itself.
"""

from collections.abc import Iterable

from microsoft365.exchange.reading_rights import READING
from microsoft365.exchange.rights import APPLICATION_ROLE, DELEGATION_PAGE, NEEDS_DELEGATION, RIGHTS, Right, role_page
from microsoft365.graph.rights import OPTIONAL, PERMISSIONS, PROVIDER, SCRIPTS, VERIFICATION, GraphCall
from microsoft365.setups import SETUPS, Setup

_COLUMNS = "`policy` | `rbac` | `rbac` with a group"


def _cells(setups: frozenset[Setup]) -> str:
    return " | ".join("yes" if setup in setups else "–" for setup in SETUPS)


def cmdlets_table() -> str:
    """Every cmdlet that is run, with its parameters, and the management role that suffices."""
    return _cmdlets(RIGHTS)


def reading_table() -> str:
    """Every cmdlet and every call of whoever verifies, with the management role or the permission that suffices."""
    return "\n".join([_cmdlets(READING), *(_call_row(call) for call in VERIFICATION)])


def _call_row(call: GraphCall) -> str:
    name = f"[`{call.method} {call.path}`]({call.page})"
    return f"| {name} | | `{call.permission}` of Microsoft Graph | {_cells(call.setups)} | {call.what_for} |"


def _cmdlets(rights: Iterable[Right]) -> str:
    lines = [f"| cmdlet | parameters | management role | {_COLUMNS} | what for |", "|---|---|---|---|---|---|---|"]
    for right in rights:
        names = ", ".join(right.parameters) or "none"
        role = f"[{right.role}]({role_page(right.role)})"
        if right.cmdlet in NEEDS_DELEGATION:
            role += f", and a [delegating]({DELEGATION_PAGE}) assignment of `{APPLICATION_ROLE}`"
        lines.append(
            f"| [`{right.cmdlet}`]({right.page}) | {names} | {role} | {_cells(right.setups)} | {right.what_for} |"
        )
    return "\n".join(lines)


def graph_table() -> str:
    """Every call of Microsoft Graph, with the permission that suffices."""
    lines = [f"| call | by | permission | {_COLUMNS} | what for |", "|---|---|---|---|---|---|---|"]
    for whose, calls in (("azuread provider", PROVIDER), ("scripts", SCRIPTS), ("scripts, if given", OPTIONAL)):
        lines += [_graph_row(whose, call) for call in calls]
    return "\n".join(lines)


def _graph_row(whose: str, call: GraphCall) -> str:
    path = f"[`{call.method} {call.path}`]({call.page})"
    return f"| {path} | {whose} | `{call.permission}` | {_cells(call.setups)} | {call.what_for} |"


def permissions_table() -> str:
    """The application permissions of Microsoft Graph and what each is for."""
    return "\n".join(
        ["| permission | what for |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in PERMISSIONS.items())]
    )


def needed_rights() -> str:
    """The table of the role group's script, as PowerShell."""
    rows = [_row(right) for right in RIGHTS if right.in_role_group]
    return "\n".join(["$Needed = @(", *rows, ")"])


def _row(right: Right) -> str:
    models = [setup for setup in SETUPS if setup in right.setups]
    return (
        f"    @{{ Cmdlet = {_quoted(right.cmdlet)}; Role = {_quoted(right.role)}; AccessModels = {_list(models)}\n"
        f"       Parameters = {_list(right.parameters)} }}"
    )


def _list(texts: Iterable[str]) -> str:
    return f"@({', '.join(_quoted(text) for text in texts)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
