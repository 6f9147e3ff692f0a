"""Messages are sent by each kind of channel."""

import json
import socket
import ssl
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from core.notifications import mail
from core.notifications.channels import DiscordChannel, EmailChannel, SlackChannel, WebhookChannel
from core.notifications.message import DeliveryFailed, Message
from core.notifications.sender import Sender
from core.storage.home import new_signing_secret
from core.time.instants import real_clock

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # from aiosmtpd, for TLS from the start
PASSWORD = "correct horse battery staple"
MESSAGE = Message(
    title="Punctual: 1 problem",
    lines=("“Grüße <aus> Köln & Bonn 🎉” to outbox was refused.", "@everyone look"),
    data={"kind": "troubles", "count": 1},
)


@pytest.fixture
def email(mail_server):
    security, port = mail_server
    return EmailChannel(
        name="Ada's mail",
        host="127.0.0.1",
        port=port,
        security=security,
        user="ada",
        password=SecretStr(PASSWORD),
        sender="punctual@example.org",
        recipients=("ada@example.org", "bob@example.org"),
    )


@pytest.fixture
def sender(tls_context):
    return Sender(real_clock, tls_context=tls_context)


def test_mail_is_sent_over_tls_to_every_recipient(sender, email, mailbox):
    sender.send(email, MESSAGE)
    [envelope] = mailbox.received
    assert envelope.rcpt_tos == ["ada@example.org", "bob@example.org"]
    text = envelope.content.decode()
    assert "Subject: Punctual: 1 problem" in text
    assert "Auto-Submitted: auto-generated" in text


def test_a_rejected_password_is_reported_without_repeating_it(sender, email, mailbox):
    wrong = email.model_copy(update={"password": SecretStr("s3cret-and-wrong")})
    with pytest.raises(DeliveryFailed, match="rejected user and password") as failed:
        sender.send(wrong, MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))
    assert mailbox.received == []


def test_a_self_signed_certificate_is_not_trusted(email, mailbox):
    with pytest.raises(DeliveryFailed, match="certificate is not valid"):
        Sender(real_clock).send(email, MESSAGE)
    assert mailbox.received == []


def test_a_temporary_rejection_is_reported_with_its_code(sender, email, mailbox):
    mailbox.data_reply = "452 the disk is full"
    with pytest.raises(DeliveryFailed, match="answered 452"):
        sender.send(email, MESSAGE)


@pytest.mark.parametrize("quit_reply", ["421 too busy to say goodbye", "250 OK"])
def test_accepted_mail_is_sent_whatever_the_reply_to_quit(sender, email, mailbox, quit_reply):
    mailbox.quit_reply = quit_reply
    sender.send(email, MESSAGE)
    assert len(mailbox.received) == 1


def test_rejected_recipients_are_logged_and_the_others_get_the_mail(sender, email, mailbox, caplog):
    mailbox.has_bob = False
    sender.send(email, MESSAGE)
    [envelope] = mailbox.received
    assert envelope.rcpt_tos == ["ada@example.org"]
    assert "rejected the recipients bob@example.org" in caplog.text


def test_an_unreachable_mail_server_is_reported(sender, email):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = email.model_copy(update={"port": free.getsockname()[1]})
        with pytest.raises(DeliveryFailed, match="could not be reached"):
            sender.send(nowhere, MESSAGE)


