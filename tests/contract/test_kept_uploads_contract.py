"""The contract of the store of kept uploads, in memory and on DynamoDB in moto and in dynalite."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.posts.destinations import Destination
from core.publishing.kept_uploads.dynamodb import DynamoUploads
from core.publishing.kept_uploads.memory import UploadsInMemory
from core.publishing.kept_uploads.port import KEPT_FOR, KeptUpload, UploadOwner, UploadStore

BLOB = {"$type": "blob", "ref": {"$link": "bafkrei"}, "size": 4}


@pytest.fixture
def moto_uploads(table, clock) -> DynamoUploads:
    return DynamoUploads(table, clock)


@pytest.fixture
def dynalite_uploads(dynalite_table, clock) -> DynamoUploads:
    return DynamoUploads(dynalite_table, clock)


@pytest.fixture
def memory_uploads() -> UploadsInMemory:
    return UploadsInMemory()


@pytest.fixture(params=["memory", "moto", "dynalite"])
def uploads(request) -> UploadStore:
    return request.getfixturevalue(f"{request.param}_uploads")


@pytest.fixture
def kept(clock) -> Any:
    """Build an upload of now."""
    return lambda content: KeptUpload(content=content, at=clock())


def owner(key: str = "k3v9q2m4cx7a", account: str = "bluesky:ada") -> UploadOwner:
    return UploadOwner(occurrence_key=key, account=Destination(account))


@pytest.mark.parametrize("content", ["1880028106020515840", BLOB])
def test_an_upload_is_returned_as_it_was_kept(uploads, kept, content):
    assert uploads.get(owner(), "blue") is None
    uploads.put(owner(), "blue", kept(content))
    assert uploads.get(owner(), "blue") == kept(content)
    assert uploads.get(owner(), "red") is None


def test_a_later_upload_replaces_an_earlier_one(uploads, kept, clock):
    uploads.put(owner(), "blue", kept("1"))
    clock.move(minutes=1)
    uploads.put(owner(), "blue", kept("2"))
    assert uploads.get(owner(), "blue") == kept("2")


@pytest.mark.parametrize("other", [owner(account="bluesky:bob"), owner("k3v9q2m4cx7b")])
def test_each_publication_has_its_own_uploads(uploads, kept, other):
    uploads.put(owner(), "blue", kept("1"))
    assert uploads.get(other, "blue") is None
    uploads.put(other, "blue", kept("2"))
    uploads.forget(owner())
    assert (uploads.get(owner(), "blue"), uploads.get(other, "blue")) == (None, kept("2"))


def test_uploads_of_several_threads_are_all_kept(uploads, kept):
    names = [f"picture {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: uploads.put(owner(), name, kept(name)), names))
    assert [uploads.get(owner(), name).content for name in names] == names


def test_an_upload_is_kept_while_it_is_valid(uploads, kept, clock):
    upload = kept("1")
    uploads.put(owner(), "blue", upload)
    clock.now += KEPT_FOR
    clock.move(seconds=-1)
    uploads.put(owner("k3v9q2m4cx7b"), "red", kept("2"))
    assert uploads.get(owner(), "blue") == upload


def test_the_table_deletes_uploads_a_day_later(moto_uploads, kept, dynamodb, clock):
    moto_uploads.put(owner(), "blue", kept("1"))
    [item] = dynamodb.scan(TableName="punctual")["Items"]
    assert item["expires_at"]["N"] == str(int(clock().timestamp()) + 86_400)
