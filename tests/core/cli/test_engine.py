"""`python -m core engine` answers the AWS CLI."""

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from core.cli.engine import open_listener

ROOT = Path(__file__).parents[3]
AWS_COMMANDS = Path(__file__).with_name("aws_commands.py")
TARGET = {
    "Arn": "arn:aws:lambda:us-east-1:000000000000:function:unknown",
    "RoleArn": "arn:aws:iam::000000000000:role/x",
    "Input": "{}",
}


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("engine") / "home"


@pytest.fixture(scope="module")
def engine(home, port):
    """Run `python -m core engine`; its first line of output is in `line`."""
    command = [sys.executable, "-m", "core", "engine", "--port", str(port), "--home", str(home)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        process.line = process.stdout.readline()  # empty if the process has ended
        assert process.line
        yield process
        process.send_signal(signal.SIGINT)
        process.wait(10)


@pytest.fixture(scope="module")
def aws(engine, home, port):
    """Return a function that runs `aws ARGUMENTS` against the engine and returns its output or error text."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }

    command = [sys.executable, AWS_COMMANDS]
    with subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True) as process:

        def run(*arguments, **variables):
            print(json.dumps({"arguments": arguments, "variables": variables}), file=process.stdin, flush=True)
            status, output, error = json.loads(process.stdout.readline())
            if status:
                return error.strip()
            return json.loads(output) if output else None

        yield run
        process.stdin.close()


def create(aws, name, *more):
    return aws(
        *("scheduler", "create-schedule", "--name", name, "--schedule-expression", "at(2099-01-01T00:00:00)"),
        *("--flexible-time-window", "Mode=OFF", "--target", json.dumps(TARGET), *more),
    )


def test_it_prints_its_address_and_home(engine, home, port):
    assert f"http://127.0.0.1:{port}" in engine.line
    assert str(home) in engine.line


def test_the_key_pair_is_private(engine, home):
    assert (home / "aws-credentials").stat().st_mode & 0o777 == 0o600


def test_a_schedule_is_created_read_updated_and_deleted(aws):
    arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/whole-life"
    assert create(aws, "whole-life", "--description", "Grüße ☕") == {"ScheduleArn": arn}
    found = aws("scheduler", "get-schedule", "--name", "whole-life")
    assert (found["Arn"], found["Description"], found["State"]) == (arn, "Grüße ☕", "ENABLED")
    updated = aws(
        *("scheduler", "update-schedule", "--name", "whole-life", "--schedule-expression", "rate(3 days)"),
        *("--flexible-time-window", "Mode=FLEXIBLE,MaximumWindowInMinutes=5", "--target", json.dumps(TARGET)),
        *("--state", "DISABLED"),
    )
    assert updated == {"ScheduleArn": arn}
    found = aws("scheduler", "get-schedule", "--name", "whole-life")
    assert (found["ScheduleExpression"], found["State"]) == ("rate(3 days)", "DISABLED")
    assert aws("scheduler", "delete-schedule", "--name", "whole-life") is None
    assert "(ResourceNotFoundException)" in aws("scheduler", "get-schedule", "--name", "whole-life")


def test_schedules_are_listed_in_pages(aws):
    for number in range(3):
        create(aws, f"page-{number}")
    listed = aws("scheduler", "list-schedules", "--name-prefix", "page-", "--page-size", "2")
    assert [summary["Name"] for summary in listed["Schedules"]] == ["page-0", "page-1", "page-2"]
    first = aws("scheduler", "list-schedules", "--name-prefix", "page-", "--max-items", "1")
    rest = aws("scheduler", "list-schedules", "--name-prefix", "page-", "--starting-token", first["NextToken"])
    assert [summary["Name"] for summary in rest["Schedules"]] == ["page-1", "page-2"]


def test_groups_and_tags_are_created_and_deleted(aws):
    arn = aws("scheduler", "create-schedule-group", "--name", "posts", "--tags", "Key=team,Value=press")[
        "ScheduleGroupArn"
    ]
    aws("scheduler", "tag-resource", "--resource-arn", arn, "--tags", "Key=cost,Value=1")
    tags = aws("scheduler", "list-tags-for-resource", "--resource-arn", arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "press"}, {"Key": "cost", "Value": "1"}]
    aws("scheduler", "untag-resource", "--resource-arn", arn, "--tag-keys", "team", "cost")
    assert aws("scheduler", "list-tags-for-resource", "--resource-arn", arn)["Tags"] == []
    create(aws, "in-group", "--group-name", "posts")
    assert aws("scheduler", "delete-schedule-group", "--name", "posts") is None
    assert "(ResourceNotFoundException)" in aws("scheduler", "list-schedules", "--group-name", "posts")


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "x"}, "UnrecognizedClientException"),
        ({"AWS_SECRET_ACCESS_KEY": "guessed"}, "InvalidSignatureException"),
    ],
)
def test_an_invalid_signature_is_refused(aws, home, variables, code):
    key_id = (home / "aws-credentials").read_text().split("aws_access_key_id = ")[1].split()[0]
    assert f"({code})" in aws("scheduler", "list-schedules", **{"AWS_ACCESS_KEY_ID": key_id, **variables})


def test_an_invalid_expression_is_refused(aws):
    assert "Invalid Schedule Expression tomorrow." in aws(
        *("scheduler", "create-schedule", "--name", "bad", "--schedule-expression", "tomorrow"),
        *("--flexible-time-window", "Mode=OFF", "--target", json.dumps(TARGET)),
    )


def test_a_schedule_with_an_unknown_function_fires_and_records_the_error(aws, home):
    aws(
        *("scheduler", "create-schedule", "--name", "fires", "--schedule-expression", "rate(1 day)"),
        *("--flexible-time-window", "Mode=OFF", "--target", json.dumps(TARGET)),
    )
    deadline = time.monotonic() + 10
    while True:
        with sqlite3.connect(home / "engine.db") as connection:
            rows = connection.execute("SELECT error FROM invocation WHERE schedule_name = 'fires'").fetchall()
        connection.close()
        if rows and rows[0][0]:
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert rows[0][0] == "There is no function arn:aws:lambda:us-east-1:000000000000:function:unknown."


def error_of(port, home):
    """Run the command, which must fail; return its error text."""
    command = [sys.executable, "-m", "core", "engine", "--port", str(port), "--home", str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_damaged_key_pair_is_reported(home, tmp_path):
    other = tmp_path / "home"
    other.mkdir()
    (other / "aws-credentials").write_text("hello")
    assert f"{other / 'aws-credentials'} holds no key pair." in error_of(0, other)


def test_a_taken_port_is_reported(engine, port, tmp_path):
    assert f"Port {port} of 127.0.0.1 cannot be used: " in error_of(port, tmp_path / "home")


def test_connections_send_small_segments_without_delay():
    with open_listener(0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_every_command_in_the_documents_works(aws):
    document = (ROOT / "docs" / "engine.md").read_text()
    commands = re.findall(r"^aws (scheduler .+)$", document, flags=re.MULTILINE)
    assert len(commands) == 8
    aws("scheduler", "create-schedule-group", "--name", "punctual")
    for command in commands:
        answered = aws(*shlex.split(command))
        assert not isinstance(answered, str), answered


def test_the_metrics_of_publications_are_served(engine, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        assert "punctual_publication_lag_seconds_count" in response.read().decode()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("PUNCTUAL_LOCAL_ACCESS_KEY_ID", "PUNCTUAL_LOCAL_SECRET_ACCESS_KEY"),
        ("PUNCTUAL_LOCAL_SECRET_ACCESS_KEY", "PUNCTUAL_LOCAL_ACCESS_KEY_ID"),
    ],
)
def test_half_a_key_pair_is_refused_with_the_name_of_the_missing_variable(tmp_path, given, missing):
    command = [sys.executable, "-m", "core", "engine", "--home", str(tmp_path)]
    environment = {**os.environ, given: "half"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"{given} is not valid: set {missing} with it, or neither.",
        f"Correct or unset {given}, then restart Punctual.",
    ]
