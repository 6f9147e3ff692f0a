import socket
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.application import Application
from core.posts.models import Post, new_post_id
from core.settings import Settings
from tests.browser.conftest import expect_first_visit


@pytest.mark.parametrize("name", ["Drafts", "History", "Accounts", "Notifications", "Health"])
def test_the_first_visit_to_a_new_server_shows_the_page_of_its_address(fresh_server, page, name, fresh_port):
    """Tests that start a server for another reason make the first visits to the other pages."""
    fresh_server.start("--server.port", fresh_port)
    expect_first_visit(page, fresh_server, name)


def test_posts_are_published_when_the_default_port_is_in_use(fresh_server, page, eventually):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if taken.connect_ex(("127.0.0.1", 8501)):
            taken = socket.create_server(("127.0.0.1", 8501))
        with taken:
            fresh_server.start()
    assert not fresh_server.url.endswith(":8501")
    expect_first_visit(page, fresh_server, "Outbox")
    application = Application(Settings(home=fresh_server.home))
    due = application.clock().replace(microsecond=0) + timedelta(seconds=4)
    post = Post(
        post_id=new_post_id(),
        text="Another port",
        destinations=("outbox",),
        zone="UTC",
        wall=f"{due:%Y-%m-%dT%H:%M:%S}",
        due_at=due,
    )
    application.schedules.schedule(post)
    eventually(lambda: application.outbox.feed(limit=1))
    application.close()


def test_the_page_shows_that_the_server_does_not_answer(fresh_server, page, fresh_port, eventually):
    fresh_server.start("--server.port", fresh_port)
    expect_first_visit(page, fresh_server, "Queue")
    expect(page.get_by_text("No scheduled posts")).to_be_visible()
    fresh_server.stop()
    banner = "getComputedStyle(document.body, '::after').content"
    eventually(lambda: "Connection lost" in page.evaluate(banner))


def test_a_home_that_cannot_be_opened_is_named_and_needs_no_restart_once_it_can(fresh_server, page, fresh_port):
    fresh_server.home.write_text("a file, not a folder")
    fresh_server.start("--server.port", fresh_port)
    assert f"Punctual cannot start: {fresh_server.home} cannot be used" in fresh_server.log.read_text()
    page.goto(f"{fresh_server.url}/queue")
    expect(page.get_by_text(str(fresh_server.home))).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    fresh_server.home.unlink()
    page.reload()
    expect(page.get_by_text("No scheduled posts")).to_be_visible()


def test_a_home_that_can_be_opened_before_the_first_visit_needs_no_restart(fresh_server, page, fresh_port, eventually):
    fresh_server.home.write_text("a file, not a folder")
    fresh_server.start("--server.port", fresh_port)
    fresh_server.home.unlink()
    expect_first_visit(page, fresh_server, "Calendar")
    application = Application(Settings(home=fresh_server.home))
    eventually(application.one_machine.has_live_runner)
    application.close()
