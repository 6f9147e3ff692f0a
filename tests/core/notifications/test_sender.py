"""Messages, by each kind of channel."""

import json
import socket
import ssl
import traceback

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from core.notifications.channels import Discord, Email, SignedWebhook, Slack
from core.notifications.message import Message, NotSent
from core.notifications.sender import Sender
from core.storage.home import new_signing_secret
from core.time.instants import real_clock

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd's, where TLS begins before SMTP does
PASSWORD = "correct horse battery staple"
MESSAGE = Message(
    title="Punctual: 1 trouble",
    lines=("“Grüße <aus> Köln & Bonn 🎉” to outbox was refused.", "@everyone look"),
    facts={"kind": "troubles", "count": 1},
)


@pytest.fixture
def email(mail_server):
    security, port = mail_server
    return Email(
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
def sender(trust):
    return Sender(real_clock, trust=trust)


def test_mail_goes_over_tls_to_everyone(sender, email, mailbox):
    sender.send(email, MESSAGE)
    [envelope] = mailbox.taken
    assert envelope.rcpt_tos == ["ada@example.org", "bob@example.org"]
    text = envelope.content.decode()
    assert "Subject: Punctual: 1 trouble" in text
    assert "Auto-Submitted: auto-generated" in text


def test_a_wrong_password_is_told_without_repeating_it(sender, email, mailbox):
    wrong = email.model_copy(update={"password": SecretStr("s3cret-and-wrong")})
    with pytest.raises(NotSent, match="does not take user and password") as failed:
        sender.send(wrong, MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))
    assert mailbox.taken == []


def test_a_server_with_a_certificate_of_its_own_making_is_not_trusted(email, mailbox):
    with pytest.raises(NotSent, match="certificate is not valid"):
        Sender(real_clock, trust=ssl.create_default_context).send(email, MESSAGE)
    assert mailbox.taken == []


def test_a_server_that_takes_no_mail_for_now_is_told(sender, email, mailbox):
    mailbox.says = "452 the disk is full"
    with pytest.raises(NotSent, match="answered 452"):
        sender.send(email, MESSAGE)


@pytest.mark.parametrize("parts_with", ["421 too busy to say goodbye", "250 OK"])
def test_mail_that_was_taken_is_sent_however_the_server_takes_its_leave(sender, email, mailbox, parts_with):
    mailbox.parts_with = parts_with
    sender.send(email, MESSAGE)
    assert len(mailbox.taken) == 1


def test_mail_that_some_recipients_cannot_get_is_sent_to_the_others_and_noted(sender, email, mailbox, caplog):
    mailbox.knows_all = False
    sender.send(email, MESSAGE)
    [envelope] = mailbox.taken
    assert envelope.rcpt_tos == ["ada@example.org"]
    assert "no mail for bob@example.org" in caplog.text


def test_a_mail_server_that_is_not_there_is_told(sender, email):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = email.model_copy(update={"port": free.getsockname()[1]})
        with pytest.raises(NotSent, match="could not be reached"):
            sender.send(nowhere, MESSAGE)


def test_a_title_of_several_lines_makes_no_header_of_its_own(sender, email, mailbox):
    sender.send(email, Message(title="Good\r\nBcc: eve@example.org", lines=("x",)))
    [envelope] = mailbox.taken
    assert envelope.rcpt_tos == ["ada@example.org", "bob@example.org"]
    assert b"\r\nBcc:" not in envelope.content


def test_slack_is_sent_the_text_escaped(sender, hook):
    sender.send(Slack(name="team", address=SecretStr(hook.address)), MESSAGE)
    [content] = hook.contents
    assert content["text"].startswith("Punctual: 1 trouble\n“Grüße &lt;aus&gt; Köln &amp; Bonn 🎉”")


def test_discord_is_sent_the_text_and_mentions_nobody(sender, hook):
    sender.send(Discord(name="team", address=SecretStr(hook.address)), MESSAGE)
    [content] = hook.contents
    assert "@everyone look" in content["content"]
    assert content["allowed_mentions"] == {"parse": []}


def test_a_server_of_ones_own_can_verify_what_it_is_sent(sender, hook):
    secret = new_signing_secret()
    channel = SignedWebhook(name="mine", address=hook.address, secret=SecretStr(secret))
    sender.send(channel, MESSAGE)
    [(headers, body)] = hook.taken
    Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    content = json.loads(body)
    assert (content["title"], content["count"], content["lines"]) == (MESSAGE.title, 1, list(MESSAGE.lines))
    assert headers["webhook-id"] == content["id"] == MESSAGE.id


def test_an_answer_that_is_no_yes_is_told_without_the_address(sender, hook):
    hook.status = 404
    with pytest.raises(NotSent, match=r"team was not sent: it answered 404") as failed:
        sender.send(Slack(name="team", address=SecretStr(hook.address)), MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_a_server_that_is_not_there_is_told_without_the_address(sender):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/s3cret"
        with pytest.raises(NotSent, match="could not be reached") as failed:
            sender.send(Discord(name="team", address=SecretStr(address)), MESSAGE)
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_a_test_message_says_that_it_is_one(sender, hook):
    sender.send_test(Slack(name="team", address=SecretStr(hook.address)))
    assert "this is a test" in hook.contents[0]["text"]


def test_a_long_message_is_cut_between_its_lines_and_says_how_many_are_left():
    message = Message(title="title", lines=tuple(f"line {number}" for number in range(10)))
    assert message.within(1000) == "\n".join(("title", *message.lines))
    assert message.within(40) == "title\nline 0\nline 1\n... and 8 more."
    assert len(Message(title="x" * 50, lines=("y",)).within(20)) == 20


def test_mail_without_tls_goes_to_this_machine_only(mailbox):
    assert Email(name="local", host="localhost", security="none", sender="a@b", recipients=("c@d",)).port == 587
    with pytest.raises(ValueError, match="this machine only"):
        Email(name="far", host="mail.example.org", security="none", sender="a@b", recipients=("c@d",))
