"""Fake servers that receive messages."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from socketserver import StreamRequestHandler

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.certificates import loopback_certificate
from tests.loopback import LoopbackServer, Respond

PASSWORD = "correct horse battery staple"


class Hook:
    """A webhook receiver that answers with `status` and records the messages that it accepted."""

    def __init__(self, start: Callable[[Respond], LoopbackServer]) -> None:
        self.status = 200
        self.received = []
        self._server = start(lambda handler: self.respond(handler))
        self.address = f"http://127.0.0.1:{self._server.port}/services/T0/s3cret"

    @property
    def contents(self):
        return [json.loads(body) for _, body in self.received]

    def respond(self, handler: StreamRequestHandler) -> None:
        if self.status < 300:
            self.received.append(self._server.requests[-1])
        body = self._server.request_lines[-1].encode()  # holds the secret path
        head = f"HTTP/1.1 {self.status} Reason\r\nContent-Length: {len(body)}\r\n\r\n"
        handler.wfile.write(head.encode() + body)


@pytest.fixture
def hook(start_server_with) -> Hook:
    """Start a webhook receiver."""
    return Hook(start_server_with)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Write a certificate for 127.0.0.1 and its key into one file."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(b"".join(loopback_certificate()))
    return path


class Mailbox:
    """The messages that a mail server has accepted, and its replies."""

    def __init__(self) -> None:
        self.received = []
        self.data_reply = "250 OK"
        self.quit_reply = "221 Bye"
        self.has_bob = True

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's
        if not self.has_bob and address.startswith("bob@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        return self.quit_reply

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        if self.data_reply.startswith("250"):
            self.received.append(envelope)
        return self.data_reply


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"ada", PASSWORD.encode()), handled=False)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(params=["starttls", "tls"])
def mail_server(request, mailbox, certificate) -> Iterator[tuple[str, int]]:
    """Run a mail server that requires TLS and a login; return its security and port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    options = (
        {"tls_context": context, "require_starttls": True, "auth_require_tls": True}
        if request.param == "starttls"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    with socket.socket() as free:  # aiosmtpd connects to the port that it is given, so 0 does not work
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, **options
    )
    controller.start()
    yield request.param, port
    controller.stop()


@pytest.fixture
def tls_context(certificate):
    """Return a factory of TLS contexts that trust the mail server's certificate."""
    return lambda: ssl.create_default_context(cafile=certificate)
