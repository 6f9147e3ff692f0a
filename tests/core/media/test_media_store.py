"""The contract of media stores, on a folder and on a bucket."""

import os
import resource
import stat
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from core.aws_errors import AccessDenied
from core.media.content import FileContent
from core.media.folder import FolderMedia
from core.media.port import AlteredMedia, MissingMedia, reference_of
from core.media.s3 import S3Media
from core.storage.database import StorageError

CONTENT = b"\x89PNG and so on"
UNKNOWN = "0" * 64


@pytest.fixture
def folder(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def bucket():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="pictures")
        for key in ("not-ours", "media/", "media/notes.txt", "media/old/" + UNKNOWN):
            client.put_object(Bucket="pictures", Key=key, Body=b"another file")
        yield S3Media(client, "pictures")


@pytest.fixture(params=["folder", "bucket"])
def store(request):
    return request.getfixturevalue(request.param)


def test_a_file_is_found_after_put(store):
    reference = store.put(CONTENT)
    assert reference == reference_of(CONTENT)
    assert store.exists(reference)
    assert store.get(reference) == CONTENT


def test_the_same_content_is_stored_once(store):
    assert store.put(CONTENT) == store.put(bytes(CONTENT))
    assert [each.reference for each in store.scan()] == [reference_of(CONTENT)]


def test_a_file_is_read_in_parts(store):
    content = store.open(store.put(CONTENT))
    assert len(content) == len(CONTENT)
    assert (content[:4], content[4:9], content[9:1000], content[:]) == (
        *(CONTENT[:4], CONTENT[4:9], CONTENT[9:], CONTENT),
    )


def test_an_open_file_is_stored_under_the_reference_of_its_bytes(store, tmp_path):
    content = bytes(range(256)) * 2000
    (tmp_path / "film").write_bytes(content)
    reference = store.put(FileContent(tmp_path / "film"))
    assert reference == reference_of(content)
    assert store.get(reference) == content


def test_an_open_file_stays_readable_when_it_is_deleted(store):
    reference = store.put(CONTENT)
    content = store.open(reference)
    store.delete(reference)
    assert content[:] == CONTENT
    with pytest.raises(MissingMedia):
        store.open(UNKNOWN)


def test_an_altered_file_is_not_opened_even_if_it_was_before(folder, tmp_path):
    reference = folder.put(CONTENT)
    folder.open(reference)
    (tmp_path / "media" / reference[:2] / reference).write_bytes(b"another file")
    with pytest.raises(AlteredMedia):
        folder.open(reference)


def test_a_bucket_downloads_a_file_once_and_keeps_the_last_ones_on_the_disk(bucket, monkeypatch):
    monkeypatch.setattr("core.media.s3.KEPT_BYTES", 2 * len(CONTENT))
    downloads = []
    bucket._client.meta.events.register("before-call.s3.GetObject", lambda **_: downloads.append(1))
    first, second, third = (bucket.put(CONTENT[:-1] + bytes([number])) for number in range(3))
    for reference, expected in ((first, 1), (second, 2), (first, 2), (third, 3), (first, 3), (second, 4)):
        bucket.open(reference)
        assert len(downloads) == expected


def test_an_unknown_file_is_missing(store):
    assert not store.exists(UNKNOWN)
    with pytest.raises(MissingMedia, match="000000000000 is no longer there"):
        store.get(UNKNOWN)
    assert list(store.scan()) == []


def test_a_deleted_file_is_missing_and_may_be_deleted_again(store):
    reference = store.put(CONTENT)
    store.delete(reference)
    store.delete(reference)
    assert not store.exists(reference)
    with pytest.raises(MissingMedia):
        store.get(reference)


def test_scan_gives_the_time_of_each_put(store):
    store.put(CONTENT)
    store.put(b"another")
    found = list(store.scan())
    assert {each.reference for each in found} == {reference_of(CONTENT), reference_of(b"another")}
    assert all(abs(each.stored_at - datetime.now(UTC)) < timedelta(minutes=1) for each in found)


def test_stored_at_gives_the_time_of_one_put(store):
    reference = store.put(CONTENT)
    assert [store.stored_at(reference)] == [each.stored_at for each in store.scan()]
    assert store.stored_at(UNKNOWN) is None


def test_a_prefix_of_a_reference_is_unknown(store):
    reference = store.put(CONTENT)
    assert not store.exists(reference[:-1])


@pytest.mark.parametrize("reference", ["", "..", "../secret", "notes.txt", "A" * 64])
def test_a_malformed_reference_is_that_of_no_file(store, reference):
    store.delete(reference)
    store.touch(reference)
    assert store.stored_at(reference) is None
    assert not store.exists(reference)
    with pytest.raises(MissingMedia):
        store.get(reference)


def test_touch_updates_the_time_and_keeps_the_content(store):
    reference = store.put(CONTENT)
    [before] = store.scan()
    store.touch(reference)
    [after] = store.scan()
    assert after.stored_at >= before.stored_at
    assert store.get(reference) == CONTENT


def test_touch_of_an_unknown_file_has_no_effect(store):
    store.touch(UNKNOWN)
    assert list(store.scan()) == []


@pytest.mark.parametrize("update", [FolderMedia.touch, lambda folder, reference: folder.put(CONTENT)])
def test_put_and_touch_update_the_time_of_an_old_file(folder, tmp_path, update):
    reference = folder.put(CONTENT)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    os.utime(tmp_path / "media" / reference[:2] / reference, (long_ago.timestamp(), long_ago.timestamp()))
    assert [each.stored_at for each in folder.scan()] == [long_ago]
    update(folder, reference)
    assert [each.stored_at > long_ago for each in folder.scan()] == [True]


def test_only_the_owner_can_read_a_file(folder, tmp_path):
    reference = folder.put(CONTENT)
    assert stat.S_IMODE((tmp_path / "media" / reference[:2] / reference).stat().st_mode) == 0o600


def test_a_file_that_was_altered_on_disk_is_an_error(folder, tmp_path):
    reference = folder.put(CONTENT)
    (tmp_path / "media" / reference[:2] / reference).write_bytes(b"something else")
    with pytest.raises(AlteredMedia):
        folder.get(reference)


def test_put_restores_a_file_that_was_altered_on_disk(folder, tmp_path):
    reference = folder.put(CONTENT)
    (tmp_path / "media" / reference[:2] / reference).write_bytes(CONTENT[::-1])
    folder.put(CONTENT)
    assert folder.get(reference) == CONTENT


def test_a_reference_cannot_point_outside_the_folder(folder, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    assert not (tmp_path / "media").exists()
    for reference in ("../secret", "..", "/etc/passwd", ""):
        with pytest.raises(MissingMedia):
            folder.get(reference)


def test_an_unfinished_file_is_not_found(folder, tmp_path):
    reference = folder.put(CONTENT)
    (tmp_path / "media" / reference[:2] / f".{reference}.0a1b2c3d").write_bytes(CONTENT[:4])
    assert [each.reference for each in folder.scan()] == [reference]


def test_a_full_disk_is_a_storage_error_and_leaves_no_file(folder, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError):
            folder.put(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.scan()) == []


def test_the_error_names_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="media"):
        FolderMedia(tmp_path / "media").put(CONTENT)


def test_an_error_of_the_bucket_is_translated(bucket):
    def refuse(**_):
        raise bucket._client.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    bucket._client.meta.events.register("before-call.s3.PutObject", refuse)
    with pytest.raises(AccessDenied):
        bucket.put(CONTENT)
