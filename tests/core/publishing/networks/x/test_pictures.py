"""Pictures on X; test_uploads.py tests what they share with other uploads."""

from io import BytesIO

import pytest
from PIL import Image

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach
from core.publishing.http.client import HttpClient
from core.publishing.network import Published, RetryLater
from tests.core.publishing.networks.upload_apis import XApi

ACCOUNT = XApi.account


def test_pictures_are_uploaded_described_and_named_in_the_post(api, network, stub, with_media, make_picture, publish):
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"), make_picture("blue"), text="Look")
    assert publish(network, post).url == "https://x.com/ada/status/12"
    for request, attachment in zip(stub.received(api.UPLOAD), post.media, strict=True):
        assert request.form["media_category"][2] == b"tweet_image"
        assert request.form["media"] == (attachment.name, "image/png", attachment.content)
    [described] = stub.received(api.DESCRIBE)
    assert described.json == {"id": api.PICTURE_ID, "metadata": {"alt_text": {"text": "A red one"}}}
    [posted] = stub.received(api.POST)
    assert posted.json == {"text": "Look", "media": {"media_ids": [api.PICTURE_ID] * 2}}
    assert all(request.headers["authorization"].startswith("OAuth ") for request in stub.requests)


def test_the_ids_keep_the_order_of_the_pictures(api, network, stub, with_media, make_picture, monkeypatch, publish):
    send, numbers = HttpClient.send, iter("123")

    def numbered(client, method, url, **options):
        stub.respond(api.UPLOAD, 200, {"data": {"id": next(numbers)}})
        return send(client, method, url, **options)

    monkeypatch.setattr(HttpClient, "send", numbered)
    publish(network, with_media(network, ACCOUNT, make_picture("red"), make_picture("blue")))
    assert stub.received(api.POST)[0].json["media"] == {"media_ids": ["1", "2"]}


def test_pictures_need_no_text(api, network, stub, with_media, make_picture, publish):
    publish(network, with_media(network, ACCOUNT, make_picture("red"), text=""))
    assert stub.received(api.POST)[0].json == {"media": {"media_ids": [api.PICTURE_ID]}}


def test_a_text_alone_names_no_pictures(api, network, stub, publication):
    network.publish(publication(ACCOUNT, "Look"))
    assert [request.json for request in stub.requests] == [{"text": "Look"}]


def test_an_accepted_description_is_not_sent_again_if_the_response_is_cut_off(
    api, stub, with_media, make_picture, faulty_proxy, publish
):
    proxy = faulty_proxy(stub.url)
    network = api.network(proxy.url)
    proxy.break_next("during", request=api.DESCRIBE)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"))), Published)
    assert len(stub.received(api.DESCRIBE)) == len(stub.received(api.POST)) == 1


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"id": None}}, {"data": {"id": "../1"}}, "<html>"])
def test_an_upload_without_an_id_is_retried(api, network, stub, with_media, make_picture, body, publish):
    stub.respond(api.UPLOAD, 200, body)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"))), RetryLater)
    assert stub.received(api.DESCRIBE) + stub.received(api.POST) == []


def test_a_post_has_at_most_four_pictures_of_five_megabytes(network, with_media, make_picture):
    limits = network.media_limits(ACCOUNT)
    assert (limits.count, limits.pictures.max_bytes, limits.pictures.alt) == (4, 5_000_000, 1000)
    with pytest.raises(CannotAttach, match="X accepts 4"):
        with_media(network, ACCOUNT, *[make_picture("red")] * 5)
    with pytest.raises(CannotAttach, match="has 1,001 characters; X accepts 1,000"):
        with_media(network, ACCOUNT, make_picture("red", "a" * 1001))


def test_a_picture_above_the_limit_is_sent_smaller(network, with_media, media_store):
    file = BytesIO()
    Image.effect_noise((3000, 2500), 200).save(file, "PNG")
    [sent] = with_media(network, ACCOUNT, ingest(media_store, file.getvalue())).media
    assert len(file.getvalue()) > 5_000_000 >= len(sent.content)
