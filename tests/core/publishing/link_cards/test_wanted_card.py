"""The link of a post whose card is fetched."""

from types import SimpleNamespace

import pytest

from core.media.pictures import PictureLimits
from core.posts.destinations import Destination
from core.posts.models import Media
from core.publishing.link_cards.wanted_card import public_links, wanted_link

LINK = "https://example.com/"
PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=1)
NETWORKS = {
    "album": SimpleNamespace(card_picture=PictureLimits(count=1, max_bytes=1000)),
    "plain": SimpleNamespace(),
}


def test_the_first_link_is_wanted_if_an_account_shows_cards(a_post):
    text = f"See {LINK} and https://example.org/"
    assert wanted_link(a_post(text=text, destinations=("plain:a", "album:a")), NETWORKS) == LINK
    assert wanted_link(a_post(text=text, destinations=("plain:a",)), NETWORKS) is None
    assert wanted_link(a_post(text="No link", destinations=("album:a",)), NETWORKS) is None


def test_only_the_texts_for_accounts_that_show_cards_count(a_post):
    own = {Destination("album:a"): "See https://example.org/"}
    post = a_post(text=f"See {LINK}", variants=own, destinations=("plain:a", "album:a"))
    assert wanted_link(post, NETWORKS) == "https://example.org/"


def test_a_post_with_pictures_shows_no_card_and_wants_none(a_post):
    assert wanted_link(a_post(text=LINK, destinations=("album:a",), media=(PICTURE,)), NETWORKS) is None


@pytest.mark.parametrize("text", ["http://localhost/", "http://192.168.1.1/", "no link"])
def test_a_link_into_a_private_network_is_not_wanted(text):
    assert public_links([text]) == []
