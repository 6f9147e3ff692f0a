"""The package of the posting server for Lambda: its modules, and the wheels for the function's platform."""

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
"""pip's options. Amazon Linux 2023 has glibc 2.34, so it runs wheels for 2.28 and for 2.17 (manylinux2014)."""
MAX_INSTALL_SECONDS = 300


class PackageNotBuilt(Exception):
    """Building the posting server's package failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The posting server's package could not be built: {reason}")


def posting_package(builds: Path, platform: Sequence[str] = LAMBDA_ON_ARM) -> Path:
    """Return the folder to deploy. Build it below `builds`, unless a build of the same inputs exists.

    `platform` holds pip's options that choose the wheels. The build compiles nothing and needs no Docker.
    Raises PackageNotBuilt.
    """
    modules = sorted(_modules())
    folder = builds / f"posting-server-{_digest(modules, platform)}"
    if folder.exists():
        return folder
    builds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=builds) as unfinished:
        package = Path(unfinished) / "package"
        _install(package, platform)
        for module in modules:
            target = package / module.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, target)
        package.rename(folder)
    return folder


def _modules() -> Iterator[Path]:
    """Yield the files of this repository's modules that the entry module imports, directly or not."""
    finder = ModuleFinder(path=[str(REPOSITORY)])
    networks = (REPOSITORY / NETWORKS.replace(".", "/")).glob("*/network.py")  # the registry imports them by folder
    for name in [ENTRY, *(f"{NETWORKS}.{network.parent.name}.network" for network in networks)]:
        finder.import_hook(name)
    files = (vars(module)["__file__"] for module in finder.modules.values())  # None of a namespace package
    return (Path(file) for file in files if file)


def _digest(modules: Sequence[Path], platform: Sequence[str]) -> str:
    """Return a hash of the package's inputs: the platform, the requirements and the modules."""
    digest = hashlib.sha256("\n".join(platform).encode())
    for file in (REQUIREMENTS, *modules):
        digest.update(f"\n{file.relative_to(REPOSITORY)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _install(target: Path, platform: Sequence[str]) -> None:
    """Unpack the wheels that pip chooses. Raises PackageNotBuilt."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--only-binary=:all:", "--no-compile", "--target", str(target), "-r", str(REQUIREMENTS)]
    try:
        finished = subprocess.run(
            [*pip, *install, *platform], capture_output=True, text=True, timeout=MAX_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PackageNotBuilt(f"pip did not finish within {MAX_INSTALL_SECONDS} seconds. Check the network.") from error
    if finished.returncode:
        stderr = finished.stderr
        lines = [line for line in stderr.splitlines() if line.startswith("ERROR")] or [stderr.strip()]
        raise PackageNotBuilt(f"pip failed: {lines[-1]}")
    shutil.rmtree(target / "bin", ignore_errors=True)  # scripts that hold this machine's path of Python
