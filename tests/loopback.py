"""Servers on loopback that record their requests."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

Respond = Callable[[StreamRequestHandler], None]


class LoopbackServer:
    """A server on loopback that records its requests. `respond` writes each response and may misbehave."""

    def __init__(self, respond: Respond) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        """The headers, with lower-case names, and the body of each request."""
        self.request_lines: list[str] = []
        requests, request_lines = self.requests, self.request_lines

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline().decode("latin-1").strip()
                if not line:
                    return  # the client sent nothing
                headers = {name.lower(): value for name, value in http.client.parse_headers(self.rfile).items()}
                body = self.rfile.read(int(headers["content-length"]))
                request_lines.append(line)
                requests.append((headers, body))
                with suppress(OSError):  # the client may close the connection of a misbehaving server
                    respond(self)

        class Server(ThreadingTCPServer):
            request_queue_size = 64
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/publish"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def use_tls(self, context: ssl.SSLContext) -> None:
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # tests expect clients that reject the certificate
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def start_server_with() -> Iterator[Callable[[Respond], LoopbackServer]]:
    """Start servers whose responses a function writes: `start_server_with(respond)`."""
    with ExitStack() as closing:

        def start(respond: Respond) -> LoopbackServer:
            server = LoopbackServer(respond)
            closing.callback(server.close)
            return server

        yield start


@pytest.fixture
def start_server(start_server_with: Callable[[Respond], LoopbackServer]) -> Callable[..., LoopbackServer]:
    """Start servers that send one complete response: `start_server(503, b"{}", Retry_After="7")`."""

    def start(status: int, body: bytes = b"", **headers: str) -> LoopbackServer:
        lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        response = "\r\n".join([*lines, "", ""]).encode() + body
        return start_server_with(lambda handler: handler.wfile.write(response))

    return start