def test_a_mail_server_that_never_completes_a_reply_is_given_up(sender, email, certificate, monkeypatch):
    monkeypatch.setattr(mail, "DEADLINE_SECONDS", 0.2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    security = "tls" if email.security == "tls" else "none"
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(max_workers=1) as pool:
        dripping = pool.submit(_drip, listening, context if security == "tls" else None)
        slow = email.model_copy(update={"port": listening.getsockname()[1], "security": security})
        with pytest.raises(DeliveryFailed, match="did not answer in time"):
            sender.send(slow, MESSAGE)
        assert dripping.result() == "the client left"


def _drip(listening: socket.socket, context: ssl.SSLContext | None) -> str:
    """Send a part of a greeting every 20 ms, so that no single wait is long, until the client leaves."""
    connection, _ = listening.accept()
    with context.wrap_socket(connection, server_side=True) if context else connection as connection:
        connection.settimeout(0.02)
        for _ in range(500):
            try:
                connection.sendall(b"220-wait\r\n")
                if not connection.recv(4096):
                    return "the client left"
            except TimeoutError:
                continue
            except OSError:
                return "the client left"
    return "the client stayed"


def test_line_breaks_in_a_title_add_no_header(sender, email, mailbox):
    sender.send(email, Message(title="Good\r\nBcc: eve@example.org", lines=("x",)))
    [envelope] = mailbox.received
    assert envelope.rcpt_tos == ["ada@example.org", "bob@example.org"]
    assert b"\r\nBcc:" not in envelope.content


def test_slack_receives_escaped_text(sender, hook):
    sender.send(SlackChannel(name="team", address=SecretStr(hook.address)), MESSAGE)
    [content] = hook.contents
    assert content["text"].startswith("Punctual: 1 problem\n“Grüße &lt;aus&gt; Köln &amp; Bonn 🎉”")


def test_discord_receives_the_text_without_mentions(sender, hook):
    sender.send(DiscordChannel(name="team", address=SecretStr(hook.address)), MESSAGE)
    [content] = hook.contents
    assert "@everyone look" in content["content"]
    assert content["allowed_mentions"] == {"parse": []}


def test_a_signed_webhook_can_verify_its_message(sender, hook):
    secret = new_signing_secret()
    channel = WebhookChannel(name="mine", address=hook.address, secret=SecretStr(secret))
    sender.send(channel, MESSAGE)
    [(headers, body)] = hook.received
    Webhook(secret).verify(body, headers)
    content = json.loads(body)
    assert (content["title"], content["count"], content["lines"]) == (MESSAGE.title, 1, list(MESSAGE.lines))
    assert headers["webhook-id"] == content["id"] == MESSAGE.id


def test_an_error_status_is_reported_without_the_address(sender, hook):
    hook.status = 404
    with pytest.raises(DeliveryFailed, match=r"team was not sent: it answered 404") as failed:
        sender.send(SlackChannel(name="team", address=SecretStr(hook.address)), MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_an_unreachable_server_is_reported_without_the_address(sender):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/s3cret"
        with pytest.raises(DeliveryFailed, match="could not be reached") as failed:
            sender.send(DiscordChannel(name="team", address=SecretStr(address)), MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_a_test_message_says_that_it_is_a_test(sender, hook):
    sender.send_test(SlackChannel(name="team", address=SecretStr(hook.address)))
    assert "test message" in hook.contents[0]["text"]


def test_a_long_message_is_cut_between_lines_and_counts_the_omitted_ones():
    message = Message(title="title", lines=tuple(f"line {number}" for number in range(10)))
    assert message.text(1000) == "\n".join(("title", *message.lines))
    assert message.text(40) == "title\nline 0\nline 1\n... and 8 more."
    assert len(Message(title="x" * 50, lines=("y",)).text(20)) == 20


def test_mail_without_tls_is_allowed_to_this_machine_only():
    assert EmailChannel(name="local", host="localhost", security="none", sender="a@b", recipients=("c@d",)).port == 587
    with pytest.raises(ValueError, match="this machine only"):
        EmailChannel(name="far", host="mail.example.org", security="none", sender="a@b", recipients=("c@d",))


@pytest.mark.parametrize("kind", [SlackChannel, DiscordChannel])
def test_an_answer_that_repeats_a_part_of_the_address_is_shown_without_it(sender, start_server, kind):
    server = start_server(403, b"there is no tok3nOfThisHook here", Content_Type="text/plain")
    channel = kind(name="team", address=SecretStr(f"{server.url}services/T0AB1CD2E/tok3nOfThisHook"))
    with pytest.raises(DeliveryFailed, match=r"it answered 403: there is no \.\.\. here"):
        sender.send(channel, MESSAGE)
