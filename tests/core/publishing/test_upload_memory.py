"""Uploads in several threads, videos in processing, and stores that fail."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.accounts.port import Account
from core.ledger.dynamodb_reader import TableUnavailable
from core.media.intake import ingest
from core.publishing.attachments import load_attachments
from core.publishing.network import PreparationFailed, Publication, Refused, RetryLater
from core.publishing.upload_memory import UploadMemory


class FailingStore:
    """A store that cannot be reached."""

    def fail(self, *_):
        raise TableUnavailable("The table could not be reached.")

    get = put = forget = fail


@pytest.fixture
def memory(clock):
    return UploadMemory(clock)


@pytest.fixture
def publication(media_store, encoded_picture, new_network, clock):
    """Return a publication with one picture."""
    limits = new_network().media_limits(None)
    media = load_attachments([ingest(media_store, encoded_picture())], media_store, limits, "Album")
    account = Account(destination="album:ada", label="Ada")
    return Publication(
        occurrence_key="k3v9q2m4cx7a", post_id="k3v9q2m4cx7a", account=account, text="", due_at=clock(), media=media
    )


@pytest.fixture
def picture(publication):
    return publication.media[0]


def test_a_thread_waits_for_the_upload_of_another_and_uses_its_result(memory, publication, picture):
    begun, release = threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert release.wait(10)
        return "1"

    with ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(memory.once, publication, picture, slow, patience=10)
        assert begun.wait(10)
        due = pool.submit(memory.once, publication, picture, lambda: pytest.fail("it uploads again"), patience=10)
        release.set()
        assert (ahead.result(10), due.result(10)) == ("1", "1")


def test_a_thread_without_time_left_uploads_itself(memory, publication, picture):
    begun, release = threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert release.wait(10)
        return "1"

    with ThreadPoolExecutor(1) as pool:
        pool.submit(memory.once, publication, picture, slow, patience=10)
        assert begun.wait(10)
        assert memory.once(publication, picture, lambda: "2", patience=0) == "2"
        release.set()


def test_an_upload_that_failed_is_begun_anew_by_the_thread_that_waits(memory, publication, picture):
    def fail():
        raise PreparationFailed(RetryLater(reason="slow"))

    with pytest.raises(PreparationFailed):
        memory.once(publication, picture, fail, patience=1)
    assert memory.once(publication, picture, lambda: "2", patience=1) == "2"


def processing(video_id):
    """Return an upload that sends the video and ends while the network processes it."""

    def upload(previous_id, on_sent):
        on_sent(video_id)
        raise PreparationFailed(RetryLater(reason="processing"))

    return upload


def test_a_video_that_the_network_still_processes_is_not_sent_again(memory, publication, picture):
    with pytest.raises(PreparationFailed):
        memory.once_video(publication, picture, processing("7"), patience=1)
    assert memory.once_video(publication, picture, lambda previous, on_sent: previous or "new", patience=1) == "7"


def test_the_video_of_the_last_attempt_comes_first(memory, publication, picture):
    with pytest.raises(PreparationFailed):
        memory.once_video(publication, picture, processing("7"), patience=1)
    later = dataclasses.replace(publication, upload_id="8")
    assert memory.once_video(later, picture, lambda previous, on_sent: previous or "new", patience=1) == "8"


def test_a_video_that_the_network_refused_is_sent_again_by_a_retry(memory, publication, picture):
    def refuse(previous_id, on_sent):
        on_sent("7")
        raise PreparationFailed(Refused(reason="It cannot be processed."))

    with pytest.raises(PreparationFailed):
        memory.once_video(publication, picture, refuse, patience=1)
    assert memory.once_video(publication, picture, lambda previous, on_sent: previous or "new", patience=1) == "new"


def test_a_store_that_fails_costs_an_upload_and_never_a_post(clock, publication, picture):
    memory = UploadMemory(clock, FailingStore())
    assert memory.once(publication, picture, lambda: "1", patience=1) == "1"
    assert memory.once_video(publication, picture, lambda previous, on_sent: previous or "2", patience=1) == "2"
    memory.forget(publication)


def test_the_sent_parts_of_a_video_are_kept_for_an_hour_and_forgotten_with_a_refusal(
    memory, publication, picture, clock
):
    begun = memory.sent_parts(publication, picture).begin("upload 1")
    other = dataclasses.replace(publication, occurrence_key="k3v9q2m4cx7b")
    memory.sent_parts(other, picture).begin("upload 2")
    clock.move(minutes=59)
    assert memory.sent_parts(publication, picture).current is begun
    memory.forget(publication)
    assert memory.sent_parts(publication, picture).current is None
    assert memory.sent_parts(other, picture).current is not None
    clock.move(minutes=1)
    assert memory.sent_parts(other, picture).current is None
