"""The request to prepare, sent while the relay waits: it uploads the media of a post, and starts a posting function."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from lambda_pkg.address import Authorize, RefusedAddress, parse_address
from lambda_pkg.event import Event
from lambda_pkg.http_client import Connection, NoResponse
from lambda_pkg.log_lines import write_line
from lambda_pkg.signature import CannotSign, signed_headers

Clock = Callable[[], datetime]
PREPARE_PATH = "/prepare"
"""The path of the posting function that uploads and does not publish."""
PREPARE_ID_PREFIX = "prepare:"
"""Begins the webhook-id, before the occurrence key. A posting server without this path answers 401 to such an id, so it
never takes the request for a post."""
WARM_UP_TIME = timedelta(seconds=5)
"""When a post without media is prepared: a posting function that was idle takes up to three seconds to start."""
LEAST_TIME = timedelta(seconds=2)
"""A post that is due sooner is not prepared."""
CONNECT_SECONDS = 5.0


def prepare(
    post: Event, url: str | None, secrets: Sequence[str], clock: Clock, authorize: Authorize | None = None
) -> None:
    """Ask the server at `url` to prepare a post, from a thread, so that the post is never later for it.

    The answer has no effect, and neither has any error. Without `url`, or for a post with a posting server of its own,
    nothing is sent: a server of others could take the request for the post. A post without media is prepared only by a
    posting function, which `authorize` gives access to, because another server is running anyway.
    """
    early = post.due - clock()
    useful = post.has_media or authorize is not None
    if url is None or post.url is not None or not useful or early < LEAST_TIME:
        return
    arguments = (post, url, tuple(secrets), clock(), clock, early.total_seconds(), authorize)
    threading.Thread(target=_send, args=arguments, name="prepare", daemon=True).start()


def _send(
    post: Event,
    url: str,
    secrets: Sequence[str],
    now: datetime,
    clock: Clock,
    seconds: float,
    authorize: Authorize | None,
) -> None:
    """Send the request and wait for the answer until the post is due: a server may stop when a client leaves."""
    try:
        address = parse_address(url)
        signature = signed_headers(f"{PREPARE_ID_PREFIX}{post.occurrence_key}", now, post.body, secrets)
        headers = {"Content-Type": "application/json", "User-Agent": "punctual-relay", **signature}
        access = authorize(address, headers, post.body) if authorize else {}
        with Connection() as connection:
            connection.connect(address, seconds=CONNECT_SECONDS)
            answer = f"status {connection.post(post.body, {**headers, **access}, seconds=seconds, now=clock).status}"
    except (CannotSign, RefusedAddress, NoResponse) as error:
        answer = str(error)
    write_line({"level": "INFO", "message": "prepare", "occurrence_key": post.occurrence_key, "answer": answer})
