"""Pulumi and its two plug-ins built from Go modules, once per machine.

Owns the cache folder, the key of a build, the lock and the Go commands. Refuses to decide whether a build is wanted
(engine_choice.py), and to change a Go module: what is built is fixed by the go.mod and go.sum files in tools/engine/.

    <cache>/engine/<key>/bin/       pulumi, pulumi-language-python and what belongs to it
    <cache>/engine/<key>/plugins/   resource-azuread-vX.Y.Z/, resource-command-vX.Y.Z/
    <cache>/engine/<key>/built.json what was built from what
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.progress import HEARTBEAT_SECONDS, LOOK_SECONDS, Progress, SetUpError
from tools.side_by_side import side_by_side

CACHE_VARIABLE = "ROOMZ_CACHE_FOLDER"
KEY_LETTERS = 16
VERSION_PACKAGE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
FLAGS = {
    # What makes a build depend on tools/engine alone, and on no C compiler.
    "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "CGO_ENABLED": "0",
}
COMPILED = "all=-dwarf=false"
LINKED = "-s -w"
"""What a debugger reads is neither written nor left in; a stack trace is not made from it."""
LANES = 2
"""Programs that are built at a time: while one waits for a registry or for its last packages, the other has work."""
SOURCES = {".go", ".mod", ".sum"}
EXECUTOR = "python/cmd/pulumi-language-python-exec"


@dataclass(frozen=True)
class Part:
    """One program of the engine: in which Go module it is built (a folder of tools/engine), from which package."""

    what: str
    module: str
    package: str
    file: str
    linked: str = ""


def parts(version: str, plugins: Mapping[str, str]) -> list[Part]:
    """Return everything that is built, the slowest first."""
    return [
        Part(
            "the pulumi command line",
            "cli",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            "bin/pulumi",
            f"-X {VERSION_PACKAGE}=v{version}",
        ),
        *(
            Part(
                f"the {name} plug-in",
                "plugins",
                f"./{name}",
                f"plugins/resource-{name}-v{release}/pulumi-resource-{name}",
                f"-X main.version={release}",
            )
            for name, release in plugins.items()
        ),
        Part(
            "the Python language host",
            "language_host",
            f"{SDK_MODULE}/python/cmd/pulumi-language-python",
            "bin/pulumi-language-python-host",
        ),
        Part("its launcher", "language_host", "./launcher", "bin/pulumi-language-python"),
    ]


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder for this project: ROOMZ_CACHE_FOLDER, or `roomz` in the usual place."""
    if environment.get(CACHE_VARIABLE):
        return Path(environment[CACHE_VARIABLE]).expanduser().absolute()
    usual = environment.get("XDG_CACHE_HOME")
    return (Path(usual) if usual else Path.home() / ".cache").absolute() / "roomz"


