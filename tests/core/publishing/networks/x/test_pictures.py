"""Pictures on X: whatever happens to an upload, nothing is out; a doubt about the post itself waits for a person."""

from io import BytesIO

import pytest
from PIL import Image

from core.accounts.port import Account
from core.media.intake import ingest
from core.publishing.attachments import CannotAttach
from core.publishing.http.client import HttpClient
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock

SECRET = "s3cret-0123456789"
UPLOAD, DESCRIBE, POST = "POST /2/media/upload", "POST /2/media/metadata", "POST /2/tweets"
ACCOUNT = Account(
    destination="x:ada",
    label="@Ada (X)",
    identity="1",
    credentials={"key": "app", "key_secret": SECRET, "token": "user", "token_secret": SECRET},
)


@pytest.fixture
def x(stub):
    """What X answers where all is well."""
    uploaded = {"id": "1146654567674912769", "media_key": "3_1146654567674912769", "expires_after_secs": 86400}
    stub.respond(UPLOAD, 200, {"data": uploaded})
    stub.respond(DESCRIBE, 200, {"data": {"id": "1146654567674912769", "associated_metadata": {}}})
    stub.respond(POST, 201, {"data": {"id": "12", "text": "..."}})
    return stub


@pytest.fixture
def network(x):
    return XNetwork(real_clock, api=x.url)


def test_pictures_are_uploaded_described_and_named_by_the_post(network, x, with_media, make_picture, publish):
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"), make_picture("blue"), text="Look")
    assert publish(network, post).url == "https://x.com/ada/status/12"
    for request, attachment in zip(x.received(UPLOAD), post.media, strict=True):
        assert request.form["media_category"][2] == b"tweet_image"
        assert request.form["media"] == (attachment.name, "image/png", attachment.content)
    [described] = x.received(DESCRIBE)
    assert described.json == {"id": "1146654567674912769", "metadata": {"alt_text": {"text": "A red one"}}}
    [posted] = x.received(POST)
    assert posted.json == {"text": "Look", "media": {"media_ids": ["1146654567674912769"] * 2}}
    assert all(request.headers["authorization"].startswith("OAuth ") for request in x.requests)


def test_the_ids_keep_the_order_of_the_pictures(network, x, with_media, make_picture, monkeypatch, publish):
    numbers = iter("123")

    def counted(proxy, url, content, **options):
        x.respond(UPLOAD, 200, {"data": {"id": next(numbers)}})
        return send(proxy, url, content, **options)

    send = HttpClient.send
    monkeypatch.setattr(HttpClient, "send", counted)
    publish(network, with_media(network, ACCOUNT, make_picture("red"), make_picture("blue")))
    assert x.received(POST)[0].json["media"] == {"media_ids": ["1", "2"]}


def test_pictures_alone_go_out_without_a_text(network, x, with_media, make_picture, publish):
    publish(network, with_media(network, ACCOUNT, make_picture("red"), text=""))
    assert x.received(POST)[0].json == {"media": {"media_ids": ["1146654567674912769"]}}


def test_a_text_alone_names_no_pictures(network, x, publication):
    network.publish(publication(ACCOUNT, "Look"))
    assert [request.json for request in x.requests] == [{"text": "Look"}]


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_an_upload_that_breaks_is_tried_again_and_the_post_goes_out_once(
    x, with_media, make_picture, faulty_proxy, when, publish
):
    proxy = faulty_proxy(x.url)
    network = XNetwork(real_clock, api=proxy.url)
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"))
    proxy.break_next(when, request=UPLOAD)
    assert isinstance(publish(network, post), RetryLater)
    assert x.received(POST) == []
    assert isinstance(publish(network, post), Published)
    assert len(x.received(POST)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_description_that_does_not_arrive_keeps_the_post_back(
    x, with_media, make_picture, faulty_proxy, when, publish
):
    proxy = faulty_proxy(x.url)
    network = XNetwork(real_clock, api=proxy.url)
    proxy.break_next(when, request=DESCRIBE)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"))), RetryLater)
    assert x.received(POST) == []


def test_a_description_that_x_says_it_has_is_not_sent_again_for_a_cut_answer(
    x, with_media, make_picture, faulty_proxy, publish
):
    proxy = faulty_proxy(x.url)
    network = XNetwork(real_clock, api=proxy.url)
    proxy.break_next("during", request=DESCRIBE)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"))), Published)
    assert len(x.received(DESCRIBE)) == len(x.received(POST)) == 1


@pytest.mark.parametrize(("when", "expected"), [("before", Unconfirmed), ("after", Unconfirmed), ("during", Published)])
def test_a_post_with_pictures_that_breaks_is_not_tried_again(
    x, with_media, make_picture, faulty_proxy, when, expected, publish
):
    proxy = faulty_proxy(x.url)
    network = XNetwork(real_clock, api=proxy.url)
    proxy.break_next(when, request=POST)
    assert type(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one")))) is expected
    assert len(x.received(POST)) == (when != "before")


@pytest.mark.parametrize("what", [UPLOAD, DESCRIBE])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (413, Refused),
        (408, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
    ],
)
def test_what_x_turns_down_leaves_no_doubt_and_shows_no_secret(
    network, x, with_media, make_picture, what, status, expected, publish
):
    x.respond(what, status, {"title": "No", "detail": f"Not with {SECRET} here"})
    result = publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one")))
    assert type(result) is expected
    assert "Not with ... here" in result.reason
    assert SECRET not in repr(result)
    assert x.received(POST) == []


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"id": None}}, {"data": {"id": "../1"}}, "<html>"])
def test_an_upload_without_an_id_is_tried_again(network, x, with_media, make_picture, body, publish):
    x.respond(UPLOAD, 200, body)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"))), RetryLater)
    assert x.received(DESCRIBE) + x.received(POST) == []


def test_uploads_that_take_too_long_leave_nothing_out(network, x, with_media, make_picture, monkeypatch, publish):
    monkeypatch.setattr("core.publishing.networks.x.network.UPLOAD_SECONDS", 0.0)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), RetryLater)
    assert x.requests == []


def test_four_pictures_of_five_megabytes_are_the_most(network, with_media, make_picture):
    limits = network.media_limits(ACCOUNT)
    assert (limits.count, limits.pictures.max_bytes, limits.pictures.alt) == (4, 5_000_000, 1000)
    with pytest.raises(CannotAttach, match="X accepts 4"):
        with_media(network, ACCOUNT, *[make_picture("red")] * 5)
    with pytest.raises(CannotAttach, match="has 1,001 characters; X accepts 1,000"):
        with_media(network, ACCOUNT, make_picture("red", "a" * 1001))


def test_a_picture_that_is_too_large_goes_out_smaller(network, with_media, media_store):
    file = BytesIO()
    Image.effect_noise((3000, 2500), 200).save(file, "PNG")
    [sent] = with_media(network, ACCOUNT, ingest(media_store, file.getvalue())).media
    assert len(file.getvalue()) > 5_000_000 >= len(sent.content)
