import pytest

from core.ledger.port import Receipt
from ui.frame import application as opened
from ui.frame import redraw
from ui.frame.state import DRAFT, DRAWN_AGAIN

RESULTS_AND_POSTS = ("compose", "drafts", "queue", "calendar", "history", "outbox")
PAGES = (*RESULTS_AND_POSTS, "accounts", "posting_times", "notifications", "health")


def heading(name: str) -> str:
    return name.replace("_", " ").capitalize()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_with_an_empty_home(browse, name):
    assert browse(name).title[0].value == heading(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_in_a_browser_without_a_time_zone(browse, name):
    page = browse("compose")
    page.context["timezone"] = None
    page.open(name)
    assert page.title[0].value == heading(name)


def test_the_page_names_a_home_that_cannot_be_opened(tmp_path, monkeypatch, new_session):
    (tmp_path / "home").write_text("a file, not a folder")
    monkeypatch.setenv("PUNCTUAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(opened, "_opened", [])
    page = new_session()
    assert str(tmp_path / "home") in page.shown
    assert "set PUNCTUAL_HOME to another folder" in page.shown


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_one_error_and_nothing_else_when_the_home_was_replaced(browse, application, tmp_path, name):
    page = browse(name)
    application.back_up(tmp_path / "backup")
    (tmp_path / "home").rename(tmp_path / "aside")
    (tmp_path / "backup").rename(tmp_path / "home")
    page.run()
    assert len(page.error) == 1
    assert "was replaced or deleted while this program used it" in page.error[0].value
    assert "Stop this program and start it again" in page.error[0].value
    assert not page.title


def test_every_page_warns_when_no_worker_is_running(browse, application):
    page = browse("compose")
    assert len(page.warning) == 1
    assert "No worker is running: nothing is published." in page.shown
    application.start(lambda: "http://127.0.0.1:9/publish")
    page.run()
    assert not page.warning


def test_an_open_page_looks_for_a_missing_worker_by_itself(browse, application, monkeypatch):
    looks = []
    monkeypatch.setattr(redraw, "redraw_frame_on_change", lambda frame, shown: looks.append((frame, shown)))
    browse("compose")
    frame, shown = looks[-1]
    assert frame() == shown
    application.start(lambda: "http://127.0.0.1:9/publish")
    assert frame() != shown


def test_an_error_stays_while_the_page_is_drawn_again_by_itself(browse, application, monkeypatch):
    application.start(lambda: "http://127.0.0.1:9/publish")
    page = browse("compose")
    page.click("post-now", page.session_state[DRAFT])
    assert "The post has no text." in page.shown
    page.session_state[DRAWN_AGAIN] = True
    assert "The post has no text." in page.run().shown
    assert "The post has no text." not in page.run().shown


def titles(session):
    """Return the titles in the navigation by URL path."""
    return {each["url_pathname"]: each["page_name"] for each in session._registered_pages.values()}


def test_the_navigation_counts_the_posts_that_wait_on_every_page(browse, application, plan, fire, clock):
    session = browse("accounts")
    assert (titles(session)["history"], titles(session)["queue"]) == ("History", "Queue")
    failed = plan(minutes=1)
    plan("Never began", minutes=1)
    clock.move(minutes=4)
    application.ledger.record(fire(failed), Receipt(kind="failed", at=clock(), revision=1))
    for name in PAGES:
        found = titles(session.open(name))
        assert (found["history"], found["queue"]) == ("History (1)", "Queue (1)")


def test_a_decision_lowers_the_count_at_once(browse, application, plan, fire, clock):
    doubtful = plan(minutes=1)
    clock.move(minutes=1)
    receipt = Receipt(kind="unconfirmed", at=clock(), revision=1, destination=doubtful.post.destinations[0])
    application.ledger.record(fire(doubtful), receipt)
    session = browse("history")
    assert titles(session)["history"] == "History (1)"
    session.click("out-outbox", doubtful)
    assert titles(session)["history"] == "History"
