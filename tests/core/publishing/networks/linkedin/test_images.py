"""Pictures on LinkedIn: whatever happens to an upload, nothing is out; a doubt about the post waits for a person."""

import pytest

from core.accounts.port import Account
from core.publishing.attachments import CannotAttach
from core.publishing.http.client import HttpClient, Response
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.time.instants import real_clock

SECRET = "s3cret-0123456789"
PLACE = "/dms-uploads/sp/v2/C4E10/uploaded-image"
ANNOUNCE, UPLOAD, POST = "POST /rest/images", f"PUT {PLACE}", "POST /rest/posts"
URN = "urn:li:image:C4E10AQFoyyAjHPMQuQ"
ACCOUNT = Account(
    destination="linkedin:abc", label="Ada (LinkedIn)", identity="urn:li:person:abc", credentials={"token": SECRET}
)


@pytest.fixture
def linkedin(stub):
    """What LinkedIn answers where all is well; `at` is where it wants the pictures."""

    def answering(at):
        value = {"uploadUrlExpiresAt": 1650567510704, "uploadUrl": f"{at}{PLACE}?ut=ticket", "image": URN}
        stub.respond(ANNOUNCE, 200, {"value": value})
        stub.respond(UPLOAD, 201)
        stub.respond(POST, 201, "<!-- -->", x_restli_id="urn:li:share:7")
        return LinkedInNetwork(real_clock, api=at)

    return answering


@pytest.fixture
def network(linkedin, stub):
    return linkedin(stub.url)


def test_one_picture_is_announced_sent_and_shown_with_its_description(network, stub, with_media, make_picture, publish):
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"), text="Look")
    assert publish(network, post).url == "https://www.linkedin.com/feed/update/urn:li:share:7/"
    announced, sent, posted = stub.requests
    assert announced.path == "/rest/images?action=initializeUpload"
    assert announced.json == {"initializeUploadRequest": {"owner": "urn:li:person:abc"}}
    assert (sent.method, sent.path, sent.body) == ("PUT", f"{PLACE}?ut=ticket", post.media[0].content)
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert (posted.json["commentary"], posted.json["content"]) == (
        "Look",
        {"media": {"id": URN, "altText": "A red one"}},
    )
    assert all(request.headers["linkedin-version"] for request in (announced, posted))


def test_several_go_out_together_in_their_order(network, stub, with_media, make_picture, publish):
    pictures = [make_picture("red", "A red one"), make_picture("blue"), make_picture("green", "A green one")]
    assert isinstance(publish(network, with_media(network, ACCOUNT, *pictures)), Published)
    images = [{"id": URN, "altText": "A red one"}, {"id": URN}, {"id": URN, "altText": "A green one"}]
    assert stub.received(POST)[0].json["content"] == {"multiImage": {"images": images}}
    assert len(stub.received(UPLOAD)) == 3


def test_a_text_alone_has_no_content_beside_it(network, stub, publication):
    network.publish(publication(ACCOUNT, "Look"))
    [posted] = stub.requests
    assert "content" not in posted.json


@pytest.mark.parametrize("what", [ANNOUNCE, UPLOAD])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_upload_that_breaks_is_tried_again_and_the_post_goes_out_once(
    linkedin, stub, with_media, make_picture, faulty_proxy, what, when, publish
):
    proxy = faulty_proxy(stub.url)
    network = linkedin(proxy.url)
    post = with_media(network, ACCOUNT, make_picture("red", "A red one"), make_picture("blue"))
    proxy.break_next(when, request=what)
    assert isinstance(publish(network, post), RetryLater)
    assert stub.received(POST) == []
    assert isinstance(publish(network, post), Published)
    assert len(stub.received(POST)) == 1


def test_an_announcement_that_breaks_in_the_middle_of_its_answer_is_tried_again(
    linkedin, stub, with_media, make_picture, faulty_proxy, publish
):
    proxy = faulty_proxy(stub.url)
    network = linkedin(proxy.url)
    proxy.break_next("during", request=ANNOUNCE)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), RetryLater)
    assert stub.received(UPLOAD) + stub.received(POST) == []


