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
UNNEEDED_TO_PLAN = {
    *("core.backends.aws", "core.ledger.dynamodb", "boto3", "s3transfer", "PIL.WebPImagePlugin"),
    *(f"core.publishing.networks.{name}.network" for name in ("bluesky", "mastodon", "x", "webhook")),
    *("requests", "smtplib", "core.publishing.http.client", "core.publishing.http.public_web"),
    *("core.publishing.publisher", "core.publishing.fence", "core.publishing.link_cards.fetching"),
    *("core.maintenance.account_checks", "core.maintenance.faces", "core.maintenance.media_sweep"),
    *("core.notifications.notifier", "core.notifications.sender", "core.notifications.channels"),
    *("core.backends.relay_host", "lambda_pkg.relay", "core.bulk", "core.transfer"),
}
"""What a command that plans on one machine has no use for."""
UNNEEDED_TO_LIST = {
    *UNNEEDED_TO_PLAN,
    *("PIL", "core.media.pictures", "core.media.conversion", "core.publishing.network", "core.publishing.registry"),
    *("core.publishing.networks.outbox.network", "core.publishing.second_look", "core.publishing.composing"),
}
"""What a command that lists posts on one machine has no use for."""
NO_ENGINE = "No engine is running: start the dashboard, or run `python -m core engine`.\n"
NEEDED_TO_PUBLISH = {
    *("core.publishing.publisher", "core.publishing.fence", "core.publishing.http.client", "core.maintenance.faces"),
    *(f"core.publishing.networks.{name}.network" for name in ("bluesky", "mastodon", "x", "webhook", "outbox")),
    *("core.notifications.notifier", "core.notifications.sender", "core.publishing.link_cards.fetching"),
    *("PIL.WebPImagePlugin", "requests", "core.publishing.http.public_web", "core.publishing.second_look"),
}
"""What a process that publishes loads at its start, because it may find no free file or memory when a post is due."""


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


@pytest.mark.parametrize(
    ("command", "unneeded", "printed", "warning"),
    [
        ("queue", UNNEEDED_TO_LIST, "The queue is empty.", ""),
        ("drafts", UNNEEDED_TO_LIST, "There are no drafts.", ""),
        ("schedule --to outbox --text Hello --in 2d", UNNEEDED_TO_PLAN, "Hello", NO_ENGINE),
    ],
    ids=["queue", "drafts", "schedule"],
)
def test_a_command_that_plans_on_one_machine_loads_nothing_that_publishes(
    tmp_path, command, unneeded, printed, warning
):
    code = (
        "import sys; from core.cli.main import run; run();"
        f"print('Loaded:', *[n for n in sys.modules if n in {unneeded}], file=sys.stderr)"
    )
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
    line = [sys.executable, "-c", code, *command.split()]
    ended = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.endswith(f"{printed}\n")
    assert ended.stderr == f"{warning}Loaded:\n"


def test_what_publishes_is_loaded_ahead(tmp_path):
    code = (
        "import sys; from core.application import Application; from core.settings import Settings;"
        "opened = Application(Settings.read()); opened.load_ahead(); opened.close();"
        f"print(*({NEEDED_TO_PUBLISH} - set(sys.modules)))"
    )
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "\n"


def test_a_command_that_reads_the_ledger_leaves_a_home_that_every_other_command_opens(loaded, tmp_path):
    loaded("status")
    assert not list((tmp_path / "processes").iterdir())
    loaded("queue")
    assert (tmp_path / "engine.db").exists()
