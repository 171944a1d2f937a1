"""The house: imports point one way, documentation is not stale, no file grows beyond reason."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.python_source import syntax_tree

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("components", "microsoft365", "scripts", "simulator", "tests", "tools")

# What a package may import of the others. `scripts` may take components' pure modules only, and `local_tenant` alone the
# simulator: a client and a simulator that shared code would share its mistakes.
ALLOWED: dict[str, set[str]] = {
    "__main__": {"components"},
    "components": {
        "components",
        "microsoft365.connection",
        "microsoft365.credentials",
        "microsoft365.errors",
        "microsoft365.exchange.desired",
        "microsoft365.exchange.filters",
        "microsoft365.graph.rights",
        "microsoft365.validation",
    },
    "microsoft365": {"microsoft365"},
    "scripts": {
        "scripts",
        "microsoft365",
        "components.configuration",
        "components.deadlines",
        "components.hand_over_record",
        "components.secret_plan",
        "components.settings",
    },
    "scripts.local_tenant": {"scripts", "simulator"},
    "simulator": {"simulator"},
    "tools": {
        "tools",
        "components.rules",
        "components.settings",
        "components.outputs",
        "engine_build",
        "microsoft365.documents",
        "microsoft365.errors",
        "microsoft365.exchange.desired",
        "microsoft365.exchange.reading_rights",
        "microsoft365.exchange.rights",
        "microsoft365.graph.rights",
        "microsoft365.schema_version",
        "microsoft365.setups",
        "microsoft365.verification",
    },
}
# What a package may not import of the world outside: components talk to no network, the client knows nothing of Pulumi.
NETWORK = {"httpx", "socket", "ssl", "http", "urllib.request", "requests", "azure", "msal", "starlette", "uvicorn"}
FORBIDDEN: dict[str, set[str]] = {
    "__main__": NETWORK,
    "components": NETWORK,
    "microsoft365": {"pulumi", "pulumi_azuread", "pulumi_command", "typer", "rich"},
    "scripts": {"pulumi", "pulumi_azuread", "pulumi_command"},
    "simulator": {"pulumi", "pulumi_azuread", "pulumi_command", "azure", "msal"},
}
LONGEST, LONGEST_OF_TESTS = 400, 500
"""Lines of a Python file, as CONTRIBUTING.md says; tests of one concept may be longer than the concept."""
PURE = tuple(
    f"components/{name}.py"
    for name in (
        "settings",
        "rules",
        "deadlines",
        "hand_over_record",
        "secret_plan",
        "secret_rules",
        "secret_limits",
        "configuration",
        "refusals",
        "outputs",
    )
)


def sources() -> Iterator[Path]:
    yield ROOT / "__main__.py"
    for package in PACKAGES:
        yield from sorted(path for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts)


def shipped() -> Iterator[Path]:
    yield from (path for path in sources() if "tests" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def test_imports_point_one_way() -> None:
    wrong = set()
    for path in shipped():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        allowed = ALLOWED.get(name, ALLOWED[name.partition(".")[0]])
        ours = {module for module in imported(path) if module.partition(".")[0] in PACKAGES}
        wrong |= {(name, module) for module in ours if not within(module, allowed)}
    assert wrong == set()


def test_no_package_reaches_for_what_is_not_its_business() -> None:
    wrong = set()
    for path in sources():
        forbidden = FORBIDDEN.get(path.relative_to(ROOT).with_suffix("").parts[0], set())
        wrong |= {(str(path), module) for module in imported(path) if within(module, forbidden)}
    assert wrong == set()


def test_no_file_grows_beyond_reason() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    limits = {name: LONGEST_OF_TESTS if name.startswith("tests/") else LONGEST for name in lengths}
    assert {name: length for name, length in lengths.items() if length > limits[name]} == {}


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_no_pulumi(name: str) -> None:
    assert [module for module in imported(ROOT / name) if module.startswith("pulumi")] == []


def test_component_modules_have_real_annotations() -> None:
    """Pulumi reads the annotations of components: as texts they break it."""
    for path in (ROOT / "components").glob("*.py"):
        assert "__future__.annotations" not in set(imported(path)), path


def test_one_way_to_parse_a_file() -> None:
    """`ast.parse` fails now and then on CPython 3.11.7; tools/python_source.py says why and has the way out."""
    elsewhere = [str(path.relative_to(ROOT)) for path in sources() if "ast.parse(" in path.read_text(encoding="utf-8")]
    assert [path for path in elsewhere if path != "tests/unit/test_house.py"] == ["tools/python_source.py"]


def test_every_module_says_what_it_owns() -> None:
    assert [str(path) for path in sources() if not ast.get_docstring(syntax_tree(path))] == [], "no docstring"


def test_generated_documentation_is_fresh() -> None:
    result = subprocess.run(
        [sys.executable, "tools/generate_documentation.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def files_by_invariant() -> dict[int, set[str]]:
    """The files that hold tests of each invariant, by their names: `test_invariant_1_4_and_6_...` is one of all three."""
    found: dict[int, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for numbers in re.findall(r"def test_invariant_(\d(?:_\d)*(?:_and_\d)?)_", path.read_text(encoding="utf-8")):
            for number in re.findall(r"\d", numbers):
                found.setdefault(int(number), set()).add(str(path.relative_to(ROOT / "tests")))
    return found


def named_by_contributing() -> dict[int, set[str]]:
    """The files that CONTRIBUTING.md names for each; a name without a folder is in the folder of the one before it."""
    found: dict[int, set[str]] = {}
    for line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines():
        row = re.match(r"\| (\d+) \| .* \| (.*) \|$", line)
        if row is None:
            continue
        folder = ""
        for name in re.findall(r"`([^`]+\.py)`", row[2]):
            folder = name.rpartition("/")[0] or folder
            found.setdefault(int(row[1]), set()).add(f"{folder}/{name.rpartition('/')[2]}")
    return found


def test_contributing_names_exactly_the_files_that_test_an_invariant() -> None:
    table, files = named_by_contributing(), files_by_invariant()
    assert sorted(table) == sorted(files) == [1, 2, 3, 4, 5, 6]
    wrong = {number: (sorted(files[number] - table[number]), sorted(table[number] - files[number])) for number in files}
    assert {number: found for number, found in wrong.items() if found != ([], [])} == {}, "missing, too many"


def named_tests(path: Path) -> set[str]:
    return {node.name for node in ast.walk(syntax_tree(path)) if isinstance(node, ast.FunctionDef)}


def assert_rows_name_tests(page: str, first_heading: str, at_least: int) -> None:
    """Every row of the table below a heading row ends with tests that exist: a row without a test is a promise without one."""
    lines = iter((ROOT / "docs" / page).read_text(encoding="utf-8").splitlines())
    rows: list[str] = []
    for line in lines:
        if line.startswith(f"| {first_heading} |"):
            next(lines)
            for row in lines:
                if not row.startswith("| "):
                    break
                rows.append(row)
    assert len(rows) >= at_least
    for row in rows:
        assert_they_exist(row.rsplit(" | ", 1)[1])


def assert_they_exist(text: str) -> None:
    """A text names tests as `file::function` below tests/, at least one, and each is there."""
    named = re.findall(r"`([a-z_/0-9]+\.py)::(test_\w+)`", text)
    assert named, text
    for file, function in named:
        assert (ROOT / "tests" / file).is_file(), file
        assert function in named_tests(ROOT / "tests" / file), f"{file}::{function}"


def test_every_section_about_a_disturbed_run_names_tests_that_exist() -> None:
    """docs/reliability.md, but for the last section, which a campaign writes."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    _, *sections = page.partition("<!-- campaign -->")[0].split("\n## ")
    assert len(sections) == 8
    for section in sections[:-1]:
        assert_they_exist(section.rpartition("\n\nTests: ")[2])


