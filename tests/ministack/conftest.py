"""AWS as MiniStack emulates it, and a copy of the repository on a machine with neither Node nor an environment."""

import functools
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.conftest import eventually, unused_port

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
MINISTACK = ROOT / ".venv" / "ministack"
REGION = "eu-central-1"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
POSTING_HOST = "posts.example.org"
NODE_PROGRAMS = ("node", "nodejs", "npm", "npx", "corepack")


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """The emulated AWS. `receiver_port` is where https://posts.example.org leads, for the functions."""

    url: str
    receiver_port: int
    log: Path


@dataclass(frozen=True, kw_only=True)
class AwsUser:
    """A person with an account and a home. MiniStack takes the account from the key."""

    account: str
    home: Path

    def variables(self, emulator: Emulator) -> dict[str, str]:
        """Return what the person exports, and where AWS is."""
        return {
            "HOME": str(self.home),
            "PUNCTUAL_HOME": str(self.home / ".punctual"),
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_DEFAULT_REGION": REGION,
        }


def make_certificate(folder: Path) -> Path:
    """Write a key and a certificate for the posting server and for function URLs, signed by itself."""
    names = f"subjectAltName=DNS:{POSTING_HOST},DNS:*.lambda-url.{REGION}.on.aws"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tests"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, "-addext", names, *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


@pytest.fixture(scope="package")
def emulator(tmp_path_factory) -> Iterator[Emulator]:
    """Start MiniStack with emulator.py on a port of this machine, and end it by its process."""
    folder = tmp_path_factory.mktemp("ministack")
    port, receiver_port, log = unused_port(), unused_port(), folder / "log"
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "GATEWAY_PORT": port, "HOME": str(folder)}
    command = [str(FOLDER / "emulator.py"), str(MINISTACK), receiver_port, str(make_certificate(folder))]
    with log.open("w") as file:
        process = subprocess.Popen([sys.executable, *command], env=environment, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    try:
        eventually(answers)
        yield Emulator(url=url, receiver_port=int(receiver_port), log=log)
    finally:
        process.terminate()
        process.wait(20)


@dataclass(frozen=True, kw_only=True)
class BareMachine:
    """A copy of the repository, and a shell with a PATH of Debian's programs except Node's.

    The dashboard's environment exists, as after `make run`. The environment of cdk_min, Node and the cdk command do
    not; pip and npm find the downloads of earlier runs in their caches, and npm the registry that this machine uses.
    """

    repository: Path
    path: Path

    def run(self, line: str, user: AwsUser, emulator: Emulator, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a line of the README as a person does."""
        npm = {"npm_config_cache": Path.home() / ".npm", "npm_config_userconfig": Path.home() / ".npmrc"}
        variables = {"PATH": self.path, "PIP_CACHE_DIR": pip_cache()} | npm | user.variables(emulator)
        return subprocess.run(
            ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in variables.items()), "/bin/sh", "-ec", line],
            cwd=self.repository,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )


@functools.cache
def pip_cache() -> str:
    finished = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True)
    return finished.stdout.strip()


@pytest.fixture(scope="package")
def machine(tmp_path_factory) -> BareMachine:
    """Copy what git knows, as a clone has it, with changes that are not committed yet."""
    folder = tmp_path_factory.mktemp("machine")
    repository, path = folder / "punctual", folder / "bin"
    for made in (repository, path):
        made.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, repository / name)
    with (repository / "cdk_min" / "posting_package.py").open("a") as module:  # the functions run on this machine
        module.write(
            f"\n\nposting_package.__defaults__ = (('--implementation', 'cp', '--python-version', '{PYTHON}'),)\n"
        )
    (repository / ".venv").symlink_to(ROOT / ".venv")
    os.utime(repository / "requirements.txt", (0, 0))  # make takes the environment as complete
    (path / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    for program in Path("/usr/bin").iterdir():
        if program.name not in (*NODE_PROGRAMS, "python3"):
            (path / program.name).symlink_to(program)
    return BareMachine(repository=repository, path=path)
