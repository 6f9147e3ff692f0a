import http.server
import json
import threading

import pytest
from pydantic import SecretStr

from core.notifications.channels import Digest, EmailChannel, SlackChannel, WebhookChannel

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = EmailChannel(
    name="On call",
    host="mail.example.org",
    user="ada",
    password=SecretStr("hunter2"),
    sender="punctual@example.org",
    recipients=("ada@example.org",),
)


class Hook(http.server.ThreadingHTTPServer):
    """A server that takes messages, or answers `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.taken = 200, []
        self.address = f"http://127.0.0.1:{self.server_port}/services/T0/s3cret"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hook():
    with Hook() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def said(session):
    """The words on the page, as they are shown."""
    elements = [session.markdown, session.caption, session.error, session.warning, session.code, session.toast]
    return " ".join(found.value for kind in elements for found in kind).replace("\\", "")


def fill(page, kind, **answers):
    for name, value in answers.items():
        page.text_input(key=f"channel-{kind}-{name}").set_value(value)


@pytest.fixture
def add(browse):
    """Open the form for a kind of channel, fill it and save it."""

    def save(kind, page=None, **answers):
        page = browse("notifications", page)
        page.session_state["channel-kind"] = kind
        page.button[0].click().run()
        fill(page, kind, **answers)
        page.button(key="add").click().run()
        assert not page.exception
        return page

    return save


@pytest.fixture
def more(browse):
    """Choose something in a channel's menu."""

    def choose(name, choice):
        page = browse("notifications")
        page.menu_button(key=f"menu-{name}").click(choice).run()
        assert not page.exception
        return page

    return choose


def test_an_empty_page_says_how_to_begin(browse):
    page = browse("notifications")
    assert "Nobody is told yet" in said(page)
    assert [button.key for button in page.button] == ["begin"]


def test_mail_is_set_up_and_its_password_is_never_shown(add, application, browse):
    page = add(
        "email",
        name="On call",
        host="mail.example.org",
        user="ada",
        password="hunter2",
        sender="punctual@example.org",
        recipients="ada@example.org, bob@example.org",
    )
    [channel] = application.channels.all()
    assert (channel.host, channel.port, channel.security) == ("mail.example.org", 587, "starttls")
    assert channel.password.get_secret_value() == "hunter2"
    assert channel.recipients == ("ada@example.org", "bob@example.org")
    assert "On call is set up. Send a test" in said(page)
    assert "ada@example.org, bob@example.org by mail.example.org:587" in said(browse("notifications"))
    assert "hunter2" not in said(page)


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_a_webhooks_address_is_kept_and_never_shown(add, application, kind):
    page = add(kind, name="Team", address="https://hooks.example.org/s3cret")
    [channel] = application.channels.all()
    assert (channel.kind, channel.address.get_secret_value()) == (kind, "https://hooks.example.org/s3cret")
    assert "s3cret" not in said(page)


def test_a_signing_secret_that_was_made_is_shown_once(add, application, browse):
    page = add("webhook", name="Own", address="https://example.org/notices")
    made = application.channels.all()[0].secret.get_secret_value()
    assert made in said(page)
    page.button(key="put-away").click().run()
    assert "whsec_" not in said(page)
    assert "whsec_" not in said(browse("notifications"))


def test_a_signing_secret_of_ones_own_is_never_shown(add, application):
    page = add("webhook", name="Own", address="https://example.org/notices", secret=SECRET)
    assert application.channels.all()[0].secret.get_secret_value() == SECRET
    assert "whsec_" not in said(page)


def test_what_cannot_be_a_channel_is_said_in_words(add, application):
    page = add("slack", name="Team", address="http://hooks.example.org/s3cret")
    assert "Address: use https, or http on this machine." in said(page)
    assert "s3cret" not in said(page)
    assert application.channels.all() == []


def test_a_name_is_not_taken_twice(add, application):
    first = add("slack", name="Team", address="https://hooks.example.org/first")
    page = add("discord", first, name="Team", address="https://hooks.example.org/second")
    assert "There is a channel named Team already." in said(page)
    assert [channel.kind for channel in application.channels.all()] == ["slack"]


