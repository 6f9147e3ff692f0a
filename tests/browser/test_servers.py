import re
import socket
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.application import Application
from core.posts.models import Post, new_post_id
from core.settings import Settings


@pytest.mark.parametrize(("path", "name"), [("", "Compose"), ("history", "History")])
def test_the_first_visit_to_a_new_server_shows_the_page_of_its_address(fresh_server, page, path, name, fresh_port):
    fresh_server.start("--server.port", fresh_port)
    page.goto(f"{fresh_server.url}/{path}")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    for other in ("Compose", "Queue", "History", "Health"):
        expect(page.get_by_role("link", name=re.compile(rf"^{other}\b"))).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_posts_are_published_when_the_default_port_is_in_use(fresh_server, eventually):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if taken.connect_ex(("127.0.0.1", 8501)):
            taken = socket.create_server(("127.0.0.1", 8501))
        with taken:
            fresh_server.start()
    assert not fresh_server.url.endswith(":8501")
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
    page.goto(f"{fresh_server.url}/queue")
    expect(page.get_by_text("No scheduled posts")).to_be_visible()
    fresh_server.stop()
    banner = "getComputedStyle(document.body, '::after').content"
    eventually(lambda: "Connection lost" in page.evaluate(banner))


def test_a_home_that_cannot_be_opened_is_named_and_needs_no_restart_once_it_can(
    fresh_server, page, fresh_port, eventually
):
    fresh_server.home.write_text("a file, not a folder")
    fresh_server.start("--server.port", fresh_port)
    assert f"Punctual cannot start: {fresh_server.home} cannot be used" in fresh_server.log.read_text()
    page.goto(f"{fresh_server.url}/queue")
    expect(page.get_by_text(str(fresh_server.home))).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    fresh_server.home.unlink()
    page.reload()
    expect(page.get_by_text("No scheduled posts")).to_be_visible()
    application = Application(Settings(home=fresh_server.home))
    eventually(application.one_machine.has_live_runner)
    application.close()
