"""A home, processes that share it, and a webhook that records its requests."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.application import Application
from core.settings import Settings

SERVING = Path(__file__).with_name("serving.py")


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition is truthy, at most 20 seconds; return its value."""

    def wait(holds: Callable[[], object]) -> object:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.02)
        raise AssertionError("not within 20 s")

    return wait


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def home(tmp_path) -> Iterator[Application]:
    """Open the home in this process, without a runner."""
    application = Application(Settings(home=tmp_path / "home"))
    yield application
    application.close()


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a process that fires and publishes; it kills itself at the given point."""
    started = []

    def start(point: str = "never") -> subprocess.Popen:
        environment = os.environ | {"PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_RETRY_DELAYS": "0.2,0.2"}
        process = subprocess.Popen([sys.executable, SERVING, str(free_port()), point], env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def webhook() -> Iterator[SimpleNamespace]:
    """Serve a webhook that accepts every post and records its webhook-id."""
    ids: list[str] = []

    class WebhookHandler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            ids.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), WebhookHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}/", ids=ids)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def slow_webhook() -> Iterator[SimpleNamespace]:
    """Serve a webhook that responds to its first request when the event `respond` is set."""
    received, respond = threading.Event(), threading.Event()

    class SlowHandler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            received.set()
            respond.wait(20)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/"
    yield SimpleNamespace(address=address, received=received, respond=respond)
    respond.set()
    server.shutdown()
    server.server_close()
    thread.join()
