"""The table of docs/verify.md: every symptom, what it tells the person, and the test that makes verification see it.

Owns which tests count: those below tests/verification/ and in tests/unit/test_verification.py whose own text names the
symptom. Owns no words: the symptoms' are in microsoft365/verification/symptoms_*.py.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from microsoft365.verification.report import CHECKS, Status
from microsoft365.verification.symptoms import Symptom
from microsoft365.verification.symptoms_mailboxes import CONTROL, ROOMS, TITLES, WRITE
from microsoft365.verification.symptoms_restriction import RESTRICTION
from microsoft365.verification.symptoms_sign_in import HAND_OVER, PERMISSIONS, SIGN_IN
from tools.python_source import syntax_tree

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/verification", "tests/unit/test_verification.py")
SYMPTOMS: tuple[Symptom, ...] = tuple(
    symptom
    for symptoms in (SIGN_IN, PERMISSIONS, ROOMS, WRITE, TITLES, CONTROL, RESTRICTION, HAND_OVER)
    for symptom in symptoms.values()
)
_COLOURS: dict[Status, str] = {
    "passed": "green",
    "failed": "red",
    "pending": "not yet",
    "noted": "note",
    "skipped": "not asked",
}
# What stands in the places of a sentence, where a word says more than three dots.
_EXAMPLES = {
    "rooms": "3 rooms",
    "events": "2 events",
    "meetings": "4 meetings",
    "control": "somebody@contoso.com",
    "tested": "Exchange's own test",
    "up": "`pulumi up`",
    "age": "12 s",
    "of_stack": "",
    "which": "",
    "doors": "",
    "or_new": "",
    "consent": "pulumi up --refresh makes it",
    "held": "Calendars.ReadWrite, and nothing else",
    "roles": "Mail.Read of Microsoft Graph",
    "figure": "see [above](#wait-for-microsoft)",
    "delay": "[time](#wait-for-microsoft)",
    "patience": "ask again as said [above](#wait-for-microsoft)",
    "by": "an application access policy keeps it to the group RoomzResources (25 members)",
    "subject": "roomz:roomz/prod",
}
# Symptoms whose sentence goes on as after `3 rooms`, not as after `3 rooms are`.
_BARE = {"rooms-readable", "room-leaves", "room-not-online", "room-unexpected"}


_DUE = {
    "hand-over-pending": "To do within 30 days: client secret generation 1 is not recorded as handed over …",
    "hand-over-overdue": "OVERDUE: client secret generation 1 is not recorded as handed over …: the displays stand still",
    "renewal-due": "To do within 60 days: client secret generation 0 ends on …",
    "renewal-overdue": "OVERDUE: client secret generation 0 ended on … and nothing has followed it: the displays stand still",
}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return _EXAMPLES.get(key, "…")


def table() -> str:
    """Return the table; raises SystemExit for a symptom that no test makes verification see."""
    found = where_seen()
    missing = [symptom.name for symptom in SYMPTOMS if symptom.name not in found]
    if missing:
        raise SystemExit(f"no test makes verification see {', '.join(missing)}; write one in tests/verification/")
    lines = ["| symptom | | what it tells the person | seen in |", "|---|---|---|---|"]
    lines += [_row(symptom, found[symptom.name][0]) for symptom in SYMPTOMS]
    return "\n".join(lines)


def where_seen() -> dict[str, list[str]]:
    """Return the tests that name each symptom, as `file::test`."""
    found: dict[str, list[str]] = {}
    names = {symptom.name for symptom in SYMPTOMS}
    for path in _files():
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for name in sorted(names & set(_texts(node))):
                    found.setdefault(name, []).append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def _files() -> Iterator[Path]:
    for place in TESTS:
        path = ROOT / place
        yield from sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


def _texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _row(symptom: Symptom, test: str) -> str:
    facts = _Facts(roles="Calendars.ReadWrite is") if symptom.name == "grant-beside-rbac" else _Facts()
    if symptom.check == "handOver":
        how = "hand it over …" if symptom.name.startswith("hand-over") else "issue generation 1 with: pulumi up …"
        facts = _Facts(said=_DUE[symptom.name], how=how)
    if symptom.name == "consent-waits":
        facts["consent"] = (
            "a Privileged Role Administrator opens … and presses Grant admin consent; or accepts at … (docs/consent.md)"
        )
    if symptom.check == "rooms" and symptom.name not in _BARE:
        facts["rooms"] = "3 rooms are"
    parts = [
        symptom.says,
        f"*Why:* {symptom.cause}" if symptom.cause else "",
        f"*Do:* {symptom.remedy}" if symptom.remedy else "",
    ]
    told = ". ".join(_begun(part.format_map(facts)) for part in parts if part).replace("|", "\\|")
    path, _, name = test.partition("::")
    seen = f"[{Path(path).stem}](../{path}): `{name}`"
    return f"| {CHECKS[symptom.check]}<br>`{symptom.name}` | {_COLOURS[symptom.status]} | {told} | {seen} |"


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
