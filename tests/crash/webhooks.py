"""Webhooks on loopback that accept posts, wait, drip or reset, and record the webhook-id of each request."""

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"
DRIP_SECONDS = 0.1


class Webhook:
    """A webhook server. `release` makes every later and every waiting response a 204."""

    def __init__(self, respond: "Respond") -> None:
        self.ids: list[str] = []
        self.release = threading.Event()
        self._ended = threading.Event()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                webhook.ids.append(self.headers["webhook-id"])
                self.close_connection = True
                with suppress(OSError):  # the process that sent the request may be dead
                    respond(webhook, self.connection)

            def log_message(self, *arguments: object) -> None:
                """Log nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Respond to what waits, and end."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Respond = Callable[[Webhook, socket.socket], None]


def accept(webhook: Webhook, connection: socket.socket) -> None:
    """Respond at once."""
    connection.sendall(ACCEPTED)


def wait(webhook: Webhook, connection: socket.socket) -> None:
    """Respond after the release."""
    webhook.release.wait(120)
    connection.sendall(ACCEPTED)


def drip(webhook: Webhook, connection: socket.socket) -> None:
    """Send one byte of a header after the other until the release, then the rest."""
    connection.sendall(b"HTTP/1.1 204 No Content\r\nX-Drip: ")
    while not webhook.release.wait(DRIP_SECONDS):
        connection.sendall(b"x")
    connection.sendall(b"\r\n\r\n")


def reset(webhook: Webhook, connection: socket.socket) -> None:
    """Reset the connection after the whole request, until the release."""
    if webhook.release.is_set():
        connection.sendall(ACCEPTED)
    else:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())


@contextmanager
def webhook(respond: Respond = accept) -> Iterator[Webhook]:
    """Run a webhook during the block."""
    running = Webhook(respond)
    try:
        yield running
    finally:
        running.close()
