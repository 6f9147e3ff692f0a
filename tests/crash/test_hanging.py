"""Posts to a destination that hangs delay no other post, and none of them is lost or published twice."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from core.ledger.history import runs
from core.posts.models import new_post_id
from core.publishing.composing import compose


@pytest.fixture
def hanging() -> Iterator[SimpleNamespace]:
    """Serve a webhook that responds to nothing until `release` is set, and counts the ids of its requests."""
    release, ids = threading.Event(), Counter()

    class HangingHandler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            ids[self.headers["webhook-id"]] += 1
            release.wait(60)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), HangingHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}/", ids=ids, release=release)
    release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def post_now(home, hanging):
    """Publish a post to the given destinations now."""
    form = {"name": "hanging", "address": hanging.address, "deduplicates": "yes"}
    home.accounts.connect(home.networks["webhook"].connect(form))

    def send(*destinations: str) -> None:
        due = home.clock() + timedelta(days=1)
        post = compose(
            post_id=new_post_id(),
            text="Beside a destination that hangs",
            destinations=destinations,
            wall=due.replace(tzinfo=None, microsecond=0),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=home.accounts,
            networks=home.networks,
        )
        home.schedules.post_now(post)

    return send


def test_posts_beside_a_destination_that_hangs_go_out_and_its_own_posts_follow(
    eventually, home, serve, post_now, hanging, monkeypatch
):
    """The destination hangs for as long as the test wants, with more posts than there are workers."""
    monkeypatch.setenv("PUNCTUAL_REDELIVERY_SECONDS", "0.5")
    for _ in range(40):
        post_now("webhook:hanging")
    for _ in range(12):
        post_now("webhook:hanging", "outbox")
    for _ in range(3):
        post_now("outbox")
    serve()
    eventually(lambda: len(home.outbox.feed(limit=100)) == 15)
    assert not hanging.release.is_set()
    assert sum(run.state == "published" for run in runs(home.ledger, limit=100)) == 3
    hanging.release.set()
    eventually(lambda: [run.state for run in runs(home.ledger, limit=100)] == ["published"] * 55)
    assert len(home.outbox.feed(limit=100)) == 15
    assert len(hanging.ids) == 52
    assert set(hanging.ids.values()) == {1}
