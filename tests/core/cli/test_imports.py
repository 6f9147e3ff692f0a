"""Which libraries a command loads: a small command needs few, so that it starts quickly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
from core.cli.main import run
status = run()
print(*(name for name in sys.modules if "." not in name), "core.application" in sys.modules, file=sys.stderr)
sys.exit(status)
"""
HEAVY = {"boto3", "requests", "urllib3", "PIL", "streamlit", "uvicorn", "starlette", "anyio", "smtplib", "moto"}
"""Libraries that take 10 to 200 ms to load."""
UNNEEDED = {
    *("core.backends.aws", "core.ledger.dynamodb", "boto3", "s3transfer", "PIL.WebPImagePlugin"),
    *(f"core.publishing.networks.{name}.network" for name in ("bluesky", "mastodon", "x", "webhook", "outbox")),
}
"""What the queue of one machine has no use for."""


@pytest.fixture
def loaded(tmp_path):
    """Return a function that runs a command in a process of its own and returns the names of the loaded libraries."""

    def run(*arguments: str) -> set[str]:
        environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
        command = [sys.executable, "-c", LOADED, *arguments]
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        *names, has_application = ended.stderr.split()
        return {*names, *(["core.application"] if has_application == "True" else [])}

    return run


@pytest.mark.parametrize("command", ["status", "history"])
def test_a_command_that_reads_the_ledger_loads_no_client_of_aws_no_http_and_no_pictures(loaded, command):
    assert not loaded(command) & {*HEAVY, "core.application"}


def test_help_loads_no_model_of_a_post_either(tmp_path):
    code = "import sys, core.cli.parser as p; p.build_parser(); print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not set(names.split()) & {*HEAVY, "pydantic", "regex", "pytz", "filelock", "botocore", "sqlite3"}


def test_the_queue_of_one_machine_loads_no_adapter_of_aws_no_network_and_no_decoder(tmp_path):
    code = (
        "import sys; from core.cli.main import run; run();"
        f"print(*[n for n in sys.modules if n in {UNNEEDED}], file=sys.stderr)"
    )
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code, "queue"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("The queue is empty.\n", "\n")


def test_a_command_that_reads_the_ledger_leaves_a_home_that_every_other_command_opens(loaded, tmp_path):
    loaded("status")
    assert not list((tmp_path / "processes").iterdir())
    loaded("queue")
    assert (tmp_path / "engine.db").exists()
