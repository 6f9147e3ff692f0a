"""What a person typed, picked and attached, as a post."""

from datetime import datetime

import pytest

from core.accounts import Account, Accounts
from core.composing import EmptyText, compose
from core.models import Media
from core.outbox.sqlite import SqliteOutbox
from core.publishing.attachments import CannotAttach, MediaLimits
from core.publishing.network import Length, Parts
from core.publishing.networks import outbox

PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=100, width=10, height=10)


class WordsOnly:
    """A network that takes no pictures."""

    label = "Words"

    def measure(self, text, account):
        return Length(count=len(text), limit=20)

    def media_limits(self, account):
        return MediaLimits()


@pytest.fixture
def composed(tmp_path, database, clock):
    """Compose a post for these destinations, with the given members changed."""
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="words:ada", label="Ada's words"))
    networks = {"outbox": outbox.network(Parts(outbox=SqliteOutbox(database), clock=clock)), "words": WordsOnly()}

    def build(*destinations, **changed):
        whole = {
            "post_id": "k3v9q2m4cx7a",
            "text": "Good morning",
            "wall": datetime(2026, 11, 24, 9),  # noqa: DTZ001 - what the person typed
            "zone": "Europe/Berlin",
            "which": None,
            "late_after_minutes": 60,
            **changed,
        }
        return compose(destinations=destinations, accounts=accounts, networks=networks, **whole)

    return build


def test_a_post_carries_its_pictures_in_their_order(composed):
    second = PICTURE.model_copy(update={"reference": "1" * 64})
    assert composed("outbox", media=[second, PICTURE]).media == (second, PICTURE)


def test_a_picture_needs_no_text_beside_it(composed):
    assert composed("outbox", text=" ", media=[PICTURE]).text == " "
    with pytest.raises(EmptyText):
        composed("outbox", text=" ")


def test_a_picture_for_a_network_that_takes_none_is_refused_when_it_is_written(composed):
    with pytest.raises(CannotAttach, match="Ada's words takes no pictures"):
        composed("outbox", "words:ada", media=[PICTURE])
