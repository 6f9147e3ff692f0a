"""Other people's servers on loopback, polite and rude."""

import http.client
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest


class Receiver:
    """A server on loopback that keeps each request as it came, and answers by `talk`, which may misbehave."""

    def __init__(self, talk: Callable[[Any], None]) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        received = self.requests

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                if not self.rfile.readline():
                    return
                headers = {name.lower(): value for name, value in http.client.parse_headers(self.rfile).items()}
                received.append((headers, self.rfile.read(int(headers["content-length"]))))
                with suppress(OSError):  # who was kept waiting for too long has hung up
                    talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def rude_receiver() -> Iterator[Callable[[Callable[[Any], None]], Receiver]]:
    """Start receivers whose answer is written, in whatever manner, by a function of the connection's handler."""
    with ExitStack() as closing:

        def start(talk: Callable[[Any], None]) -> Receiver:
            receiver = Receiver(talk)
            closing.callback(receiver.close)
            return receiver

        yield start


@pytest.fixture
def receiver(rude_receiver) -> Callable[..., Receiver]:
    """Start receivers that answer whole: `receiver(429, Retry_After="7")`."""

    def start(status: int, body: bytes = b"", **headers: str) -> Receiver:
        lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        whole = "\r\n".join([*lines, "", ""]).encode() + body
        return rude_receiver(lambda handler: handler.wfile.write(whole))

    return start