def build_key(root: Path, recipe: object, system: str, machine: str) -> str:
    """Return the key of what `recipe` (the parts and flags) builds from tools/engine of the checkout `root`.

    It is a hash of the Go sources, go.mod and go.sum there with their places, of the recipe, and of the kind of
    machine. Where the checkout lies, when it was made, and every other file do not matter.
    """
    digest = hashlib.sha256(json.dumps([repr(recipe), system, machine]).encode())
    engine = root / "tools" / "engine"
    for file in sorted(file for file in engine.rglob("*") if file.suffix in SOURCES):
        content = file.read_bytes()
        digest.update(f"\0{file.relative_to(engine).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:KEY_LETTERS]


def built_folder(root: Path, cache: Path, version: str, plugins: Mapping[str, str]) -> Path:
    """Return where the finished programs are or will be; the folder gets its name last, so it is whole if it exists."""
    recipe = (parts(version, plugins), FLAGS, COMPILED, LINKED, EXECUTOR)
    return cache / "engine" / build_key(root, recipe, platform.system(), platform.machine())


def needed_go(root: Path) -> tuple[int, ...]:
    """Return the newest Go version that a go.mod of tools/engine asks for, like (1, 25, 11)."""
    asked = []
    for file in (root / "tools" / "engine").glob("*/go.mod"):
        match = re.search(r"^go (\d+(?:\.\d+)*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            asked.append(tuple(int(part) for part in match[1].split(".")))
    return max(asked)


def refusal_of_go(needed: tuple[int, ...], answer: str | None) -> str | None:
    """Return the one line for a machine whose `go version` gives `answer` (None: there is no go), or None."""
    wanted = ".".join(str(part) for part in needed)
    remedy = (
        f"Install Go {wanted} or newer from https://go.dev/dl/ and put its bin folder on PATH, or install Pulumi from "
        "https://www.pulumi.com/docs/install/; then run the same command again."
    )
    if answer is None:
        return f"To build Pulumi from Go modules, Go is needed, and there is no `go` on PATH. {remedy}"
    match = re.search(r"go(\d+(?:\.\d+)*)", answer)
    if match is None or tuple(int(part) for part in match[1].split(".")) < needed:
        return (
            f"To build Pulumi from Go modules, Go {wanted} or newer is needed, and this is {answer.strip()}. {remedy}"
        )
    return None


def build(root: Path, cache: Path, version: str, plugins: Mapping[str, str], progress: Progress) -> Path:
    """Return the folder of the finished programs, after building them if no set-up on this machine has done so.

    Raises:
        SetUpError: Go is missing or too old (exit code 2), or a build failed.

    """
    finished = built_folder(root, cache, version, plugins)
    if finished.exists():
        return finished
    refusal = refusal_of_go(needed_go(root), _go_version())
    if refusal:
        raise SetUpError(refusal, exit_code=2)
    finished.parent.mkdir(parents=True, exist_ok=True)
    with _lock(finished.with_suffix(".lock"), progress):
        if finished.exists():
            return finished
        for leftover in finished.parent.glob(f"{finished.name}.building-*"):
            shutil.rmtree(leftover)
        unfinished = finished.parent / f"{finished.name}.building-{os.getpid()}"
        unfinished.mkdir()
        _build_all(root, unfinished, version, plugins, progress)
        unfinished.rename(finished)
    return finished


def _build_all(root: Path, target: Path, version: str, plugins: Mapping[str, str], progress: Progress) -> None:
    engine = root / "tools" / "engine"
    environment = frugal(memory(), os.cpu_count() or 1) | _go_environment()
    wanted = parts(version, plugins)
    progress.say(
        f"Building Pulumi {version} from Go modules: once for this machine, about six minutes on two processors with "
        "an empty Go cache, 4 GB in it"
    )

    def build_part(number: int, part: Part) -> None:
        which = f"({number} of {len(wanted)})"
        progress.say(f"{which} Building {part.what} from {part.package} (tools/engine/{part.module})")
        file = target / part.file
        file.parent.mkdir(parents=True, exist_ok=True)
        linked = f"{LINKED} {part.linked}".strip()
        took = progress.run(
            ["go", "build", f"-gcflags={COMPILED}", "-ldflags", linked, "-o", file, part.package],
            doing=f"building {part.what}",
            folder=engine / part.module,
            environment=environment,
        )
        progress.say(f"{which} {part.what} is built, in {took:.0f} s")

    steps = [partial(build_part, number, part) for number, part in enumerate(wanted, start=1)]
    side_by_side(progress, steps, lanes=LANES)
    sdk = _go_answer(["list", "-m", "-f", "{{.Dir}}", SDK_MODULE], engine / "cli", environment)
    executor = target / "bin" / Path(EXECUTOR).name
    shutil.copyfile(Path(sdk) / EXECUTOR, executor)  # without the module cache's read-only mode
    executor.chmod(0o755)
    record = {
        "pulumi": version,
        "go": _go_version(),
        "parts": [{"file": part.file, "package": part.package, "module": part.module} for part in wanted],
    }
    (target / "built.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def frugal(size: int, processors: int) -> dict[str, str]:
    """Return variables that let Go's compiler collect garbage only where a machine of `size` bytes of memory needs it, or none.

    Go starts one compiler for each processor in each lane, each for seconds: most of them end before they hold much, and a third of
    their time went into the collector (docs/performance.md). Together they get half of the memory. The largest packages need a
    gibibyte; where that is not there, Go's own way is quicker than a limit that is always reached.
    """
    each = size // 2 // (LANES * processors)
    return {"GOGC": "off", "GOMEMLIMIT": str(each)} if each >= 1 << 30 else {}


def memory(limit: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Return how many bytes of memory there are: the machine's, or what its container may use (`limit`, cgroup version 2)."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    text = limit.read_text(encoding="utf-8").strip() if limit.is_file() else ""
    return min(machine, int(text)) if text.isdigit() else machine


def _go_environment() -> dict[str, str]:
    return os.environ | FLAGS


def _go_version() -> str | None:
    try:
        return _go_answer(["version"], Path.cwd(), _go_environment())
    except FileNotFoundError:
        return None


def _go_answer(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    answer = subprocess.run(
        ["go", *arguments], cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise SetUpError(f"`go {' '.join(arguments)}` failed: {answer.stderr.strip()}")
    return answer.stdout.strip()


@contextmanager
def _lock(file: Path, progress: Progress) -> Iterator[None]:
    """Hold an exclusive lock; the system lets go of it when this process ends, however it ends."""
    with file.open("w") as opened:
        said = -HEARTBEAT_SECONDS
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - said >= HEARTBEAT_SECONDS:
                    progress.say("Another set-up on this machine is building Pulumi; waiting for it")
                    said = time.monotonic()
                progress.pause(LOOK_SECONDS)
        yield
