"""The request to prepare: a posting server uploads the media of a post while the relay waits for the due instant."""

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from lambda_pkg.address import RefusedAddress, parse_address
from lambda_pkg.event import Event
from lambda_pkg.signature import InvalidSecret, signed_headers

Clock = Callable[[], datetime]
PREPARE_PATH = "/prepare"
"""The path of the posting function that uploads and does not publish."""
PREPARE_ID_PREFIX = "prepare:"
"""Begins the webhook-id, before the occurrence key. A posting server without this path answers 401 to such an id, so it
never takes the request for a post."""
LEAST_TIME = timedelta(seconds=2)
"""A post that is due sooner is not prepared."""
CONNECT_SECONDS = 5.0


def prepare(post: Event, url: str | None, secrets: Sequence[str], clock: Clock) -> None:
    """Ask the server at `url` to prepare a post with media, from a thread, so that the post is never later for it.

    The answer has no effect, and neither has any error. Without `url`, or for a post with a posting server of its own,
    nothing is sent: a server of others could take the request for the post.
    """
    early = post.due - clock()
    if url is None or post.url is not None or not post.has_media or early < LEAST_TIME:
        return
    arguments = (post, url, tuple(secrets), clock(), clock, early.total_seconds())
    threading.Thread(target=_send, args=arguments, name="prepare", daemon=True).start()


def _send(post: Event, url: str, secrets: Sequence[str], now: datetime, clock: Clock, seconds: float) -> None:
    """Send the request and wait for the answer until the post is due: a server may stop when a client leaves."""
    from lambda_pkg.http_client import Connection, NoResponse

    try:
        signature = signed_headers(f"{PREPARE_ID_PREFIX}{post.occurrence_key}", now, post.body, secrets)
        headers = {"Content-Type": "application/json", "User-Agent": "punctual-relay", **signature}
        with Connection() as connection:
            connection.connect(parse_address(url), seconds=CONNECT_SECONDS)
            answer = f"status {connection.post(post.body, headers, seconds=seconds, now=clock).status}"
    except (InvalidSecret, RefusedAddress, NoResponse) as error:
        answer = str(error)
    line = {"level": "INFO", "message": "prepare", "occurrence_key": post.occurrence_key, "answer": answer}
    print(json.dumps(line), flush=True)
