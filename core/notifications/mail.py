"""Messages by e-mail."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from core.notifications.channels import EmailChannel
from core.notifications.message import DeliveryFailed, Message

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
"""The longest wait for each response of the mail server."""

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
    """Connect to the mail server. Errors of QUIT are ignored, because the server has accepted the message by then."""
    server = (
        smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT_SECONDS, context=tls_context())
        if channel.security == "tls"
        else smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
    )
    try:
        if channel.security == "starttls":
            server.starttls(context=tls_context())
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


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