@pytest.mark.parametrize(("when", "expected"), [("before", Unconfirmed), ("after", Unconfirmed), ("during", Published)])
def test_a_post_with_pictures_that_breaks_is_not_tried_again(
    linkedin, stub, with_media, make_picture, faulty_proxy, when, expected, publish
):
    proxy = faulty_proxy(stub.url)
    network = linkedin(proxy.url)
    proxy.break_next(when, request=POST)
    assert type(publish(network, with_media(network, ACCOUNT, make_picture("red")))) is expected
    assert len(stub.received(POST)) == (when != "before")


@pytest.mark.parametrize("what", [ANNOUNCE, UPLOAD])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (413, Refused),
        (307, Refused),
        (429, RetryLater),
        (500, RetryLater),
    ],
)
def test_what_linkedin_turns_down_leaves_no_doubt_and_shows_no_secret(
    network, stub, with_media, make_picture, what, status, expected, publish
):
    stub.respond(what, status, {"message": f"Not with {SECRET} at {PLACE}?ut=ticket" if what == UPLOAD else SECRET})
    result = publish(network, with_media(network, ACCOUNT, make_picture("red"), make_picture("blue")))
    assert type(result) is expected
    assert SECRET not in repr(result)
    assert "ticket" not in repr(result)
    assert stub.received(POST) == []


def test_a_version_that_is_no_longer_spoken_is_told_before_anything_is_uploaded(
    network, stub, with_media, make_picture, publish
):
    stub.respond(ANNOUNCE, 426, {"code": "NONEXISTENT_VERSION"})
    result = publish(network, with_media(network, ACCOUNT, make_picture("red")))
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
def test_neither_picture_nor_token_goes_to_an_address_that_is_not_linkedins(
    network, stub, with_media, make_picture, address, publish
):
    stub.respond(ANNOUNCE, 200, {"value": {"uploadUrl": address, "image": URN}})
    result = publish(network, with_media(network, ACCOUNT, make_picture("red")))
    assert isinstance(result, Refused)
    assert "not its own" in result.reason
    assert len(stub.requests) == 1


@pytest.mark.parametrize("host", ["www.linkedin.com", "api.linkedin.com", "linkedin.com"])
def test_pictures_go_to_linkedins_own_hosts(network, stub, with_media, make_picture, monkeypatch, host, publish):
    """The one request that would leave this machine is taken down instead of sent."""
    address, taken, send = f"https://{host}{PLACE}?ca=vector_feedshare&ut=a~b[0]", [], HttpClient.send

    def caught(proxy, method, url, **options):
        if method != "PUT":
            return send(proxy, method, url, **options)
        taken.append(url)
        return Response(status=201, headers={}, body=b"", complete=True, message="Created")

    monkeypatch.setattr(HttpClient, "send", caught)
    stub.respond(ANNOUNCE, 200, {"value": {"uploadUrl": address, "image": URN}})
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), Published)
    assert taken == [address]


@pytest.mark.parametrize(
    "value", [None, {}, {"uploadUrl": "https://www.linkedin.com/1"}, {"uploadUrl": 1, "image": URN}, {"image": URN}]
)
def test_an_announcement_that_does_not_say_where_to_is_tried_again(
    network, stub, with_media, make_picture, value, publish
):
    stub.respond(ANNOUNCE, 200, {"value": value})
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), RetryLater)
    assert len(stub.requests) == 1


def test_uploads_that_take_too_long_leave_nothing_out(network, stub, with_media, make_picture, monkeypatch, publish):
    monkeypatch.setattr("core.publishing.networks.linkedin.network.UPLOAD_SECONDS", 0.0)
    assert isinstance(publish(network, with_media(network, ACCOUNT, make_picture("red"))), RetryLater)
    assert stub.requests == []


def test_twenty_pictures_are_the_most(network, stub, with_media, make_picture, publish):
    picture = make_picture("red")
    assert isinstance(publish(network, with_media(network, ACCOUNT, *[picture] * 20)), Published)
    assert len(stub.received(POST)[0].json["content"]["multiImage"]["images"]) == 20
    with pytest.raises(CannotAttach, match="LinkedIn accepts 20"):
        with_media(network, ACCOUNT, *[picture] * 21)
    with pytest.raises(CannotAttach, match="has 4,087 characters; LinkedIn accepts 4,086"):
        with_media(network, ACCOUNT, make_picture("red", "a" * 4087))
