"""The documents agree with the code."""

import os
import plistlib
import re
import shlex
import socket
import subprocess
import sys
import time
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.accounts.port import Account
from core.cli.parser import build_parser
from core.publishing.network import Publication, Published, Refused, RetryLater
from core.publishing.networks.webhook.network import WebhookNetwork
from core.settings import PREFIX, Settings
from core.storage.home import new_signing_secret
from core.time.instants import real_clock
from tests.test_architecture import FLOORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PATH = re.compile(r"[\w.<>-]+(/[\w.<>-]*)+|[\w-]+\.(py|md|sql|sh|toml|txt)")
"""A path relative to the repository; a part in angle brackets stands for any name."""
MODULE = re.compile(r"(core|ui)(\.[a-z_]+)+")


def table_rows(text: str, heading: str) -> dict[str, str]:
    """Map the first column of the table under a heading, without backticks, to the second."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, flags=re.MULTILINE))


def test_the_settings_table_lists_exactly_the_settings():
    documented = table_rows(README, "Settings")
    assert set(documented) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_settings_table_gives_the_defaults():
    documented = table_rows(README, "Settings")
    defaults = Settings.read({})
    for name in ("late_after_minutes", "workers", "group", "timezone", "local_account"):
        assert documented[PREFIX + name.upper()].strip("` ") == str(getattr(defaults, name))
    delays = documented[f"{PREFIX}RETRY_DELAYS"].strip("` ").split(",")
    assert tuple(map(float, delays)) == defaults.retry_delays
    assert float(documented[f"{PREFIX}REDELIVERY_SECONDS"].strip("` ")) == defaults.redelivery_seconds


@pytest.mark.parametrize("command", re.findall(r"^python -m core (.+)$", README, flags=re.MULTILINE))
def test_every_command_in_the_readme_is_valid(command):
    assert vars(build_parser().parse_args(shlex.split(command))).keys() & {"command", "server", "reader"}


def test_every_link_into_the_repository_has_a_target():
    for document in [path for folder in (".", "docs", "cdk_min", "benchmarks") for path in ROOT.glob(f"{folder}/*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_architecture_lists_every_room_from_the_ground_up():
    table = table_rows((ROOT / "docs" / "architecture.md").read_text(), "The rooms")
    rooms = [name.removesuffix(".py").replace("/", ".") for name in table]
    assert set(rooms) == FLOORS.keys() - {"core.__main__"}
    assert [FLOORS[room] for room in rooms] == sorted(FLOORS[room] for room in rooms)


def test_every_path_and_module_in_backticks_exists():
    found = set()
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]:
        for name in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", document.read_text()):
            if PATH.fullmatch(name):
                found.add((document.name, re.sub(r"<\w+>", "*", name.rstrip("/"))))
            elif MODULE.fullmatch(name):
                found.add((document.name, f"{name.replace('.', '/')}*"))
    assert len(found) > 50
    assert not [(document, path) for document, path in found if not any(ROOT.glob(path))]


def test_the_files_for_systemd_and_launchd_start_the_worker():
    document = (ROOT / "docs" / "worker.md").read_text()
    [unit] = re.findall(r"```ini\n(.+?)```", document, flags=re.DOTALL)
    [agent] = re.findall(r"```xml\n(.+?)```", document, flags=re.DOTALL)
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit)
    started = [shlex.split(parser["Service"]["ExecStart"]), plistlib.loads(agent.encode())["ProgramArguments"]]
    assert started[0] == started[1]
    assert started[0][1:3] == ["-m", "core"]
    assert build_parser().parse_args(started[0][3:]).server


def test_the_readme_stays_under_150_lines():
    assert len(README.splitlines()) < 150


def test_the_documented_server_accepts_a_signed_post_once_and_rejects_a_forged_one():
    [source] = re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "receiving.md").read_text(), flags=re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = new_signing_secret()
    account = Account(
        destination="webhook:docs",
        label="docs",
        address=f"http://127.0.0.1:{port}/",
        deduplicates=True,
        credentials={"secret": SecretStr(secret)},
    )
    publication = Publication(
        occurrence_key="k3v9q2m4cx7a", post_id="k3v9q2m4cx7a", account=account, text="Good morning", due_at=real_clock()
    )
    forged = replace(
        publication, account=account.model_copy(update={"credentials": {"secret": SecretStr(new_signing_secret())}})
    )
    environment = os.environ | {"WEBHOOK_SECRET": secret, "PORT": str(port)}
    with subprocess.Popen([sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            network = WebhookNetwork(real_clock)
            deadline = time.monotonic() + 10
            while isinstance(first := network.publish(publication), RetryLater) and time.monotonic() < deadline:
                time.sleep(0.05)
            again, refused = network.publish(publication), network.publish(forged)
        finally:
            server.terminate()
        printed = server.stdout.read() if server.stdout else ""
    assert (type(first), type(again), type(refused)) == (Published, Published, Refused)
    assert printed == "Good morning\n"
