"""Publishing while the machine is short of something: a due post waits, and is never refused for it."""

import errno

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.ledger.states import outcome
from core.media.intake import ingest
from core.publishing.publisher import Publisher


@pytest.fixture
def network(new_network):
    return new_network()


@pytest.fixture
def accounts(tmp_path):
    """Return accounts in a file, with one account."""
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="blog:ada", label="Ada's blog"))
    return accounts


@pytest.fixture
def publish_picture(fence, accounts, network, media_store, encoded_picture, a_post, payload_for):
    """Publish the same post with a picture, and return its result."""
    media = (ingest(media_store, encoded_picture(size=(40, 40)), alt="blue"),)
    payload = payload_for(a_post(destinations=("blog:ada",), media=media))
    publisher = Publisher(fence, accounts, {"blog": network})

    def publish():
        [result] = publisher.publish(payload).results
        return result

    return publish


@pytest.mark.parametrize("error", [MemoryError(), OSError("out of memory error when reading image file")])
def test_a_post_whose_picture_cannot_be_decoded_for_lack_of_memory_waits_and_is_published_afterwards(
    publish_picture, ledger, monkeypatch, error
):
    def fail(*_, **__):
        raise error

    with monkeypatch.context() as short:
        short.setattr("PIL.Image.Image.thumbnail", fail)
        assert publish_picture().state == "waiting"
    [destination] = outcome(ledger.history(after=None, limit=1)[0]).destinations
    assert destination.state == "retrying"
    assert destination.reason.startswith("This machine is short of memory")
    assert publish_picture().state == "published"


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EBUSY])
def test_a_post_waits_while_the_accounts_or_its_picture_cannot_be_opened(publish_picture, monkeypatch, code):
    def fail(path):
        raise OSError(code, "not now")

    with monkeypatch.context() as short:
        short.setattr("pathlib.Path.read_bytes", fail)
        result = publish_picture()
    assert result.state == "waiting"
    assert result.reason.startswith("This machine is short of")
    assert publish_picture().state == "published"


def test_a_lack_of_memory_anywhere_before_the_claim_is_named(publish_picture, network, monkeypatch):
    def fail(publication):
        raise MemoryError

    with monkeypatch.context() as short:
        short.setattr(network, "prepare", fail)
        assert publish_picture().reason == "This machine is short of memory."
    assert publish_picture().state == "published"
