"""Link cards on Bluesky, on a fake server and on Bluesky's own, if it is installed."""

import dataclasses

import pytest

from core.posts.destinations import Destination
from core.posts.models import LinkCard
from core.publishing.link_cards.attached_card import attached_card
from core.publishing.network import Published

LINK = "https://example.com/blog/a-long-name-of-a-page"


@pytest.fixture
def with_card(network, connect, publication, make_picture, media_store, a_post):
    """Build a publication with a card, as the fence does."""

    def build(*, picture=True, **others):
        reference = make_picture("red", size=(3000, 1500)).reference if picture else None
        card = LinkCard(url=LINK, title="A page", description="What it is about", picture=reference)
        post = a_post(text=f"Read {LINK} today", card=card)
        attached = attached_card(post, Destination("outbox"), network, media_store)
        return publication(connect(), post.text, card=attached, **others)

    return build


def test_a_card_is_shown_with_its_picture_and_the_link_in_a_short_form(network, pds_user, with_card, publish):
    assert isinstance(publish(network, with_card()), Published)
    [record] = pds_user.posts()
    external = record["value"]["embed"]["external"]
    assert record["value"]["embed"]["$type"] == "app.bsky.embed.external"
    assert (external["uri"], external["title"], external["description"]) == (LINK, "A page", "What it is about")
    assert external["thumb"]["mimeType"].startswith("image/")
    assert external["thumb"]["size"] <= 1_000_000
    assert record["value"]["text"] == "Read example.com/blog/a-long-… today"
    [facet] = record["value"]["facets"]
    assert facet["features"][0]["uri"] == LINK
    text, index = record["value"]["text"].encode(), facet["index"]
    assert text[index["byteStart"] : index["byteEnd"]].decode() == "example.com/blog/a-long-…"


def test_a_card_without_a_picture_uploads_nothing(network, pds_user, with_card, publish):
    assert isinstance(publish(network, with_card(picture=False)), Published)
    [record] = pds_user.posts()
    assert "thumb" not in record["value"]["embed"]["external"]


def test_the_picture_of_a_card_is_uploaded_once(network, stub, connect_to_stub, with_card, prepare):
    stub.respond("POST /xrpc/com.atproto.repo.uploadBlob", 200, {"blob": {"$type": "blob"}})
    post = with_card()
    post = dataclasses.replace(post, account=connect_to_stub())
    network.upload(post)
    prepared = prepare(network, post)
    assert prepared.prepared["record"]["embed"]["external"]["thumb"] == {"$type": "blob"}
    assert len(stub.received("POST /xrpc/com.atproto.repo.uploadBlob")) == 1
