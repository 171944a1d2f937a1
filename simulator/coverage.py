"""The coverage table of simulator/README.md, made from the route tables and the table of cmdlets.

`python -m simulator.coverage` writes it into the README; a test fails when it is stale.
"""

from pathlib import Path

import simulator.calendars.routes
import simulator.control.routes
import simulator.exchange.routes
import simulator.graph.routes
import simulator.login.routes
import simulator.page.routes
from simulator.exchange.table import CMDLETS
from simulator.operation import Operation

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"

APIS: list[tuple[str, list[Operation]]] = [
    ("Sign-in", simulator.login.routes.OPERATIONS),
    ("Graph: applications and grants", simulator.graph.routes.OPERATIONS),
    ("Graph: calendars", simulator.calendars.routes.OPERATIONS),
    ("Exchange", simulator.exchange.routes.OPERATIONS),
]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _address(operation: Operation) -> str:
    path = operation.paths[0].removeprefix("/v1.0")
    return f"`{operation.method} {path}`"


def coverage() -> str:
    """Return the tables as Markdown."""
    lines: list[str] = []
    for title, operations in APIS:
        lines += [f"### {title}", "", "| operation | imitated | source |", "|---|---|---|"]
        lines += [f"| {_cell(_address(o))} | {_cell(o.imitated)} | {_cell(o.source)} |" for o in operations]
        lines.append("")
    lines += [
        "### Exchange: cmdlets",
        "",
        "The source of each is its page on Microsoft Learn. Parameters of the last column are answered 501.",
        "",
        "| cmdlet | imitated | parameters | documented, not imitated |",
        "|---|---|---|---|",
    ]
    for cmdlet in sorted(CMDLETS.values(), key=lambda c: (c.name.partition("-")[2], c.name)):
        parameters = ", ".join(cmdlet.parameters) or "none"
        missing = ", ".join(cmdlet.documented) or "none"
        lines.append(f"| `{cmdlet.name}` | {_cell(cmdlet.imitated)} | {parameters} | {missing} |")
    lines += ["", "### Control API and page", "", "| operation | what it does |", "|---|---|"]
    for operation in [*simulator.control.routes.OPERATIONS, *simulator.page.routes.OPERATIONS]:
        lines.append(f"| {_cell(_address(operation))} | {_cell(operation.imitated)} |")
    return "\n".join(lines) + "\n"


def with_coverage(readme: str) -> str:
    """Return the README with a fresh table.  Raises ValueError when the marks are missing."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README} has lost the marks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{coverage()}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(with_coverage(README.read_text()))
