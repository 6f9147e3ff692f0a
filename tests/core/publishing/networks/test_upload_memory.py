"""Finished uploads are kept between the attempts of a post, and before it is due."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from core.publishing.kept_uploads.port import KEPT_FOR
from core.publishing.network import PreparationFailed, Published, Refused, RetryLater, UploadsFirst
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.x.network import XNetwork
from core.publishing.transfer_time import UPLOAD_SECONDS, lease, publication_seconds, upload_seconds
from core.time.instants import real_clock
from tests.core.publishing.networks.upload_apis import LinkedInApi, XApi

COLOURS = ("red", "green", "blue", "teal")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Uploading:
    """A network behind a faulty proxy, an account, and the request that uploads a picture."""

    network: Any
    account: Any
    proxy: Any
    request: str

    @property
    def sent(self) -> int:
        """The number of uploads that arrived."""
        return sum(self.request in f"{each.method} {each.path}" for each in self.proxy.forwarded)


def bluesky(request, proxy_for):
    user = request.getfixturevalue("new_pds_user")(request.getfixturevalue("fake_pds"))
    proxy = proxy_for(user.server)
    network = BlueskyNetwork(real_clock)
    account = network.connect(user.form | {"server": proxy.url})
    return Uploading(network=network, account=account, proxy=proxy, request="uploadBlob")


def mastodon(request, proxy_for):
    proxy = proxy_for(request.getfixturevalue("mastodon_server"))
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    account = network.connect({"server": proxy.url, "token": "mock_token"})
    return Uploading(network=network, account=account, proxy=proxy, request="POST /api/v2/media")


def x(request, proxy_for):
    api = XApi(request.getfixturevalue("stub"), [])
    proxy = proxy_for(api.stub.url)
    return Uploading(network=api.network(proxy.url), account=api.account, proxy=proxy, request=api.UPLOAD)


def linkedin(request, proxy_for):
    api = LinkedInApi(request.getfixturevalue("stub"), [])
    proxy = proxy_for(api.stub.url)
    return Uploading(network=api.network(proxy.url), account=api.account, proxy=proxy, request=api.PUT_IMAGE)


@pytest.fixture(params=[bluesky, mastodon, x, linkedin])
def target(request, faulty_proxy):
    return request.param(request, faulty_proxy)


@pytest.fixture
def post(target, with_media, make_picture):
    """Return a publication of four pictures."""
    return with_media(target.network, target.account, *(make_picture(colour, colour) for colour in COLOURS))


def attempt(network, publication):
    try:
        return network.publish(dataclasses.replace(publication, prepared=network.prepare(publication)))
    except PreparationFailed as error:
        return error.result
    except Exception as error:  # noqa: BLE001 - the fence turns it into another attempt
        return RetryLater(reason=str(error))


def test_the_next_attempt_sends_only_the_pictures_that_are_missing(target, post):
    target.proxy.break_next("before", request=target.request)
    assert isinstance(attempt(target.network, post), RetryLater)
    assert isinstance(attempt(target.network, dataclasses.replace(post, attempt=2)), Published)
    assert target.sent == len(COLOURS)


def test_pictures_that_are_uploaded_before_the_post_is_due_are_not_sent_with_it(target, post):
    assert isinstance(target.network, UploadsFirst)
    target.network.upload(post)
    target.network.upload(post)
    assert target.sent == len(COLOURS)
    assert isinstance(attempt(target.network, post), Published)
    assert target.sent == len(COLOURS)


def test_another_post_with_the_same_pictures_sends_its_own(target, post):
    target.network.upload(post)
    target.network.upload(dataclasses.replace(post, occurrence_key="k3v9q2m4cx7b"))
    assert target.sent == 2 * len(COLOURS)


def test_an_upload_of_another_day_is_sent_again(target, post, monkeypatch):
    target.network.upload(post)
    monkeypatch.setattr(target.network._uploads, "_clock", lambda: real_clock() + KEPT_FOR + timedelta(seconds=1))
    target.network.upload(post)
    assert target.sent == 2 * len(COLOURS)


@pytest.mark.parametrize(("api", "network"), [(XApi, XNetwork), (LinkedInApi, LinkedInNetwork)])
def test_a_refused_post_forgets_its_uploads(stub, with_media, make_picture, api, network):
    api = api(stub, [])
    network = api.network()
    post = with_media(network, api.account, make_picture("red", "red"))
    stub.respond(api.POST, 400, {"message": "The media is unknown"})
    assert isinstance(attempt(network, post), Refused)
    api.accept_post()
    assert isinstance(attempt(network, post), Published)
    uploads = stub.received(api.UPLOAD if isinstance(api, XApi) else api.PUT_IMAGE)
    assert len(uploads) == 2


def test_the_time_for_uploads_grows_with_their_bytes(post):
    size = sum(len(each.content) for each in post.media)
    assert upload_seconds(post.media) == UPLOAD_SECONDS + size / 50_000


@pytest.mark.parametrize("size", [0, 1_000_000, 10**8])
def test_a_lease_outlives_the_deadline_of_its_publication_and_ends_before_the_function_on_aws(post, size):
    media = [dataclasses.replace(post.media[0], content=bytes(size))]
    assert publication_seconds(media) < lease(media).total_seconds() < 900
