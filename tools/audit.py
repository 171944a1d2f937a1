"""Known weaknesses of what is pinned: `python -m tools.audit [--json]` (`make audit`).

Owns which lists are asked, and what counts as an answer: pip-audit asks for the Python packages of both locks, govulncheck for the
engine, plug-ins and actionlint that were built on this machine. A list that could not be asked, for one package even, is never told
as "nothing found". Refuses to change a pin.

Exit codes: 0 every list answered and none knows a weakness; 7 there are known weaknesses; 4 a list could not be asked, and none
that could knows of any; 2 wrong arguments.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.lock_file import Pin, read_pins
from tools.progress import Progress, SetUpError
from tools.set_up_actionlint import find_actionlint

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements-dev.txt", "examples/key_vault/requirements.txt")
"""The developers' lock holds the shipped one; tests/unit/test_lock.py sees to that."""
SERVICES = ("pypi", "osv")
GOVULNCHECK = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
DATABASE = "golang.org/x/vulndb"
FOUND, UNANSWERED = 7, 4
_LAST_WORDS = 300


@dataclass(frozen=True)
class Weakness:
    """One that a list knows, in `where`: a lock or a program. `fixed` are the versions without it."""

    where: str
    package: str
    version: str
    name: str
    fixed: str

    def __str__(self) -> str:
        """Return it as one line, with the remedy where there is one."""
        remedy = f"without it from {self.fixed} on" if self.fixed else "no version without it is known"
        return f"{self.where}: {self.package} {self.version}: {self.name}; {remedy}"


@dataclass(frozen=True)
class Answer:
    """What a list knows, and what it could not be asked for."""

    weaknesses: tuple[Weakness, ...] = ()
    unanswered: tuple[str, ...] = ()


class UnreachableError(Exception):
    """A list gave no answer at all; the text says what it said instead."""


def answer_of_pip_audit(lock: str, document: Mapping[str, Any], asked: Iterable[Pin]) -> Answer:
    """Return what pip-audit's JSON says of each package that was asked for; one that it passes over has no answer."""
    told = {entry["name"].lower(): entry for entry in document.get("dependencies") or ()}
    weaknesses: list[Weakness] = []
    unanswered: list[str] = []
    for pin in asked:
        entry = told.get(pin.name)
        if entry is None or "skip_reason" in entry or "vulns" not in entry:
            unanswered.append(f"{pin.name} {pin.version}")
            continue
        weaknesses += [
            Weakness(lock, pin.name, pin.version, known["id"], ", ".join(known.get("fix_versions") or ()))
            for known in entry["vulns"]
        ]
    return Answer(tuple(weaknesses), tuple(unanswered))


def answer_of_govulncheck(program: str, text: str) -> Answer:
    """Return what govulncheck's stream of JSON documents says of one program, each weakness once.

    Raises:
        UnreachableError: it is no such stream, or does not say which database was asked.

    """
    decoder, documents, position = json.JSONDecoder(), list[dict[str, Any]](), 0
    text = text.strip()
    try:
        while position < len(text):
            document, end = decoder.raw_decode(text, position)
            documents.append(document)
            position = end + len(text[end:]) - len(text[end:].lstrip())
    except ValueError:
        raise UnreachableError(text[-_LAST_WORDS:]) from None
    if not any((document.get("config") or {}).get("db") for document in documents):
        raise UnreachableError(text[-_LAST_WORDS:] or "no answer")
    found: dict[tuple[str, str], Weakness] = {}
    for document in documents:
        finding = document.get("finding")
        if finding:
            place = finding["trace"][0]
            key = (place["module"], finding["osv"])
            fixed = finding.get("fixed_version") or ""
            found.setdefault(key, Weakness(program, key[0], place.get("version") or "", key[1], fixed))
    return Answer(tuple(found[key] for key in sorted(found)))


def exit_code(answers: Sequence[Answer]) -> int:
    """Return the exit code: what was found counts for more than what could not be asked."""
    if any(answer.weaknesses for answer in answers):
        return FOUND
    return UNANSWERED if any(answer.unanswered for answer in answers) else 0


