"""Messages by e-mail."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any

from core.notifications.channels import EmailChannel
from core.notifications.message import DeliveryFailed, Message

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
"""The longest wait for each response of the mail server."""
DEADLINE_SECONDS = 40.0
"""The longest time from the connection to the acceptance of a message: a server may answer slowly many times."""

TlsContextFactory = Callable[[], ssl.SSLContext]
"""Makes the TLS context, whose certificates decide which servers are trusted."""


def send_email(
    channel: EmailChannel,
    message: Message,
    now: datetime,
    *,
    tls_context: TlsContextFactory = ssl.create_default_context,
) -> None:
    """Send a message through the channel's mail server. Raises DeliveryFailed."""
    try:
        with _connection(channel, tls_context) as server:
            if channel.user is not None:
                password = channel.password.get_secret_value() if channel.password else ""
                server.login(channel.user, password)
            rejected = server.send_message(_email(channel, message, now))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        reason = _reason(error)
    else:
        if rejected:  # not retried: the other recipients would get the message twice
            log.warning("The mail server of %s rejected the recipients %s.", channel.name, ", ".join(rejected))
        return
    raise DeliveryFailed(channel.name, reason)  # outside the handler, so that no traceback shows the credentials


@contextmanager
def _connection(channel: EmailChannel, tls_context: TlsContextFactory) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server. Errors of QUIT are ignored, because the server has accepted the message by then.

    At DEADLINE_SECONDS the connection is cut, whichever reply it waits for. Raises TimeoutError then.
    """
    with ExitStack() as closing:
        cut = _Cut()
        closing.callback(cut.cancel)
        try:
            server = _Server(channel, cut, tls_context() if channel.security == "tls" else None)
            closing.callback(server.close)
            if channel.security == "starttls":
                server.starttls(context=tls_context())
            yield server
        except (smtplib.SMTPException, OSError):
            if cut.done:
                raise TimeoutError from None
            raise
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


class _Cut:
    """Shuts a connection down at its deadline. smtplib limits each wait, but not their sum."""

    def __init__(self) -> None:
        self.done = False
        self._connections: list[socket] = []
        self._timer = Timer(DEADLINE_SECONDS, self._shut_down)
        self._timer.daemon = True

    def start(self, connection: socket) -> None:
        """Start the time of a new connection."""
        self._connections.append(connection.dup())  # TLS takes the original over
        self._timer.start()

    def cancel(self) -> None:
        """End the time."""
        self._timer.cancel()
        for each in self._connections:
            each.close()

    def _shut_down(self) -> None:
        self.done = True
        for each in self._connections:
            with suppress(OSError):
                each.shutdown(SHUT_RDWR)


class _Server(smtplib.SMTP):
    """A connection to a mail server, by TLS from the start if there is a context, with the time of `cut`."""

    def __init__(self, channel: EmailChannel, cut: _Cut, context: ssl.SSLContext | None) -> None:
        self._channel = channel
        self._cut = cut
        self._context = context
        super().__init__(channel.host, channel.port, timeout=TIMEOUT_SECONDS)

    def _get_socket(self, *address: Any) -> socket:
        connection: socket = super()._get_socket(*address)  # type: ignore[misc]  # typeshed omits it
        self._cut.start(connection)
        if self._context is None:
            return connection
        return self._context.wrap_socket(connection, server_hostname=self._channel.host)


def _email(channel: EmailChannel, message: Message, now: datetime) -> EmailMessage:
    email = EmailMessage()
    email["Subject"] = " ".join(message.title.split())
    email["From"] = channel.sender
    email["To"] = ", ".join(channel.recipients)
    email["Date"] = format_datetime(now)
    email["Message-ID"] = f"<{message.id}.{int(now.timestamp())}@punctual.invalid>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content("\n\n".join(message.lines) + "\n")
    return email


def _reason(error: Exception) -> str:
    """Return the reason of a failure without the server's text, which may repeat credentials."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "the mail server rejected user and password."
        case smtplib.SMTPNotSupportedError():
            return "the mail server lacks a required feature; check port and TLS."
        case smtplib.SMTPRecipientsRefused():
            return "the mail server rejected all recipients."
        case smtplib.SMTPSenderRefused():
            return "the mail server rejected the sender."
        case smtplib.SMTPResponseException(smtp_code=code):
            return f"the mail server answered {code}."
        case ssl.SSLCertVerificationError():
            return "the mail server's certificate is not valid."
        case ssl.SSLError():
            return "the mail server does not use TLS on this port; check the port."
        case TimeoutError():
            return "the mail server did not answer in time."
        case smtplib.SMTPServerDisconnected():
            return "the mail server closed the connection."
        case OSError():
            return "the mail server could not be reached."
    return "the e-mail could not be written."
