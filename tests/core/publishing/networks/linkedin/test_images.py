"""Pictures on LinkedIn; test_uploads.py tests what they share with other uploads."""

import pytest

from core.publishing.attachments import CannotAttach
from core.publishing.http.client import HttpClient, Response
from core.publishing.network import Published, Refused, RetryLater
from tests.core.publishing.networks.upload_apis import SECRET, LinkedInApi

ACCOUNT = LinkedInApi.account


@pytest.fixture
def publish_picture(network, with_media, make_picture, publish):
    """Publish a post with one picture."""
    return lambda **others: publish(network, with_media(network, ACCOUNT, make_picture("red", "A red one"), **others))


def test_a_picture_is_initialized_sent_and_shown_with_its_description(
    api, network, stub, with_media, make_picture, publish
):
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"), text="Look")
    assert publish(network, post).url == "https://www.linkedin.com/feed/update/urn:li:share:7/"
    initialized, sent, posted = stub.requests
    assert initialized.path == "/rest/images?action=initializeUpload"
    assert initialized.json == {"initializeUploadRequest": {"owner": "urn:li:person:abc"}}
    assert (sent.method, sent.path, sent.body) == ("PUT", f"{api.IMAGE_PATH}?ut=ticket", post.media[0].content)
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    content = {"media": {"id": api.IMAGE_ID, "altText": "A red one"}}
    assert (posted.json["commentary"], posted.json["content"]) == ("Look", content)
    assert all(request.headers["linkedin-version"] for request in (initialized, posted))


def test_several_pictures_are_published_in_order(api, network, stub, with_media, make_picture, publish):
    pictures = [make_picture("red", "A red one"), make_picture("blue"), make_picture("green", "A green one")]
    assert isinstance(publish(network, with_media(network, ACCOUNT, *pictures)), Published)
    images = [{"id": api.IMAGE_ID, **alt} for alt in ({"altText": "A red one"}, {}, {"altText": "A green one"})]
    assert stub.received(api.POST)[0].json["content"] == {"multiImage": {"images": images}}
    assert len(stub.received(api.PUT_IMAGE)) == 3


def test_a_text_alone_has_no_content(network, stub, publication):
    network.publish(publication(ACCOUNT, "Look"))
    [posted] = stub.requests
    assert "content" not in posted.json


def test_after_an_initialization_that_is_cut_off_nothing_is_sent(
    api, stub, with_media, make_picture, faulty_proxy, publish
):
    proxy = faulty_proxy(stub.url)
    network = api.network(proxy.url)
    proxy.break_next("during", request=api.INITIALIZE_IMAGE)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), RetryLater)
    assert stub.received(api.PUT_IMAGE) + stub.received(api.POST) == []


def test_an_unsupported_version_is_refused_before_anything_is_sent(api, stub, publish_picture):
    stub.respond(api.INITIALIZE_IMAGE, 426, {"code": "NONEXISTENT_VERSION"})
    result = publish_picture()
    assert isinstance(result, Refused)
    assert "Update Punctual" in result.reason
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/dms-uploads/1",
        "http://www.linkedin.com/dms-uploads/1",
        "https://linkedin.com.example.org/1",
        "https://notlinkedin.com/1",
        "https://www.linkedin.com@example.org/1",
        "https://www.linkedin.com:pass@example.org/1",
        "https://example.org\\.linkedin.com/1",
        "https://www.linkedin.com\\@example.org/1",
        "https://www.linkedin.com:8443/1",
        "https://www.linkedin.com",
        "https://www.linkedin.com/1\r\nX: y",
        "//www.linkedin.com/1",
        "file:///etc/passwd",
    ],
)
def test_no_picture_or_token_is_sent_to_a_foreign_address(api, stub, publish_picture, address):
    stub.respond(api.INITIALIZE_IMAGE, 200, {"value": {"uploadUrl": address, "image": api.IMAGE_ID}})
    result = publish_picture()
    assert isinstance(result, Refused)
    assert "not its own" in result.reason
    assert len(stub.requests) == 1


@pytest.mark.parametrize("host", ["www.linkedin.com", "api.linkedin.com", "linkedin.com"])
def test_pictures_are_sent_to_linkedins_own_hosts(api, stub, publish_picture, monkeypatch, host):
    """The request that would leave this machine is recorded, not sent."""
    url, recorded, send = f"https://{host}{api.IMAGE_PATH}?ca=vector_feedshare&ut=a~b[0]", [], HttpClient.send

    def record(client, method, url, **options):
        if method != "PUT":
            return send(client, method, url, **options)
        recorded.append(url)
        return Response(status=201, headers={}, body=b"", complete=True, message="Created")

    monkeypatch.setattr(HttpClient, "send", record)
    stub.respond(api.INITIALIZE_IMAGE, 200, {"value": {"uploadUrl": url, "image": api.IMAGE_ID}})
    assert isinstance(publish_picture(), Published)
    assert recorded == [url]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"uploadUrl": "https://www.linkedin.com/1"},
        {"uploadUrl": 1, "image": LinkedInApi.IMAGE_ID},
        {"image": LinkedInApi.IMAGE_ID},
    ],
)
def test_an_initialization_without_address_or_id_is_retried(api, stub, publish_picture, value):
    stub.respond(api.INITIALIZE_IMAGE, 200, {"value": value})
    assert isinstance(publish_picture(), RetryLater)
    assert len(stub.requests) == 1


def test_a_post_has_at_most_twenty_pictures(api, network, stub, with_media, make_picture, publish):
    picture = make_picture("red")
    assert isinstance(publish(network, with_media(network, ACCOUNT, *[picture] * 20)), Published)
    assert len(stub.received(api.POST)[0].json["content"]["multiImage"]["images"]) == 20
    with pytest.raises(CannotAttach, match="LinkedIn accepts 20"):
        with_media(network, ACCOUNT, *[picture] * 21)
    with pytest.raises(CannotAttach, match="has 4,087 characters; LinkedIn accepts 4,086"):
        with_media(network, ACCOUNT, make_picture("red", "a" * 4087))
