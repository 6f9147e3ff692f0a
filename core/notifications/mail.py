"""Messages by mail."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from core.notifications.channels import Email
from core.notifications.message import Message, NotSent

log = logging.getLogger(__name__)

SECONDS = 10.0
"""For each answer of the mail server."""

TrustedBy = Callable[[], ssl.SSLContext]


def send(channel: Email, message: Message, now: datetime, *, trust: TrustedBy = ssl.create_default_context) -> None:
    """Hand a message to the channel's mail server; `trust` says whose certificates count. Raises NotSent."""
    try:
        with _connected(channel, trust) as server:
            if channel.user is not None:
                password = channel.password.get_secret_value() if channel.password else ""
                server.login(channel.user, password)
            unknown = server.send_message(_mail(channel, message, now))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        reason = _words(error)
    else:
        if unknown:  # the others have it by now, and would get it again
            log.warning("The mail server of %s takes no mail for %s.", channel.name, ", ".join(unknown))
        return
    raise NotSent(channel.name, reason)  # out here, so that no traceback can show what was sent


@contextmanager
def _connected(channel: Email, trust: TrustedBy) -> Iterator[smtplib.SMTP]:
    """Speak to the channel's mail server. Once a mail was taken, how the server takes its leave changes nothing."""
    server = (
        smtplib.SMTP_SSL(channel.host, channel.port, timeout=SECONDS, context=trust())
        if channel.security == "tls"
        else smtplib.SMTP(channel.host, channel.port, timeout=SECONDS)
    )
    try:
        if channel.security == "starttls":
            server.starttls(context=trust())
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _mail(channel: Email, message: Message, now: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.recipients)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id}.{int(now.timestamp())}@punctual.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(message.lines) + "\n")
    return mail


def _words(error: Exception) -> str:
    """Say what went wrong without anything that was sent; a server's own words may hold what it was told."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "the mail server does not take user and password."
        case smtplib.SMTPNotSupportedError():
            return "the mail server does not offer what was asked of it; check the port and TLS."
        case smtplib.SMTPRecipientsRefused():
            return "the mail server does not take mail for these recipients."
        case smtplib.SMTPSenderRefused():
            return "the mail server does not take mail from this sender."
        case smtplib.SMTPResponseException(smtp_code=code):
            return f"the mail server answered {code}."
        case ssl.SSLCertVerificationError():
            return "the mail server's certificate is not valid."
        case ssl.SSLError():
            return "the mail server does not speak TLS there; check the port."
        case TimeoutError():
            return "the mail server did not answer in time."
        case smtplib.SMTPServerDisconnected():
            return "the mail server broke the connection off."
        case OSError():
            return "the mail server could not be reached."
    return "the mail could not be written."
