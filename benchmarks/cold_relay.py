"""Post now with a new instance of the relay: the time from its invocation to the request at the posting server.

Lambda gives a whole processor to the start of a function, and 7% of one to its invocations at 128 MB. Here, signals
stop the process for the rest of the time. AWS and the posting server are one server on loopback, with TLS.
"""

import json
import os
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi

from benchmarks.measuring import ROOT, heading, row, verdict
from tests.certificates import loopback_certificate

SHARE, SLICE = 0.07, 0.02
"""The process runs for this part of each slice. A slice is in seconds."""
RUNS = 5
RESPONSE = json.dumps(
    {"Parameter": {"Value": "whsec_YSBrZXkgdGhhdCBvbmx5IHRlc3RzIGtub3c="}, "Count": 0, "Items": [], "results": []}
).encode()
"""Answers GetParameter, Query, PutItem and a post."""
POST = {
    "version": 1,
    "post_id": "k3v9q2m4cx7a",
    "revision": 1,
    "occurrence": "2026-01-01T00:00:00Z",
    "due_at": "2026-01-01T00:00:00Z",
    "zone": "UTC",
    "wall": "2026-01-01T00:00:00",
    "text": "Hello",
    "variants": {},
    "destinations": ["outbox"],
    "media": [],
    "late_after_minutes": None,
}
CODE = """
import json, sys
from lambda_pkg.handler import handle
print("started", flush=True)
handle(json.loads(sys.stdin.readline()), None)
"""


class Handler(BaseHTTPRequestHandler):
    """Answers every request, and notes when a post arrives."""

    protocol_version = "HTTP/1.1"
    arrivals: list[float] = []

    def do_POST(self) -> None:
        """Answer in one segment."""
        self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/publish":
            self.arrivals.append(time.perf_counter())
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(RESPONSE), RESPONSE))

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Serve; yield the relay's environment variables. It trusts the usual authorities too, which take long to load."""
    with tempfile.TemporaryDirectory() as folder:
        public, private = loopback_certificate()
        own, trusted = Path(folder, "own.pem"), Path(folder, "trusted.pem")
        own.write_bytes(public + private)
        trusted.write_bytes(Path(certifi.where()).read_bytes() + public)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_address[1]}"
        files = dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE"), str(trusted))
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
        addresses = {"AWS_ENDPOINT_URL": url, "POSTING_URL": f"{url}/publish"}
        yield {**os.environ, **files, **keys, **addresses, "SIGNING_SECRET_PARAMETER": "/Punctual/signing-secret"}
        server.shutdown()


def invoke(variables: dict[str, str]) -> tuple[float, float]:
    """Start an instance and invoke it; return the seconds of its start, and those until the post arrives."""
    Handler.arrivals.clear()
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=variables,
        cwd=ROOT,
    ) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        relay.stdout.readline()
        started = time.perf_counter()
        relay.stdin.write(f"{json.dumps(POST)}\n")
        relay.stdin.flush()
        while relay.poll() is None:
            relay.send_signal(signal.SIGCONT)
            time.sleep(SLICE * SHARE)
            relay.send_signal(signal.SIGSTOP)
            time.sleep(SLICE * (1 - SHARE))
    return started - began, Handler.arrivals[0] - started


def main() -> None:
    """Run the benchmark."""
    heading("Post now with a new relay")
    function = {"TABLE_NAME": "ledger", "POSTING_AUTH": "aws_iam", "AWS_REGION": "us-east-1"}
    with environment() as variables:
        for label, more in (("small stack", {}), ("full stack", function)):
            runs = [invoke(variables | more) for _ in range(RUNS)]
            start, wait = (statistics.median(each) for each in zip(*runs, strict=True))
            row(f"{label}: its start", f"{start:.2f} s")
            row(f"{label}: from its invocation to the post", f"{wait:.2f} s", verdict(wait, at_most=0.5))


if __name__ == "__main__":
    main()
