"""The official Pulumi release and the official plug-ins, for machines that can reach the vendor.

Owns the address of the release, the comparison with its published checksum, and the folder `.local/pulumi-vX.Y.Z`.
Refuses to decide whether a download is wanted (engine_choice.py).

Pulumi publishes each release with the file pulumi-X.Y.Z-checksums.txt: a line with the SHA-256 and the name for each
archive (https://github.com/pulumi/pulumi/releases).
"""

import hashlib
import os
import platform
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.progress import Progress, SetUpError

RELEASES = "https://github.com/pulumi/pulumi/releases/download"
REACH_SECONDS = 4.0  # a host that is not reachable at all costs set-up no more than this
TRANSFER_SECONDS = 60.0  # without one byte
MEGABYTE = 1 << 20
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def archive_name(version: str, system: str, machine: str) -> str | None:
    """Return the name of the official archive for `platform.system()` and `platform.machine()`, or None."""
    architecture = MACHINES.get(machine.lower())
    if system not in {"Linux", "Darwin"} or architecture is None:
        return None
    return f"pulumi-v{version}-{system.lower()}-{architecture}.tar.gz"


def published_checksum(checksums: str, archive: str) -> str | None:
    """Return the SHA-256 (hexadecimal) that the release's checksum file gives for `archive`, or None."""
    for line in checksums.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].removeprefix("*") == archive:
            return words[0].lower()
    return None


@dataclass(frozen=True)
class Release:
    """One official release, and the place in `.local` where it is or will be."""

    version: str
    local: Path
    source: str = RELEASES

    @property
    def program(self) -> Path:
        """The command line; its language hosts lie beside it."""
        return self.local / f"pulumi-v{self.version}" / "pulumi"

    def is_installed(self) -> bool:
        """Whether it is there, as a whole: the folder gets its name last."""
        return self.program.exists()

    def install(self, progress: Progress) -> str | None:
        """Download, verify and unpack it unless it is there; return why that cannot be done, or None.

        Raises:
            SetUpError: what was downloaded is not what the vendor published. That is never passed over.

        """
        if self.is_installed():
            return None
        archive = archive_name(self.version, platform.system(), platform.machine())
        if archive is None:
            return f"there is none for {platform.system()} on {platform.machine()}"
        base = f"{self.source}/v{self.version}"
        try:
            request = urllib.request.Request(f"{base}/{archive}", method="HEAD")  # noqa: S310 - our own address
            with urllib.request.urlopen(request, timeout=REACH_SECONDS):  # noqa: S310
                pass
            return self._fetch(base, archive, progress)
        except (urllib.error.URLError, OSError) as error:
            return f"{base}/{archive} cannot be had: {getattr(error, 'reason', None) or error}"

    def _fetch(self, base: str, archive: str, progress: Progress) -> str | None:
        checksums_name = f"pulumi-{self.version}-checksums.txt"
        with urllib.request.urlopen(f"{base}/{checksums_name}", timeout=TRANSFER_SECONDS) as answer:  # noqa: S310
            expected = published_checksum(answer.read().decode(), archive)
        if expected is None:
            return f"{checksums_name} has no line for {archive}"
        self.local.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.local, prefix="download-") as folder:
            file = Path(folder) / archive
            with urllib.request.urlopen(f"{base}/{archive}", timeout=TRANSFER_SECONDS) as answer:  # noqa: S310
                size = int(answer.headers.get("Content-Length") or 0)
                progress.say(f"Downloading the official {archive} ({size // MEGABYTE} MB)")
                found = _copy(answer, file, size, progress)
            if found != expected:
                raise SetUpError(
                    f"{base}/{archive} has the SHA-256 {found}, and {checksums_name} says {expected}. It was thrown "
                    "away and nothing was installed. Try again; if it stays so, somebody changes what you download. "
                    "ROOMZ_ENGINE=build builds Pulumi from Go modules instead."
                )
            progress.pause(0)
            progress.say("Its SHA-256 is the published one; unpacking it")
            with tarfile.open(file) as opened:
                opened.extractall(folder, filter="data")
            target = self.program.parent
            shutil.rmtree(target, ignore_errors=True)
            (Path(folder) / "pulumi").rename(target)
        return None


def install_plugins(program: Path, home: Path, plugins: Mapping[str, str], root: Path, progress: Progress) -> None:
    """Let an official Pulumi fetch the official plug-ins into `home` unless they are there.

    Raises:
        SetUpError: it could not.

    """
    for name, version in plugins.items():
        folder = home / "plugins" / f"resource-{name}-v{version}"
        if folder.exists():
            continue
        progress.say(f"Installing the official plug-in {name} {version}")
        progress.run(
            [program, "plugin", "install", "resource", name, version],
            doing=f"installing the plug-in {name}",
            folder=root,
            environment=os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )


def _copy(answer: IO[bytes], file: Path, size: int, progress: Progress) -> str:
    """Write `answer` into `file` with a line each quarter, and return its SHA-256 (hexadecimal).

    Raises:
        StoppedError: another step failed, or the user stopped it.

    """
    digest = hashlib.sha256()
    written = 0
    quarter = 1
    with file.open("wb") as target:
        while chunk := answer.read(MEGABYTE):
            progress.pause(0)
            target.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            if size and written * 4 >= size * quarter:
                progress.say(f"  {written // MEGABYTE} of {size // MEGABYTE} MB")
                quarter = written * 4 // size + 1
    return digest.hexdigest()
