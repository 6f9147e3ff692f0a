"""Signed posts are published while other clients hold connections open."""

import base64
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from core.posts.models import Post, new_post_id
from core.posts.payload import invocation_of, write_invocation
from core.time.instants import real_clock
from lambda_pkg.signature import signed_headers

ROOT = Path(__file__).parents[3]
SECRET = f"whsec_{base64.b64encode(b'a key that only tests know').decode()}"
OPEN_FILES, SLOW_CONNECTIONS, POSTS = 128, 110, 10


@pytest.fixture
def server(tmp_path):
    """Run `python -m core receive` with few open files, and return the process; its port is in `port`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "core", "receive", "--port", str(port)]
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_SIGNING_SECRET": SECRET}

    def limit_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=limit_files
    ) as process:
        process.port = port
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)


def wait_for(port):
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def publish(port):
    """Send a signed post to the outbox on a connection of its own, and return the status."""
    due = real_clock() - timedelta(seconds=1)
    post = Post(
        post_id=new_post_id(),
        text="x",
        destinations=["outbox"],
        zone="UTC",
        wall=f"{due:%Y-%m-%dT%H:%M:%S}",
        due_at=due,
    )
    body = write_invocation(invocation_of(post, due)).encode()
    headers = signed_headers(message_id=post.post_id, at=real_clock(), body=body, secrets=[SECRET])
    return requests.post(f"http://127.0.0.1:{port}/publish", body, headers=headers, timeout=10).status_code


def test_signed_posts_are_published_during_110_connections_of_one_byte_at_128_open_files(server):
    wait_for(server.port).close()
    with ExitStack() as stack:
        for _ in range(SLOW_CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10)).sendall(b"P")
        assert [publish(server.port) for _ in range(POSTS)] == [200] * POSTS
        log = iter(server.stderr.readline, "")
        assert any("Closed connections: " in line for line in log)
