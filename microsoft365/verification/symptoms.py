"""What a symptom is, and where each of them is found by its name.

Owns the form. The words are in symptoms_sign_in.py, symptoms_mailboxes.py and symptoms_restriction.py; docs/verify.md
has a row for each of them, with the test that makes verification see it. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from microsoft365.verification.report import CheckName, Finding, Status


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that verification can find. The three texts hold places for facts, as `str.format` writes them."""

    name: str
    check: CheckName
    status: Status
    says: str
    cause: str = ""
    remedy: str = ""

    def found(self, mailboxes: Iterable[str] = (), **facts: Any) -> Finding:
        """Return the finding; every place of the texts needs its fact."""
        return Finding(
            check=self.check,
            symptom=self.name,
            status=self.status,
            says=self.says.format_map(facts),
            cause=self.cause.format_map(facts),
            remedy=self.remedy.format_map(facts),
            mailboxes=tuple(mailboxes),
        )


def by_name(*symptoms: Symptom) -> Mapping[str, Symptom]:
    """Return symptoms by their names, which must differ."""
    named = {symptom.name: symptom for symptom in symptoms}
    if len(named) != len(symptoms):
        raise ValueError("two symptoms have the same name")
    return named


def counted(number: int, thing: str) -> str:
    """Return `1 room`, `2 rooms`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
