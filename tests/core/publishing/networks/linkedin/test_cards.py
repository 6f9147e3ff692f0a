"""Link cards on LinkedIn are articles."""

import pytest

from core.posts.destinations import Destination
from core.posts.models import LinkCard
from core.publishing.link_cards.attached_card import attached_card
from core.publishing.network import Published
from tests.core.publishing.networks.upload_apis import LinkedInApi

LINK = "https://example.com/blog"


@pytest.fixture
def publish_card(network, publication, media_store, publish, a_post):
    def send(**members):
        post = a_post(text=f"Read {LINK}", card=LinkCard(url=LINK, **members))
        card = attached_card(post, Destination("outbox"), network, media_store)
        return publish(network, publication(LinkedInApi.account, post.text, card=card))

    return send


def test_a_card_is_an_article_with_its_uploaded_picture(api, stub, publish_card, make_picture):
    picture = make_picture("red").reference
    assert isinstance(publish_card(title="A page", description="Words", picture=picture), Published)
    article = {"source": LINK, "title": "A page", "description": "Words", "thumbnail": api.IMAGE_ID}
    assert stub.received(api.POST)[0].json["content"] == {"article": article}
    assert len(stub.received(api.PUT_IMAGE)) == 1


def test_a_card_without_a_title_is_named_after_its_host(api, stub, publish_card):
    assert isinstance(publish_card(), Published)
    assert stub.received(api.POST)[0].json["content"] == {"article": {"source": LINK, "title": "example.com"}}


def test_a_missing_picture_does_not_keep_the_post(api, stub, publish_card):
    assert isinstance(publish_card(title="A page", picture="0" * 64), Published)
    assert stub.received(api.POST)[0].json["content"] == {"article": {"source": LINK, "title": "A page"}}