def test_a_channel_is_changed_and_keeps_its_secret(more, application):
    application.channels.save(MAIL)
    page = more("On call", "Change")
    assert page.text_input(key="channel-email-host").value == "mail.example.org"
    assert page.text_input(key="channel-email-password").value == ""
    fill(page, "email", recipients="bob@example.org")
    page.button(key="save").click().run()
    assert not page.exception
    assert application.channels.all() == [MAIL.model_copy(update={"recipients": ("bob@example.org",)})]


def test_a_channel_is_renamed_unless_another_one_has_the_name(more, application):
    application.channels.save(MAIL)
    application.channels.save(MAIL.model_copy(update={"name": "Night"}))
    page = more("On call", "Change")
    fill(page, "email", name="Night")
    page.button(key="save").click().run()
    assert "There is a channel named Night already." in said(page)
    page = more("On call", "Change")
    fill(page, "email", name="Day")
    page.button(key="save").click().run()
    assert [channel.name for channel in application.channels.all()] == ["Day", "Night"]
    assert "Day is changed." in said(page)


def test_a_digest_is_asked_for_moved_and_given_up(more, application):
    application.channels.save(MAIL)

    def save(page):
        page.button(key="save").click().run()
        assert not page.exception
        return application.channels.all()[0].digest, said(page)

    page = more("On call", "Change")
    page.toggle(key="channel-email-digest").set_value(True)
    assert save(page)[0] == Digest(hour=8, zone="Europe/Berlin")
    page = more("On call", "Change")
    page.selectbox(key="channel-email-hour").set_value(7)
    page.selectbox(key="channel-email-zone").set_value("Asia/Tokyo")
    digest, words = save(page)
    assert digest == Digest(hour=7, zone="Asia/Tokyo")
    assert "A digest every day from 07:00 in Tokyo (UTC+09:00)" in words
    page = more("On call", "Change")
    page.toggle(key="channel-email-digest").set_value(False)
    assert save(page)[0] is None


def test_a_form_that_was_left_does_not_colour_the_next(more, application):
    application.channels.save(MAIL)
    application.channels.save(MAIL.model_copy(update={"name": "Night", "host": "night.example.org"}))
    page = more("On call", "Change")
    fill(page, "email", password="typed and left")
    page.menu_button(key="menu-Night").click("Change").run()
    assert page.text_input(key="channel-email-host").value == "night.example.org"
    assert page.text_input(key="channel-email-password").value == ""


def test_removing_the_last_channel_says_first_what_it_means(more, application):
    application.channels.save(MAIL)
    page = more("On call", "Remove")
    assert "It is the only channel: nobody will be told of a post in trouble." in said(page)
    assert len(application.channels.all()) == 1
    page.button(key="remove").click().run()
    assert application.channels.all() == []


def test_removing_one_of_several_says_what_is_left(more, application):
    for name in ("On call", "Night"):
        application.channels.save(MAIL.model_copy(update={"name": name}))
    assert "Troubles are still told by 1 other channel." in said(more("Night", "Remove"))


def test_a_test_message_is_sent_and_said(application, browse, hook):
    application.channels.save(WebhookChannel(name="Own", address=hook.address, secret=SecretStr(SECRET)))
    page = browse("notifications")
    page.button(key="test-Own").click().run()
    assert [content["kind"] for content in hook.taken] == ["test"]
    assert "The test message to Own was sent." in said(page)


def test_a_test_message_that_was_not_taken_is_said_without_the_address(application, browse, hook):
    application.channels.save(SlackChannel(name="Team", address=SecretStr(hook.address)))
    hook.status = 404
    page = browse("notifications")
    page.button(key="test-Team").click().run()
    assert "The message to Team was not sent: it answered 404" in said(page)
    assert "s3cret" not in said(page)


def test_a_channel_that_failed_says_so_and_when_it_is_tried_again(application, browse, hook, plan, begin, clock):
    application.channels.save(SlackChannel(name="Team", address=SecretStr(hook.address)))
    hook.status = 503
    application.notifier.channel_states()
    begin(plan("Lost", minutes=1))
    clock.move(minutes=10)
    application.notifier.notify()
    page = browse("notifications")
    assert "it answered 503" in said(page)
    assert "Next try in 1 minute." in said(page)
    hook.status = 200
    page.button(key="test-Team").click().run()
    assert "it answered 503" not in said(page)
    application.notifier.notify()
    assert "never started" in hook.taken[-1]["text"]
