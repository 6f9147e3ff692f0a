"""The decisions about posts whose time passed while they were paused: send, another time, or drop."""

from collections.abc import Collection
from dataclasses import replace

from core.scheduling.hold.pause_all import HeldPosts
from core.scheduling.selection import Selection, SelectionReport


class PassedPosts:
    """The decisions. Each leaves the posts out of the hold, if there is one, unless they wait for its end."""

    def __init__(self, selection: Selection, held_posts: HeldPosts) -> None:
        self._selection = selection
        self._held_posts = held_posts

    def send_now(self, post_ids: Collection[str]) -> SelectionReport:
        """Publish the posts now, soonest due first."""
        return self._decided(self._selection.send_now(post_ids))

    def drop(self, post_ids: Collection[str]) -> SelectionReport:
        """Cancel the posts."""
        return self._decided(self._selection.cancel(post_ids))

    def to_free_times(self, post_ids: Collection[str]) -> SelectionReport:
        """Move the posts to the next free times. During a hold, they stay paused there and are resumed with the others.

        They are in the hold before they are moved, so that an interruption leaves none paused for good. An undo brings
        them back to the times that have passed, paused, so it needs no free times.
        """
        self._held_posts.include(list(post_ids))
        return replace(self._selection.to_free_times(post_ids), action="move")

    def _decided(self, found: SelectionReport) -> SelectionReport:
        self._held_posts.forget([each.after.post.post_id for each in found.changed])
        return found
