"""The last column of CONTRIBUTING.md's table of invariants: the files whose tests are named after each.

Owns the form of the column and the order of folders. The promises are written by hand, beside it.
"""

import re
from pathlib import Path

# From the outside to the inside; folders that are not here follow by name.
_ORDER = ("end_to_end", "component", "desired_state", "unit")


def _files(tests: Path) -> dict[int, dict[str, set[str]]]:
    """Return the files of each invariant by their folder; `test_invariant_1_4_and_6_...` is one of all three."""
    found: dict[int, dict[str, set[str]]] = {}
    for path in tests.rglob("test_*.py"):
        for numbers in re.findall(
            r"^ *(?:async )?def test_invariant_(\d(?:_\d)*(?:_and_\d)?)_", path.read_text("utf-8"), re.M
        ):
            for number in re.findall(r"\d", numbers):
                folder = str(path.parent.relative_to(tests))
                found.setdefault(int(number), {}).setdefault(folder, set()).add(path.name)
    return found


def with_tests(text: str, tests: Path) -> str:
    """Return CONTRIBUTING.md's text with the fresh column."""
    files = _files(tests)

    def fresh(row: re.Match[str]) -> str:
        by_folder = files.get(int(row[2]), {})
        folders = sorted(by_folder, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
        return f"{row[1]}{'; '.join(_named(folder, by_folder[folder]) for folder in folders)} |"

    return re.sub(r"^(\| (\d+) \| .* \| ).* \|$", fresh, text, flags=re.M)


def _named(folder: str, names: set[str]) -> str:
    """Return the files of a folder; it stands before the first of them."""
    first, *others = sorted(names)
    return ", ".join([f"`{folder}/{first}`", *(f"`{name}`" for name in others)])
