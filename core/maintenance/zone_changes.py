"""The record of posts that moved, or need a time, because the rules of their zone changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.posts.models import FrozenModel, Instant, PostId
from core.storage.locks import locked
from core.storage.private_files import read_private, write_private
from core.time.phrases import plural

RETENTION = timedelta(days=30)
"""How long a change is recorded after its last post."""


class ZoneChange(FrozenModel):
    """The posts of one zone that one release of the zone data changed.

    `moved` are the posts with another instant, `needs_time` those whose wall time has no single instant any more.
    `complete` once the pass over all posts has ended.
    """

    zone: str
    release: str
    at: Instant
    moved: tuple[PostId, ...] = ()
    needs_time: tuple[PostId, ...] = ()
    complete: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangedPost:
    """A post whose instant changes, or that needs a time."""

    post_id: str
    zone: str
    needs_time: bool


def change_summary(change: ZoneChange) -> str:
    """Return one or two sentences, such as `3 posts moved when the rules of Africa/Casablanca changed (...)`."""
    sentences = []
    if change.moved:
        sentences.append(
            f"{plural(len(change.moved), 'post')} moved when the rules of {change.zone} changed (release"
            f" {change.release}): the local time stays as planned."
        )
    if change.needs_time:
        verb = "needs" if len(change.needs_time) == 1 else "need"
        sentences.append(
            f"{plural(len(change.needs_time), 'post')} in {change.zone} {verb} a time: by the rules of release"
            f" {change.release}, the clocks skip or repeat the planned one."
        )
    return " ".join(sentences)


_FILE = TypeAdapter(list[ZoneChange])


class ZoneChanges:
    """The changes of the last 30 days, in one file of the home."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[ZoneChange]:
        """Return the recorded changes, oldest first. An unreadable file has none. Raises HomeUnusable."""
        try:
            return _FILE.validate_json(read_private(self._path, missing=b"[]"))
        except ValidationError:
            return []

    def add(self, posts: Iterable[ChangedPost], release: str, now: datetime) -> None:
        """Record posts before they are changed, so that a crash loses none. A post that is recorded counts once."""
        with locked(self._path):
            changes = {(each.zone, each.release): each for each in self.all() if each.at > now - RETENTION}
            for post in posts:
                key = post.zone, release
                changes[key] = _with_post(changes.get(key) or ZoneChange(zone=post.zone, release=release, at=now), post)
            self._write(changes.values())

    def complete(self, release: str) -> None:
        """Record that the pass over all posts with this release has ended."""
        if all(each.complete for each in self.all() if each.release == release):
            return
        with locked(self._path):
            self._write(
                each.model_copy(update={"complete": True}) if each.release == release else each for each in self.all()
            )

    def _write(self, changes: Iterable[ZoneChange]) -> None:
        write_private(self._path, _FILE.dump_json(list(changes), indent=1))


def _with_post(change: ZoneChange, post: ChangedPost) -> ZoneChange:
    moved = tuple(each for each in change.moved if each != post.post_id)
    needs_time = tuple(each for each in change.needs_time if each != post.post_id)
    if post.needs_time:
        needs_time += (post.post_id,)
    else:
        moved += (post.post_id,)
    return change.model_copy(update={"moved": moved, "needs_time": needs_time})
