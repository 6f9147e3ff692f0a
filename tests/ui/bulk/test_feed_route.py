"""The calendar feed answers at its secret address alone, and holds the posts with links to the dashboard."""

import asyncio
from datetime import timedelta

import pytest
from icalendar import Calendar
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.application import Application
from core.bulk.feed import FeedToken
from core.publishing.composing import compose
from core.serving.hosts import AllowedHosts
from core.serving.middleware import SecurityMiddleware
from core.settings import Settings
from ui.bulk.feed_route import feed_path, feed_routes


@pytest.fixture
def application(tmp_path, clock, monkeypatch):
    """Open a home with a post due in an hour."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    post = compose(
        post_id="k3v9q2m4cx7a",
        text="Good morning, <all>",
        destinations=["outbox"],
        wall=(clock() + timedelta(hours=1)).replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=opened.accounts,
        networks=opened.networks,
    )
    opened.schedules.schedule(post)
    yield opened
    opened.close()


@pytest.fixture
def ask(application):
    """Return a function that sends a request to the dashboard's routes, and returns its status and body."""
    security = Middleware(
        SecurityMiddleware,
        hosts=lambda: AllowedHosts(public=("posts.example.org",)),
        max_body_bytes=1000,
        signed_paths=(),
    )
    app = Starlette(routes=feed_routes(), middleware=[security])

    def ask(path, *, method="GET", host="posts.example.org", **headers):
        sent = []
        named = {"host": host, **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
        }

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(app(scope, receive, send))
        return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])

    return ask


def test_there_is_no_feed_before_it_is_switched_on(ask):
    assert ask(feed_path(""))[0] == 404
    assert ask(feed_path("x" * 43))[0] == 404


def test_the_feed_is_served_at_its_address_and_nowhere_else(ask, application, clock):
    token = FeedToken(application.home).renew()
    status, body = ask(feed_path(token), x_forwarded_proto="https")
    assert status == 200
    [event] = Calendar.from_ical(body).walk("VEVENT")
    assert str(event["description"]) == "Good morning, <all>\n\nTo outbox"
    assert event["url"] == "https://posts.example.org/calendar?on=2026-11-02&post=k3v9q2m4cx7a"
    assert event["dtstart"].dt == clock() + timedelta(hours=1)
    for wrong in (token[:-1], f"{token}x", token.swapcase(), "x" * 43, "", "../accounts.json", "ü" * 43):
        assert ask(feed_path(wrong)) == (404, b"There is no such address.\n")
    assert ask(f"/calendar-feed/{token}")[0] == 404
    assert ask(feed_path(token), method="POST")[0] == 405
    assert ask(feed_path(token), host="evil.example")[0] == 421


def test_a_new_address_ends_the_one_before_and_switching_off_ends_both(ask, application):
    token = FeedToken(application.home)
    first, second = token.renew(), token.renew()
    assert [ask(feed_path(each))[0] for each in (first, second)] == [404, 200]
    token.remove()
    token.remove()
    assert ask(feed_path(second))[0] == 404


def test_the_token_is_kept_for_the_owner_alone(application):
    token = FeedToken(application.home).renew()
    path = application.home.path / "calendar-feed"
    assert (path.stat().st_mode & 0o777, path.read_text()) == (0o600, token)
    path.write_text("short")
    assert not FeedToken(application.home).matches("short")


def test_a_published_post_stays_in_the_feed_with_its_result(ask, application, clock):
    token = FeedToken(application.home).renew()
    [entry] = application.views.upcoming(clock() + timedelta(days=1), limit=9).entries
    from core.posts.payload import invocation_of

    clock.now = entry.due_at
    application.publisher.publish(invocation_of(entry.post, entry.due_at))
    clock.move(days=2)
    [event] = Calendar.from_ical(ask(feed_path(token))[1]).walk("VEVENT")
    assert str(event["summary"]) == "Good morning, <all> (published)"
    assert str(event["uid"]) == "k3v9q2m4cx7a@punctual"
