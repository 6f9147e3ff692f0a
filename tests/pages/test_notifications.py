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


class MessageServer(http.server.ThreadingHTTPServer):
    """Records the messages that it gets and answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.messages = 200, []
        self.address = f"http://127.0.0.1:{self.server_port}/services/T0/s3cret"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def server():
    with MessageServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def fill(page, kind, **values):
    for name, value in values.items():
        page.text_input(key=f"channel-{kind}-{name}").set_value(value)


def field(page, name):
    return page.text_input(key=f"channel-email-{name}").value


@pytest.fixture
def add(browse):
    """Fill the form of a kind of channel and save it."""

    def save(kind, **values):
        page = browse("notifications")
        page.click("ask-add", kind)
        fill(page, kind, **values)
        page.click("add")
        return page

    return save


@pytest.fixture
def keep(application):
    """Store channels, MAIL by default under each of the names."""

    def keep(*names):
        for name in names:
            application.channels.save(MAIL.model_copy(update={"name": name}))

    return keep


@pytest.fixture
def choose(browse):
    """Choose an item of a channel's menu on a new page."""

    def choose(item, name):
        page = browse("notifications")
        page.choose(item, name)
        return page

    return choose


def test_a_page_without_channels_asks_where_messages_go_and_has_a_button_for_each_kind(browse):
    page = browse("notifications")
    assert page.headers == ["Where should we tell you?"]
    keys = [button.key for button in page.main.button if button.key.startswith("ask-add")]
    assert keys == ["ask-add-email", "ask-add-slack", "ask-add-discord", "ask-add-webhook"]


def test_cancel_closes_the_form_and_adds_nothing(browse, application):
    page = browse("notifications")
    page.click("ask-add", "slack")
    page.click("close-dialog")
    assert "add" not in [button.key for button in page.button]
    assert application.channels.all() == []


def test_a_mail_channel_is_added_and_its_password_is_never_shown(add, application, browse):
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
    assert "On call added. Send a test message to check it." in page.shown
    assert "ada@example.org, bob@example.org via mail.example.org:587" in browse("notifications").shown
    assert "hunter2" not in page.shown


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_a_webhook_address_is_stored_and_never_shown(add, application, kind):
    page = add(kind, name="Team", address="https://hooks.example.org/s3cret")
    [channel] = application.channels.all()
    assert (channel.kind, channel.address.get_secret_value()) == (kind, "https://hooks.example.org/s3cret")
    assert "s3cret" not in page.shown


def test_a_generated_secret_is_shown_once(add, application, browse):
    page = add("webhook", name="Own", address="https://example.org/notices")
    assert application.channels.all()[0].secret.get_secret_value() in page.shown
    page.click("dismiss-secret")
    assert "whsec_" not in page.shown
    assert "whsec_" not in browse("notifications").shown


def test_an_entered_secret_is_never_shown(add, application):
    page = add("webhook", name="Own", address="https://example.org/notices", secret=SECRET)
    assert application.channels.all()[0].secret.get_secret_value() == SECRET
    assert "whsec_" not in page.shown


def test_an_invalid_channel_is_refused_without_showing_its_secret(add, application):
    page = add("slack", name="Team", address="http://hooks.example.org/s3cret")
    assert "Address: use https, or http on this machine." in page.shown
    assert "s3cret" not in page.shown
    assert application.channels.all() == []


def test_a_duplicate_name_is_refused(add, application):
    add("slack", name="Team", address="https://hooks.example.org/first")
    page = add("discord", name="Team", address="https://hooks.example.org/second")
    assert "A channel named Team exists." in page.shown
    assert [channel.kind for channel in application.channels.all()] == ["slack"]


def test_an_edited_channel_keeps_its_secret(choose, keep, application):
    keep("On call")
    page = choose("Edit", "On call")
    assert field(page, "host") == "mail.example.org"
    assert field(page, "password") == ""
    fill(page, "email", recipients="bob@example.org")
    page.click("save")
    assert application.channels.all() == [MAIL.model_copy(update={"recipients": ("bob@example.org",)})]


def test_a_channel_is_renamed_unless_the_name_exists(choose, keep, application):
    keep("On call", "Night")
    page = choose("Edit", "On call")
    fill(page, "email", name="Night")
    page.click("save")
    assert "A channel named Night exists." in page.shown
    page = choose("Edit", "On call")
    fill(page, "email", name="Day")
    page.click("save")
    assert [channel.name for channel in application.channels.all()] == ["Day", "Night"]
    assert "Day saved." in page.shown


def test_a_digest_is_added_changed_and_removed(choose, keep, application):
    keep("On call")

    def saved_digest(page):
        page.click("save")
        return application.channels.all()[0].digest

    page = choose("Edit", "On call")
    page.toggle(key="channel-email-digest").set_value(True)
    assert saved_digest(page) == Digest(hour=8, zone="Europe/Berlin")
    page = choose("Edit", "On call")
    page.selectbox(key="channel-email-hour").set_value(7)
    page.selectbox(key="channel-email-zone").set_value("Asia/Tokyo")
    assert saved_digest(page) == Digest(hour=7, zone="Asia/Tokyo")
    assert "Daily digest at 07:00, Tokyo (UTC+09:00)" in page.shown
    page = choose("Edit", "On call")
    page.toggle(key="channel-email-digest").set_value(False)
    assert saved_digest(page) is None


def test_an_abandoned_form_does_not_fill_the_next_one(choose, keep, application):
    keep("On call")
    application.channels.save(MAIL.model_copy(update={"name": "Night", "host": "night.example.org"}))
    page = choose("Edit", "On call")
    fill(page, "email", password="typed and left")
    page.choose("Edit", "Night")
    assert field(page, "host") == "night.example.org"
    assert field(page, "password") == ""


def test_the_remove_dialog_warns_about_the_last_channel(choose, keep, application):
    keep("On call")
    page = choose("Remove", "On call")
    assert "This is the only channel: nobody is notified when a post fails." in page.shown
    assert len(application.channels.all()) == 1
    page.click("remove")
    assert application.channels.all() == []


def test_the_remove_dialog_counts_the_other_channels(choose, keep):
    keep("On call", "Night")
    assert "Notifications still go to 1 other channel." in choose("Remove", "Night").shown


def test_a_test_message_is_sent(application, browse, server):
    application.channels.save(WebhookChannel(name="Own", address=server.address, secret=SecretStr(SECRET)))
    page = browse("notifications")
    page.click("test", "Own")
    assert [content["kind"] for content in server.messages] == ["test"]
    assert "Test message sent to Own." in page.shown


def test_a_failed_test_message_shows_the_error_without_the_address(application, browse, server):
    application.channels.save(SlackChannel(name="Team", address=SecretStr(server.address)))
    server.status = 404
    page = browse("notifications")
    page.click("test", "Team")
    assert "The message to Team was not sent: it answered 404" in page.shown
    assert "s3cret" not in page.shown


def test_a_failing_channel_shows_its_error_and_the_next_attempt(application, browse, server, plan, fire, clock):
    application.channels.save(SlackChannel(name="Team", address=SecretStr(server.address)))
    server.status = 503
    application.notifier.channel_states()
    fire(plan("Lost", minutes=1))
    clock.move(minutes=10)
    application.notifier.notify()
    page = browse("notifications")
    assert "it answered 503" in page.shown
    assert "Next attempt in 1 minute." in page.shown
    server.status = 200
    page.click("test", "Team")
    assert "it answered 503" not in page.shown
    application.notifier.notify()
    assert "did not start" in server.messages[-1]["text"]
