"""What is swept, and what stays."""

import os
from datetime import timedelta

import pytest

from core.maintenance import media_sweep
from core.maintenance.media_sweep import Sweeper
from core.media.folder import FolderMedia
from core.posts.models import Media
from core.scheduling.listing import Listed, Scheduled
from core.time.instants import real_clock


class RepeatingPosts:
    """A queue that holds nothing but these repeating posts."""

    def __init__(self):
        self.posts = []

    def window(self, start, end, *, limit):
        assert limit == 0
        return [
            Listed(name=f"repeat-{post.post_id}", post_id=post.post_id, due_at=None, enabled=True, modified_at=start)
            for post in self.posts
        ]

    def details(self, listed):
        return [Scheduled(listed=each, post=post) for each, post in zip(listed, self.posts, strict=True)]


@pytest.fixture
def queue():
    return RepeatingPosts()


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def at_noon(clock):
    """The tests' clock, moved to the machine's own time: the age of files is the machine's."""
    clock.now = real_clock()
    return clock


@pytest.fixture
def sweeper(store, ledger, queue, at_noon):
    return Sweeper(store, ledger, queue, at_noon)


@pytest.fixture
def grow_old(tmp_path):
    """Let every file have been put so many days ago."""

    def age(days):
        at = (real_clock() - timedelta(days=days)).timestamp()
        for path in (tmp_path / "media").glob("??/*"):
            os.utime(path, (at, at))

    return age


@pytest.fixture
def attached(store):
    """Keep a file and return what a post carries of it."""
    return lambda name: Media(
        reference=store.put(name.encode()), kind="picture", content_type="image/png", size=1, width=1, height=1
    )


def plan(ledger, post, now):
    return ledger.plan(post, schedule_name=f"post-{post.post_id}", now=now)


def test_what_no_post_has_named_for_90_days_is_deleted(sweeper, store, attached, at_noon):
    reference = attached("of a draft that was dropped").reference
    at_noon.move(days=89)
    assert sweeper.sweep() == 0
    assert store.exists(reference)
    at_noon.move(days=2)
    assert sweeper.sweep() == 1
    assert not store.exists(reference)


@pytest.mark.parametrize("wish", ["active", "paused"])
def test_what_a_pending_post_names_stays_and_counts_as_new(
    sweeper, store, ledger, attached, a_post, at_noon, wish, grow_old
):
    media = attached("of a post far ahead")
    post = a_post(media=(media,), due_at=at_noon() + timedelta(days=300))
    plan(ledger, post, at_noon())
    if wish == "paused":
        ledger.change(post.model_copy(update={"revision": 2}), wish="paused", schedule_name="post-it", now=at_noon())
    ledger.settle(post.post_id, 2 if wish == "paused" else 1, now=at_noon())
    grow_old(days=100)
    assert sweeper.sweep() == 0
    assert real_clock() - store.kept_at(media.reference) < timedelta(minutes=1)


def test_what_a_repeating_post_names_stays_also_before_its_schedule_is_made(
    sweeper, store, ledger, attached, a_series, at_noon
):
    media = attached("of every morning")
    plan(ledger, a_series(media=(media,)), at_noon())
    at_noon.move(days=100)
    sweeper.sweep()
    assert store.exists(media.reference)


def test_what_a_repeating_post_names_stays(sweeper, store, queue, attached, a_series, at_noon):
    media = attached("of every morning")
    queue.posts = [a_series(media=(media,))]
    at_noon.move(days=100)
    sweeper.sweep()
    assert store.exists(media.reference)


def test_what_only_a_cancelled_post_names_goes(sweeper, store, ledger, attached, a_post, at_noon):
    media = attached("of a post that was cancelled")
    post = a_post(media=(media,), due_at=at_noon() + timedelta(days=300))
    plan(ledger, post, at_noon())
    ledger.change(post.model_copy(update={"revision": 2}), wish="cancelled", schedule_name="post-it", now=at_noon())
    ledger.settle(post.post_id, 2, now=at_noon())
    at_noon.move(days=100)
    sweeper.sweep()
    assert not store.exists(media.reference)


def test_what_is_attached_again_while_the_posts_are_looked_through_stays(sweeper, store, queue, attached, at_noon):
    reference = attached("of an old draft").reference
    at_noon.move(days=100)
    look = queue.window

    def attach_meanwhile(start, end, *, limit):
        attached("of an old draft")
        return look(start, end, limit=limit)

    queue.window = attach_meanwhile
    assert sweeper.sweep() == 0
    assert store.exists(reference)


def test_while_every_file_is_young_no_post_is_looked_at(store, at_noon, attached):
    attached("young")
    at_noon.move(days=6)
    assert Sweeper(store, None, None, at_noon).sweep() == 0


def test_with_too_many_posts_to_look_through_nothing_is_deleted(
    sweeper, store, ledger, attached, a_post, at_noon, monkeypatch, caplog
):
    monkeypatch.setattr(media_sweep, "PENDING_AT_MOST", 1)
    media = attached("unused")
    for number in range(2):
        plan(ledger, a_post(post_id=f"{number:012d}", due_at=at_noon() + timedelta(days=300)), at_noon())
    at_noon.move(days=100)
    assert sweeper.sweep() == 0
    assert store.exists(media.reference)
    assert "nothing is swept" in caplog.text
