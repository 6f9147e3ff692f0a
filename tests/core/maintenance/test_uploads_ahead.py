"""Uploads of pictures before their post is due."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO

import pytest
from PIL import Image

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.ledger.port import PlanChange
from core.maintenance.uploads_ahead import AHEAD, UploadsAhead
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.media.pictures import PictureLimits
from core.posts.models import Repeat
from core.posts.payload import REPEAT_PREFIX
from core.publishing import fitted_pictures
from core.publishing.attachments import MediaLimits, load_attachments
from core.publishing.http.client import RequestNotSent
from core.publishing.preparer import Preparer
from core.scheduling.schedule_group import ensure_group
from core.scheduling.schedules import Schedules
from core.time.instants import epoch_ms
from tests.small_video import small_video


class Album:
    """A network that records the uploads."""

    label = "Album"
    options = ()

    def __init__(self):
        self.uploads = []
        self.failures = []

    def media_limits(self, account):
        return MediaLimits(pictures=PictureLimits(count=4, max_bytes=100_000), max_video_bytes=100_000_000)

    def upload(self, publication):
        if self.failures:
            raise self.failures.pop()
        self.uploads.append((publication.occurrence_key, publication.account.destination, len(publication.media)))


class Pinboard(Album):
    """A network without uploads ahead of the post."""

    upload = None


@pytest.fixture
def album():
    return Album()


@pytest.fixture
def accounts(tmp_path):
    accounts = FileAccounts(tmp_path / "accounts.json")
    for name in ("album:ada", "album:bob", "pins:ada"):
        accounts.connect(Account(destination=name, label=name))
    return accounts


@pytest.fixture
def media(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def preparer(accounts, album, media):
    return Preparer(accounts, {"album": album, "pins": Pinboard()}, media)


@pytest.fixture
def ahead(ledger, preparer, clock):
    return UploadsAhead(ledger, preparer, clock)


def a_picture(media, colour):
    file = BytesIO()
    Image.new("RGB", (4, 4), colour).save(file, "PNG")
    return ingest(media, file.getvalue(), alt="blue")


@pytest.fixture
def picture(media):
    return a_picture(media, "teal")


@pytest.fixture
def plan(ledger, a_post, picture, clock):
    """Plan a post with a picture that is due in AHEAD, and move the clock there."""

    def write(**changed):
        members = {
            "destinations": ("album:ada", "album:ada#2", "album:bob", "pins:ada"),
            "media": (picture,),
            **changed,
        }
        post = a_post(**members)
        clock.now = post.due_at - AHEAD
        return ledger.plan(PlanChange(post=post, schedule_name=None), now=clock())

    return write


def test_each_account_gets_the_pictures_once_within_ten_minutes_before_the_post(ahead, plan, album, clock):
    post = plan().post
    ahead.run()
    assert album.uploads == []
    clock.move(seconds=1)
    ahead.run()
    ahead.run()
    assert sorted(album.uploads) == [(post.post_id, "album:ada", 1), (post.post_id, "album:bob", 1)]


def test_a_large_video_is_uploaded_as_long_before_the_post_as_a_slow_line_needs(ahead, plan, album, media, clock):
    video = ingest(media, small_video()).model_copy(update={"size": 60_000_000})
    plan(destinations=("album:ada",), media=(video,))
    clock.move(minutes=-20, seconds=-1)
    ahead.run()
    assert album.uploads == []
    clock.move(seconds=2)
    ahead.run()
    assert [destination for _, destination, _ in album.uploads] == ["album:ada"]


def test_a_long_upload_lets_the_next_run_upload_to_other_accounts(ahead, plan, album, clock, monkeypatch):
    monkeypatch.setattr("core.maintenance.uploads_ahead.PATIENCE_SECONDS", 0.0)
    long, upload, done = threading.Event(), album.upload, threading.Semaphore(0)

    def last(publication):
        if publication.account.destination == "album:ada":
            assert long.wait(10)
        upload(publication)
        done.release()

    album.upload = last
    first = plan(destinations=("album:ada",)).post
    clock.move(seconds=1)
    ahead.run()
    second = plan(post_id="k3v9q2m4cx7b", destinations=("album:ada", "album:bob"), due_at=first.due_at).post
    clock.move(seconds=1)
    ahead.run()
    assert done.acquire(timeout=10)
    assert album.uploads == [(second.post_id, "album:bob", 1)]
    long.set()
    assert done.acquire(timeout=10)
    assert album.uploads[1:] == [(first.post_id, "album:ada", 1)]


@pytest.mark.parametrize("error", [RequestNotSent("It broke."), RuntimeError("bug")])
def test_a_failed_upload_is_tried_again_in_the_next_run(ahead, plan, album, clock, error):
    plan(destinations=("album:ada",))
    clock.move(seconds=1)
    album.failures = [error]
    ahead.run()
    assert album.uploads == []
    ahead.run()
    assert [destination for _, destination, _ in album.uploads] == ["album:ada"]


def test_a_network_that_hangs_delays_no_upload_to_another_account(ahead, plan, album, clock):
    others = threading.Event()
    upload = album.upload

    def hang(publication):
        if publication.account.destination == "album:ada":
            assert others.wait(10)
            raise RequestNotSent("The connection was too slow.")
        upload(publication)
        if len(album.uploads) == 2:
            others.set()

    album.upload = hang
    first = plan().post
    second = plan(post_id="k3v9q2m4cx7b", due_at=first.due_at).post
    clock.move(seconds=1)
    ahead.run()
    assert sorted(album.uploads) == [(first.post_id, "album:bob", 1), (second.post_id, "album:bob", 1)]


def test_a_failed_upload_ends_the_run_of_its_account(ahead, plan, album, clock):
    first = plan(destinations=("album:ada",)).post
    plan(post_id="k3v9q2m4cx7b", destinations=("album:ada",), due_at=first.due_at)
    clock.move(seconds=1)
    album.failures = [RequestNotSent("It broke.")]
    ahead.run()
    assert album.uploads == []
    ahead.run()
    assert len(album.uploads) == 2


def test_the_pictures_for_a_network_without_uploads_are_fitted_ahead(ahead, plan, media, clock, monkeypatch):
    fitted, fit = [], fitted_pictures.fit_picture

    def record(content, limits, *, count):
        fitted.append(content)
        return fit(content, limits, count=count)

    monkeypatch.setattr(fitted_pictures, "fit_picture", record)
    post = plan(destinations=("pins:ada",), media=(a_picture(media, "orchid"),)).post
    clock.move(seconds=1)
    ahead.run()
    assert len(fitted) == 1
    load_attachments(post.media, media, Pinboard().media_limits(None), "Pinboard")
    assert len(fitted) == 1


def test_a_changed_post_is_uploaded_again(ahead, plan, album, ledger, clock):
    post = plan().post
    clock.move(seconds=1)
    ahead.run()
    changed = post.model_copy(update={"revision": post.revision + 1})
    ledger.change(PlanChange(post=changed, desired="active", schedule_name=None), now=clock())
    ahead.run()
    assert len(album.uploads) == 4


def test_nothing_is_uploaded_for_a_paused_post_a_disabled_account_or_a_text(
    ahead, plan, album, accounts, ledger, clock
):
    accounts.set_enabled("album:bob", False)
    post = plan(media=()).post
    clock.move(seconds=1)
    ahead.run()
    paused = plan(post_id="k3v9q2m4cx7b", destinations=("album:bob",)).post
    clock.move(seconds=1)
    ahead.run()
    enabled = plan(post_id="k3v9q2m4cx7c", destinations=("album:ada",)).post
    ledger.change(
        PlanChange(
            post=enabled.model_copy(update={"revision": enabled.revision + 1}), desired="paused", schedule_name=None
        ),
        now=clock(),
    )
    clock.move(seconds=1)
    ahead.run()
    assert album.uploads == []
    assert post.post_id != paused.post_id


@pytest.fixture
def schedules(engine_client, lambda_client, ledger, target, clock):
    schedules = Schedules(
        scheduler=engine_client,
        lambda_client=lambda_client,
        ledger=ledger,
        target=target,
        notice=timedelta(seconds=2),
        clock=clock,
    )
    ensure_group(engine_client, target.group)
    return schedules


@pytest.fixture
def series(schedules, ledger, a_post, picture, store, preparer, clock):
    """Schedule a post that repeats every hour; return it and the uploads ahead of its runs."""
    repeat = Repeat(expression="cron(0 * * * ? *)")
    post = a_post(due_at=None, repeat=repeat, zone="UTC", media=(picture,), destinations=("album:ada",))
    schedules.schedule(post)
    store.claim_due("runner", epoch_ms(clock()), 10)  # the run at noon
    return post, UploadsAhead(ledger, preparer, clock, partial(store.runs_due, REPEAT_PREFIX))


def test_each_run_of_a_series_gets_its_own_upload_ahead(series, album, store, clock):
    post, ahead = series
    clock.now = datetime(2026, 11, 2, 12, 49, tzinfo=UTC)
    ahead.run()
    assert album.uploads == []
    clock.move(minutes=1, seconds=1)
    ahead.run()
    ahead.run()
    assert album.uploads == [(f"{post.post_id}/2026-11-02T13:00:00Z", "album:ada", 1)]
    clock.now = datetime(2026, 11, 2, 13, tzinfo=UTC)
    store.claim_due("runner", epoch_ms(clock()), 10)
    clock.now = datetime(2026, 11, 2, 13, 51, tzinfo=UTC)
    ahead.run()
    assert [key for key, _, _ in album.uploads[1:]] == [f"{post.post_id}/2026-11-02T14:00:00Z"]


def test_nothing_is_uploaded_for_a_paused_series(series, album, schedules, ledger, clock):
    post, ahead = series
    schedules.pause(ledger.get(post.post_id))
    clock.now = datetime(2026, 11, 2, 12, 55, tzinfo=UTC)
    ahead.run()
    assert album.uploads == []


def test_nothing_is_uploaded_for_a_skipped_run(series, album, schedules, ledger, clock):
    post, ahead = series
    schedules.skip_run(ledger.get(post.post_id), datetime(2026, 11, 2, 13, tzinfo=UTC))
    clock.now = datetime(2026, 11, 2, 12, 55, tzinfo=UTC)
    ahead.run()
    assert album.uploads == []


def test_the_pictures_of_each_part_are_uploaded_under_its_own_key(ahead, plan, album, media, picture, clock):
    second = a_picture(media, "red").model_copy(update={"part": 2})
    post = plan(destinations=("album:ada", "album:ada#2"), media=(picture, second)).post
    clock.move(seconds=1)
    ahead.run()
    assert album.uploads == [(post.post_id, "album:ada", 1), (f"{post.post_id}#2", "album:ada", 1)]
