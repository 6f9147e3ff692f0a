"""The engine's lane of a post: posts to the same accounts, by the same posting server, share one."""

import hashlib

from pydantic_core import from_json

from core.posts.destinations import Destination

MAX_LANE_LENGTH = 200
"""Characters. A hash replaces a longer name."""


def lane_of(payload: bytes) -> str:
    """Return the lane of the relay's payload. Raises an error of any kind if it is unreadable."""
    event = from_json(payload)  # four times as fast as `json`, and dispatch names a lane for each post
    accounts = {Destination.parse(destination).account for destination in event["destinations"]}
    lane = " ".join([event.get("url") or "", *sorted(accounts)]).strip()
    return lane if len(lane) <= MAX_LANE_LENGTH else hashlib.sha256(lane.encode()).hexdigest()
