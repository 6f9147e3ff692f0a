"""`python -m core receive` runs the posting server."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from core.cli.parser import build_parser

ROOT = Path(__file__).parents[3]


def test_it_refuses_an_unsigned_post_and_ends_on_an_interrupt(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "core", "receive", "--port", str(port)]
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        response = _post(f"http://127.0.0.1:{port}/publish")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert response.status_code == 401
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("name", ["engine", "receive"])
def test_a_taken_port_is_an_error_that_names_the_remedy(tmp_path, name):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = _end(tmp_path, name, "--port", str(port))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Port {port} of 127.0.0.1 cannot be used: Address already in use.\n"
        "Stop the other program, or choose another port with --port.\n"
    )


def test_a_host_that_is_not_this_machine_is_an_error_that_names_the_remedy(tmp_path):
    ended = _end(tmp_path, "receive", "--host", "192.0.2.1")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "192.0.2.1 cannot be listened on: it is no address of this machine.",
        "Give an address of this machine with --host, such as 127.0.0.1, or 0.0.0.0 for all of them.",
    ]


@pytest.mark.parametrize(
    ("name", "port"), [("engine", "99999"), ("receive", "99999"), ("receive", "0"), ("receive", "-1"), ("engine", "x")]
)
def test_a_number_that_is_no_port_is_wrong_usage(capsys, name, port):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([name, "--port", port])
    assert ended.value.code == 2
    assert f"'{port}' is not a port: give a whole number from 1 to 65535" in capsys.readouterr().err


def test_the_engine_takes_any_free_port_at_0():
    assert build_parser().parse_args(["engine", "--port", "0"]).port == 0


def _end(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PUNCTUAL_HOME": str(home)}
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _post(url: str) -> requests.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return requests.post(url, b"{}", timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
