import os
from datetime import timedelta

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.drafts.sqlite import SqliteDrafts
from core.ledger.port import PlanChange
from core.maintenance import media_sweep
from core.maintenance.media_sweep import MediaSweep
from core.media.folder import FolderMedia
from core.posts.models import LinkCard, Media
from core.posts.payload import ScheduleName
from core.scheduling.listing import ListedSchedule, ScheduleDetail
from core.time.instants import real_clock


class Scheduled:
    """A listing with the schedules of these posts."""

    def __init__(self):
        self.posts = []

    def window(self, start, end, *, limit):
        return [
            ListedSchedule(
                name=str(ScheduleName.of(post)),
                post_id=post.post_id,
                due_at=post.due_at,
                enabled=True,
                modified_at=start,
            )
            for post in [each for each in self.posts if each.due_at][:limit]
            + [each for each in self.posts if each.repeat]
        ]

    def details(self, listed):
        posts = {post.post_id: post for post in self.posts}
        return [ScheduleDetail(listed=each, post=posts[each.post_id]) for each in listed]


@pytest.fixture
def listing():
    return Scheduled()


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def machine_time(clock):
    """Set the test clock to the machine's time, because files get their timestamps from it."""
    clock.now = real_clock()
    return clock


@pytest.fixture
def drafts(database):
    return SqliteDrafts(database)


@pytest.fixture
def accounts(tmp_path):
    return FileAccounts(tmp_path / "accounts.json")


@pytest.fixture
def sweep(store, ledger, listing, drafts, accounts, machine_time):
    """Sweep once and return how many files were deleted."""
    return MediaSweep(store, ledger, listing, drafts, accounts, machine_time).run


@pytest.fixture
def grow_old(tmp_path):
    """Set the timestamp of every file to this many days ago."""

    def set_age(days):
        at = (real_clock() - timedelta(days=days)).timestamp()
        for path in (tmp_path / "media").glob("??/*"):
            os.utime(path, (at, at))

    return set_age


@pytest.fixture
def attached(store):
    """Store a file and return it as media of a post."""
    return lambda name: Media(
        reference=store.put(name.encode()), kind="picture", content_type="image/png", size=1, width=1, height=1
    )


def plan(ledger, post, now):
    return ledger.plan(PlanChange(post=post, schedule_name=f"post-{post.post_id}"), now=now)


def test_a_file_is_deleted_when_no_post_has_needed_it_for_90_days(sweep, store, attached, machine_time):
    reference = attached("of a discarded draft").reference
    machine_time.move(days=89)
    assert sweep() == 0
    assert store.exists(reference)
    machine_time.move(days=2)
    assert sweep() == 1
    assert not store.exists(reference)


@pytest.mark.parametrize("desired", ["active", "paused"])
def test_a_file_of_a_pending_post_is_kept_and_its_timestamp_renewed(
    sweep, store, ledger, attached, a_post, machine_time, desired, grow_old
):
    media = attached("of a post far ahead")
    post = a_post(media=(media,), due_at=machine_time() + timedelta(days=300))
    plan(ledger, post, machine_time())
    if desired == "paused":
        ledger.change(
            PlanChange(post=post.model_copy(update={"revision": 2}), desired="paused", schedule_name="post-it"),
            now=machine_time(),
        )
    ledger.settle(post.post_id, 2 if desired == "paused" else 1, now=machine_time())
    grow_old(days=100)
    assert sweep() == 0
    assert real_clock() - store.stored_at(media.reference) < timedelta(minutes=1)


def test_the_picture_of_a_link_card_is_kept(sweep, store, ledger, drafts, attached, a_post, machine_time, grow_old):
    cards = [
        LinkCard(url="https://example.com/", picture=attached(name).reference) for name in ("of a post", "of a draft")
    ]
    plan(ledger, a_post(card=cards[0], due_at=machine_time() + timedelta(days=300)), machine_time())
    drafts.save("0123456789ab", DraftContent(card=cards[1], zone="UTC"), base=0, now=machine_time())
    grow_old(days=100)
    assert sweep() == 0
    assert all(store.exists(each.picture) for each in cards)


@pytest.mark.parametrize("where", ["draft", "template", "deleted", "earlier"])
def test_a_file_of_a_draft_is_kept(sweep, store, drafts, attached, machine_time, where, grow_old):
    media = attached("of an idea")
    with_media, without = (DraftContent(text="x", media=each, zone="UTC") for each in ((media,), ()))
    drafts.save("k3v9q2m4cx7a", with_media, base=0, template=where == "template", now=machine_time())
    if where == "deleted":
        drafts.delete("k3v9q2m4cx7a", now=machine_time())
    if where == "earlier":
        drafts.save("k3v9q2m4cx7a", without, base=0, now=machine_time())
    grow_old(days=100)
    assert sweep() == 0
    assert store.exists(media.reference)


