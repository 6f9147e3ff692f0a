"""`python -m core receive` runs the posting server."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

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


def _post(url: str) -> requests.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return requests.post(url, b"{}", timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
