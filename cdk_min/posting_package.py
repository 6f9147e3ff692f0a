"""The posting server's code as Lambda runs it: the modules it is made of, beside wheels for the function's platform."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from modulefinder import ModuleFinder
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(__file__).resolve().with_name("posting_server_requirements.txt")
ENTRY = "core.backends.posting_entry"
NETWORKS = "core.publishing.networks"
PYTHON = "3.14"
LAMBDA_ON_ARM = (
    *("--platform", "manylinux_2_28_aarch64", "--platform", "manylinux2014_aarch64"),
    *("--implementation", "cp", "--python-version", PYTHON),
)
"""For pip: Amazon Linux 2023 has glibc 2.34, so wheels that ask for 2.28, or for 2.17 (manylinux2014), run there."""
LONGEST_INSTALL = 300
"""Seconds."""


class PackageNotBuilt(Exception):
    """The posting server's package cannot be put together."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The posting server's package could not be built: {reason}")


def posting_package(builds: Path, platform: Sequence[str] = LAMBDA_ON_ARM) -> Path:
    """Return the folder to deploy, inside `builds`; it is built unless it is there, from the very same content.

    `platform` tells pip whose wheels to choose. Nothing is compiled and no Docker is needed. Raises PackageNotBuilt.
    """
    modules = sorted(_modules())
    folder = builds / f"posting-server-{_digest(modules, platform)}"
    if folder.exists():
        return folder
    builds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=builds) as unfinished:
        fresh = Path(unfinished) / "package"
        _install(fresh, platform)
        for module in modules:
            target = fresh / module.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, target)
        fresh.rename(folder)
    return folder


def _modules() -> Iterator[Path]:
    """Yield the files of all modules of this repository that the entry imports, now or later, directly or not."""
    finder = ModuleFinder(path=[str(REPOSITORY)])
    networks = (REPOSITORY / NETWORKS.replace(".", "/")).glob("*/network.py")  # found by their folder, not by an import
    for name in [ENTRY, *(f"{NETWORKS}.{network.parent.name}.network" for network in networks)]:
        finder.import_hook(name)
    return (Path(module.__file__) for module in finder.modules.values() if module.__file__)


def _digest(modules: Sequence[Path], platform: Sequence[str]) -> str:
    """Name a package by everything that it is made of."""
    digest = hashlib.sha256("\n".join(platform).encode())
    for file in (REQUIREMENTS, *modules):
        digest.update(f"\n{file.relative_to(REPOSITORY)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _install(target: Path, platform: Sequence[str]) -> None:
    """Unpack the wheels that pip chooses. Raises PackageNotBuilt."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    wheels = ["install", "--only-binary=:all:", "--no-compile", "--target", str(target), "-r", str(REQUIREMENTS)]
    try:
        ended = subprocess.run(
            [*pip, *wheels, *platform], capture_output=True, text=True, timeout=LONGEST_INSTALL, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PackageNotBuilt(f"pip did not finish within {LONGEST_INSTALL} seconds. Check the network.") from error
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")] or [ended.stderr.strip()]
        raise PackageNotBuilt(f"pip says: {lines[-1]}")
    shutil.rmtree(target / "bin", ignore_errors=True)  # commands, which start with this machine's path of Python