def test_an_avatar_is_kept_while_its_account_is_connected(sweep, store, accounts, machine_time, grow_old):
    accounts.connect(Account(destination="net:ada", label="Ada", avatar=store.put(b"Ada")))
    grow_old(days=100)
    assert sweep() == 0
    accounts.remove("net:ada")
    grow_old(days=100)
    assert sweep() == 1


def test_a_file_of_a_draft_that_is_scheduled_during_the_sweep_is_kept(
    sweep, store, ledger, listing, drafts, attached, a_post, machine_time
):
    media = attached("of a draft that waited for a year")
    drafts.save("k3v9q2m4cx7a", DraftContent(media=(media,), zone="UTC"), base=0, now=machine_time())
    machine_time.move(days=100)
    window = listing.window

    def schedule_meanwhile(start, end, *, limit):
        plan(ledger, a_post(media=(media,), due_at=end - timedelta(days=800)), machine_time())
        drafts.remove("k3v9q2m4cx7a")
        return window(start, end, limit=limit)

    listing.window = schedule_meanwhile
    assert sweep() == 0
    assert store.exists(media.reference)


def test_a_file_of_a_draft_deleted_30_days_ago_is_deleted(sweep, store, drafts, attached, machine_time):
    media = attached("of an idea")
    drafts.save("k3v9q2m4cx7a", DraftContent(media=(media,), zone="UTC"), base=0, now=machine_time())
    drafts.delete("k3v9q2m4cx7a", now=machine_time())
    machine_time.move(days=100)
    assert sweep() == 1


def test_a_file_of_a_repeating_post_without_a_schedule_is_kept(sweep, store, ledger, attached, a_series, machine_time):
    media = attached("of every morning")
    plan(ledger, a_series(media=(media,)), machine_time())
    machine_time.move(days=100)
    sweep()
    assert store.exists(media.reference)


@pytest.mark.parametrize("kind", ["one-time", "repeating"])
def test_a_file_of_a_scheduled_post_that_the_ledger_does_not_know_is_kept(
    sweep, store, listing, attached, a_post, a_series, machine_time, kind
):
    media = attached("of a post whose ledger was lost")
    due_at = machine_time() + timedelta(days=200)
    listing.posts = [a_post(media=(media,), due_at=due_at) if kind == "one-time" else a_series(media=(media,))]
    machine_time.move(days=100)
    sweep()
    assert store.exists(media.reference)


@pytest.mark.parametrize("desired", ["active", "paused"])
def test_a_file_of_a_settled_series_whose_schedule_somebody_deleted_is_kept(
    sweep, store, ledger, attached, a_series, machine_time, desired
):
    media = attached("of every evening")
    post = a_series(media=(media,))
    ledger.plan(PlanChange(post=post, desired=desired, schedule_name=f"repeat-{post.post_id}"), now=machine_time())
    ledger.settle(post.post_id, 1, now=machine_time())
    machine_time.move(days=100)
    sweep()
    assert store.exists(media.reference)


def test_a_file_of_a_cancelled_post_is_deleted(sweep, store, ledger, attached, a_post, machine_time):
    media = attached("of a post that was cancelled")
    post = a_post(media=(media,), due_at=machine_time() + timedelta(days=300))
    plan(ledger, post, machine_time())
    ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name="post-it"),
        now=machine_time(),
    )
    ledger.settle(post.post_id, 2, now=machine_time())
    machine_time.move(days=100)
    sweep()
    assert not store.exists(media.reference)


def test_a_file_that_is_attached_again_during_the_sweep_is_kept(sweep, store, listing, attached, machine_time):
    reference = attached("of an old draft").reference
    machine_time.move(days=100)
    window = listing.window

    def attach_meanwhile(start, end, *, limit):
        attached("of an old draft")
        return window(start, end, limit=limit)

    listing.window = attach_meanwhile
    assert sweep() == 0
    assert store.exists(reference)


def test_no_post_is_read_while_every_file_is_recent(store, machine_time, attached):
    attached("recent")
    machine_time.move(days=6)
    assert MediaSweep(store, None, None, None, None, machine_time).run() == 0


def test_nothing_is_deleted_with_too_many_pending_posts(
    sweep, store, ledger, attached, a_post, machine_time, monkeypatch, caplog
):
    monkeypatch.setattr(media_sweep, "PENDING_LIMIT", 1)
    media = attached("unused")
    for number in range(2):
        plan(ledger, a_post(post_id=f"{number:012d}", due_at=machine_time() + timedelta(days=300)), machine_time())
    machine_time.move(days=100)
    assert sweep() == 0
    assert store.exists(media.reference)
    assert "no pictures and videos are deleted" in caplog.text