def as_document(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return what `--json` prints: `{"weaknesses": [{"where", "package", "version", "name", "fixed"}], "unanswered": ["NAME VERSION"]}`."""
    return {
        "weaknesses": [asdict(weakness) for answer in answers for weakness in answer.weaknesses],
        "unanswered": [name for answer in answers for name in answer.unanswered],
    }


def in_one_line(answers: Sequence[Answer]) -> str:
    """Return how many weaknesses are known; one that a package has in several places is one."""
    found = [(weakness.package, weakness.name) for answer in answers for weakness in answer.weaknesses]
    number = len(set(found))
    each = f" ({len(found)} with each lock and program counted)" if number < len(found) else ""
    return f"{number} known weakness{'' if number == 1 else 'es'}{each} in what could be asked for."


def ask_for_python(lock: str, progress: Progress) -> Answer:
    """Ask one service after another, until one answers for every package of a lock."""
    pins = read_pins((ROOT / lock).read_text(encoding="utf-8"))
    best: Answer | None = None
    for service in SERVICES:
        progress.say(f"Asking {service} for the {len(pins)} packages of {lock}")
        try:
            answer = answer_of_pip_audit(lock, _pip_audit(pins, service), pins)
        except UnreachableError as error:
            progress.say(f"  {service} cannot be asked: {error}")
            continue
        if not answer.unanswered:
            return answer
        progress.say(f"  {service} does not answer for {len(answer.unanswered)} of them")
        if best is None or len(answer.unanswered) < len(best.unanswered):
            best = answer
    return best or Answer(unanswered=tuple(f"{pin.name} {pin.version}" for pin in pins))


def _pip_audit(pins: Sequence[Pin], service: str) -> dict[str, Any]:
    """Ask for each pin, whatever its marker: what ships to one platform ships."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"),
                *("--format", "json", "--vulnerability-service", service, "--requirement", asked),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise UnreachableError((done.stderr.strip().splitlines() or ["no answer"])[-1][:_LAST_WORDS]) from None
    return document if isinstance(document, dict) else {}


def built_programs() -> list[Path]:
    """Return what was built from Go modules on this machine; a Pulumi of the vendor's is the vendor's business."""
    programs = [path for path in (find_actionlint(os.environ),) if path]
    file = ROOT / ".local" / "engine.json"
    engine = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if engine.get("origin") == "built":
        folder = Path(engine["binFolder"])
        programs += [folder / "pulumi", folder / "pulumi-language-python", folder / "pulumi-language-python-host"]
        programs += sorted(Path(engine["pluginsFolder"]).glob("*/pulumi-resource-*"))
    return programs


def ask_for_go(programs: Sequence[Path], progress: Progress) -> Answer:
    """Ask Go's list of weaknesses for programs: its own host, else the list as it is published as a Go module."""
    go = shutil.which("go")
    if go is None:
        progress.say("There is no Go to ask with: https://go.dev/dl/")
        return Answer(unanswered=tuple(program.name for program in programs))
    with tempfile.TemporaryDirectory() as folder:
        database: tuple[str, ...] = ()
        answers: list[Answer] = []
        for program in programs:
            progress.say(f"Asking Go's list of weaknesses for {program.name}")
            try:
                try:
                    answers.append(_govulncheck(go, program, database))
                except UnreachableError as error:
                    if database:
                        raise
                    progress.say(f"  its host cannot be asked ({error}); the list is taken from the module {DATABASE}")
                    database = ("-db", _database(go, Path(folder), progress))
                    answers.append(_govulncheck(go, program, database))
            except (UnreachableError, SetUpError) as error:
                progress.say(f"  it cannot be asked: {error}")
                answers.append(Answer(unanswered=(program.name,)))
    return Answer(
        tuple(weakness for answer in answers for weakness in answer.weaknesses),
        tuple(name for answer in answers for name in answer.unanswered),
    )


def _govulncheck(go: str, program: Path, database: Sequence[str]) -> Answer:
    done = subprocess.run(
        [go, "run", GOVULNCHECK, "-mode", "binary", "-scan", "module", "-format", "json", *database, program],
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UnreachableError(" ".join(done.stderr.split())[-_LAST_WORDS:])
    return answer_of_govulncheck(program.name, done.stdout)


def _database(go: str, folder: Path, progress: Progress) -> str:
    """Make the list from the newest version of its Go module, whose hash Go checks, and return its address."""
    done = subprocess.run(
        [go, "mod", "download", "-json", f"{DATABASE}@latest"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UnreachableError(" ".join(done.stderr.split())[-_LAST_WORDS:] or "no answer")
    module = json.loads(done.stdout)
    progress.say(f"  the list is that of {module['Version']}")
    target = folder / "database"
    program = f"{DATABASE}/cmd/indexdb@{module['Version']}"
    progress.run(
        [go, "run", program, "-vulns", Path(module["Dir"]) / "data" / "osv", "-out", target],
        doing="making Go's list of weaknesses",
        folder=folder,
    )
    return target.as_uri()


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask every list and tell what they know; the exit code is the module's."""
    parser = argparse.ArgumentParser(
        prog="audit", description="Look for known weaknesses of everything that is pinned."
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON on standard output")
    options = parser.parse_args(arguments)
    progress = Progress(ROOT / ".local" / "audit.log")
    answers = [*(ask_for_python(lock, progress) for lock in LOCKS), ask_for_go(built_programs(), progress)]
    if options.json:
        sys.stdout.write(json.dumps(as_document(answers), indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{weakness}\n" for answer in answers for weakness in answer.weaknesses)
    unanswered = [name for answer in answers for name in answer.unanswered]
    if unanswered:
        sys.stderr.write(
            f"NOT ASKED, so nothing is known of {len(unanswered)}: {', '.join(unanswered)}. Run it again where the lists can be reached.\n"
        )
    sys.stderr.write(f"{in_one_line(answers)}\n")
    return exit_code(answers)


if __name__ == "__main__":
    sys.exit(main())
