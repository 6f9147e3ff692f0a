"""The search of drafts: batch after batch, latest change first, until enough of them match."""

from collections.abc import Callable
from dataclasses import dataclass

from core.drafts.draft import Draft
from core.drafts.port import BATCH

SEARCHED = 5000
"""The drafts that a search looks at; a person may let it look at as many more."""

Read = Callable[[int, Draft | None], list[Draft]]
"""Returns at most so many drafts after another one, or the first ones, latest first."""


@dataclass(frozen=True, kw_only=True)
class FoundDrafts:
    """The drafts that match, latest first. `more`: further ones match, or were not looked at.

    `looked_at` is the number of drafts that were read, and `complete` whether these are all.
    """

    drafts: list[Draft]
    more: bool
    looked_at: int
    complete: bool


def find_drafts(read: Read, matches: Callable[[Draft], bool], *, limit: int, most: int) -> FoundDrafts:
    """Return the first `limit` drafts that match among the first `most` ones.

    The cost grows with the drafts before the last one that is found, not with all.
    """
    found: list[Draft] = []
    looked_at, last, complete = 0, None, False
    while len(found) <= limit and looked_at < most and not complete:
        wanted = min(BATCH, most - looked_at, limit + 1 if not looked_at else BATCH)
        batch = read(wanted, last)
        found += filter(matches, batch)
        looked_at += len(batch)
        complete = len(batch) < wanted
        last = batch[-1] if batch else last
    return FoundDrafts(
        drafts=found[:limit], more=len(found) > limit or not complete, looked_at=looked_at, complete=complete
    )