def test_every_trap_of_exchange_names_a_test_that_exists() -> None:
    assert_rows_name_tests("exchange-traps.md", "trap", 50)


def test_the_nightly_run_has_every_test_that_is_marked_for_it() -> None:
    """A test that is in neither run is no test."""
    told = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "nightly"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    run = re.findall(r"tests/[\w/.]+", told.stdout.splitlines()[-1])
    assert len(run) > 10
    mark = "mark." + "nightly"
    marked = [
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py") if mark in path.read_text("utf-8")
    ]
    assert len(marked) > 10
    assert [path for path in marked if not any(path == one or path.startswith(f"{one}/") for one in run)] == []


def test_every_claim_of_the_security_review_names_a_test_that_exists() -> None:
    assert_rows_name_tests("security.md", "claim", 25)


def test_nothing_switches_the_check_of_certificates_off() -> None:
    """No `verify=False`, no context without a check, no request over plain HTTP that would carry a token."""
    assert {str(path): found for path in shipped() if (found := unchecked(path))} == {}


def unchecked(path: Path) -> list[str]:
    found = []
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.keyword) and node.arg in {"verify", "check_hostname"}:
            found += [node.arg] if isinstance(node.value, ast.Constant) and node.value.value is False else []
        elif isinstance(node, ast.Attribute) and node.attr in {"CERT_NONE", "_create_unverified_context"}:
            found.append(node.attr)
        elif isinstance(node, ast.Assign):
            targets = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
            found += [name for name in targets if name in {"check_hostname", "verify_mode"}]
    return found
