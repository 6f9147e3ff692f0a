"""The pictures and videos of each part of a thread."""

from collections.abc import Sequence

from core.posts.destinations import Destination
from core.posts.first_comment import first_comments
from core.posts.models import Media, Revision


def media_of_parts(media: Sequence[Media], written: Sequence[int]) -> list[tuple[Media, ...]]:
    """Return the media of each part. `written` has the number of the written part (`Media.part`) that each one is from.

    Of a written part that was split again, the first part has the media. Media of a part that is missing go to the last
    written part, so none are lost.
    """
    first = {number: place for place, number in reversed(list(enumerate(written)))}
    found: list[list[Media]] = [[] for _ in written]
    for each in media:
        found[first.get(min(each.part, max(written)), 0)].append(each)
    return [tuple(each) for each in found]


def media_for(revision: Revision, destination: Destination) -> tuple[Media, ...]:
    """Return the media that go out with one destination of a post. A first comment has none."""
    parts = parts_of(revision, destination.account)
    if destination not in parts:
        return ()
    return media_of_parts(revision.media, written_parts(revision, parts))[parts.index(destination)]


def parts_of(revision: Revision, account: Destination) -> list[Destination]:
    """Return the destinations of an account in order, without its first comment."""
    comments = first_comments(revision)
    return [each for each in revision.destinations if each.account == account and each not in comments]


def written_parts(revision: Revision, parts: Sequence[Destination]) -> list[int]:
    """Return the number of the written part that each part is from."""
    return [revision.written_parts.get(each, each.part) for each in parts]
