import re

import pytest

from core.health.checks import run_checks
from core.ledger.port import Receipt
from ui.frame import application as opened
from ui.frame import health_light, redraw
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
    monkeypatch.setattr(health_light, "health_status", lambda: "good")  # the checks end at any moment
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


def navigation(session):
    """Return the labels in the navigation, as screen readers read them, by page."""
    links = session.sidebar.get("page_link")
    return {label.split()[0]: " ".join(label.split()[1:]) for label in (plain(each.proto.label) for each in links)}


def plain(label: str) -> str:
    """Return a label without its Markdown."""
    return re.sub(r":\w+-badge\[|[\]*]", " ", label)


def test_the_navigation_counts_the_posts_that_wait_on_every_page(browse, application, plan, fire, clock):
    session = browse("accounts")
    assert (navigation(session)["History"], navigation(session)["Queue"]) == ("", "")
    failed = plan(minutes=1)
    plan("Never began", minutes=1)
    plan("Tomorrow", minutes=1440)
    clock.move(minutes=4)
    application.ledger.record(fire(failed), Receipt(kind="failed", at=clock(), revision=1))
    for name in PAGES:
        found = navigation(session.open(name))
        assert (found["History"], found["Queue"]) == ("1 waiting for you", "2 1 waiting for you")


def test_a_decision_lowers_the_count_at_once(browse, application, plan, fire, clock):
    doubtful = plan(minutes=1)
    clock.move(minutes=1)
    receipt = Receipt(kind="unconfirmed", at=clock(), revision=1, destination=doubtful.post.destinations[0])
    application.ledger.record(fire(doubtful), receipt)
    session = browse("history")
    assert navigation(session)["History"] == "1 waiting for you"
    session.click("out-outbox", doubtful)
    assert navigation(session)["History"] == ""


def test_the_light_of_health_shows_the_worst_check_in_words_too(browse, application):
    checks = run_checks(application, application.clock())
    session = browse("accounts")
    session.open("health")
    assert navigation(session.open("queue"))["Health"] == "has a problem"
    assert "bad" in {each.status for each in checks}


def test_new_post_starts_an_empty_draft_and_keeps_the_one_before(browse):
    compose = browse("compose")
    compose.write("Half a thought")
    before = compose.draft
    compose.query_params["draft"] = "new"
    compose.run()
    assert compose.draft != before
    assert not compose.query_params.get("draft")
    assert compose.text_area(key=f"text-{compose.draft}").value == ""
    compose.query_params["draft"] = before
    assert compose.run().text_area(key=f"text-{before}").value == "Half a thought"


def test_a_chosen_zone_is_that_of_all_pages_until_the_browsers_is_chosen_again(browse, plan):
    plan(minutes=60)
    queue = browse("queue")
    assert "Times in Europe/Berlin (UTC+01:00)" in zone_label(queue)
    queue.click("viewer-zone")
    queue.selectbox(key="viewer-zone-field").set_value("Asia/Tokyo")
    queue.click("save-viewer-zone")
    assert "Times in Asia/Tokyo (UTC+09:00)" in zone_label(queue)
    assert "### 22:00" in queue.shown
    assert "Times in Asia/Tokyo" in zone_label(queue.open("history"))
    queue.click("viewer-zone")
    queue.click("browser-zone")
    assert "Times in Europe/Berlin" in zone_label(queue)


def zone_label(session):
    return session.button(key="viewer-zone").label
