"""What is X's own; the rest is in test_at_most_once.py, and its counting in ../test_weighted.py."""

import dataclasses
import re

import pytest
from oauthlib.oauth1 import SignatureOnlyEndpoint

from core.media.intake import ingest
from core.publishing.network import CannotConnect, Refused
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock

ANSWERS = {"key": "app-key", "key_secret": "app-secret", "token": "user-token", "token_secret": "user-secret"}


@pytest.fixture
def network(stub):
    stub.answer("GET /2/users/me", 200, {"data": {"id": "1", "username": "Ada", "name": "Ada L."}})
    return XNetwork(real_clock, api=stub.url)


def test_connecting_asks_whose_keys_they_are(network):
    account = network.connect(ANSWERS)
    assert (account.destination, account.label) == ("x:ada", "@Ada (X)")
    assert network.check(account) is None


@pytest.mark.parametrize("missing", ANSWERS)
def test_all_four_keys_are_needed(network, missing):
    with pytest.raises(CannotConnect, match="missing"):
        network.connect({name: value for name, value in ANSWERS.items() if name != missing})


def test_wrong_keys_are_refused_with_xs_words(network, stub):
    stub.answer("GET /2/users/me", 401, {"title": "Unauthorized", "detail": "Unauthorized", "status": 401})
    with pytest.raises(CannotConnect, match="Unauthorized"):
        network.connect(ANSWERS)


def test_a_text_that_was_published_before_is_told_so(network, stub, publication):
    said = "You are not allowed to create a Tweet with duplicate content."
    stub.answer("POST /2/tweets", 403, {"detail": said, "title": "Forbidden", "status": 403})
    result = network.publish(publication(network.connect(ANSWERS)))
    assert isinstance(result, Refused)
    assert "already published this text" in result.reason


def test_the_request_is_signed_as_another_implementation_expects(network, stub, publication):
    """Checked by oauthlib's server side."""
    stub.answer("POST /2/tweets", 201, {"data": {"id": "2"}})
    network.publish(publication(network.connect(ANSWERS)))
    (request,) = stub.sent("POST /2/tweets")
    assert request.json == {"text": "Grüße aus Köln 🎉"}
    named = dict(re.findall(r'(oauth_\w+)="([^"]*)"', request.headers["authorization"]))
    assert named["oauth_signature_method"] == "HMAC-SHA1"
    assert (named["oauth_consumer_key"], named["oauth_token"]) == ("app-key", "user-token")
    assert not {"app-secret", "user-secret"} & set(named.values())
    assert _is_signed(stub, request)


def test_what_is_asked_in_the_address_is_signed_as_well(network, stub, unprepared, publish, store):
    account = network.connect(ANSWERS)
    video = ingest(store, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    publish(network, dataclasses.replace(unprepared(network, account, video), upload_id="7"))
    (request,) = stub.sent("GET /2/media/upload")
    assert request.path == "/2/media/upload?command=STATUS&media_id=7"
    assert _is_signed(stub, request)


def _is_signed(stub, request) -> bool:
    headers = {"Authorization": request.headers["authorization"]}
    checker = SignatureOnlyEndpoint(_Keys())
    return checker.validate_request(f"{stub.url}{request.path}", request.method, None, headers)[0]


class _Keys:
    """What oauthlib's server asks about clients."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1",)
    timestamp_lifetime = 600
    dummy_client = dummy_access_token = "nobody"

    def check_client_key(self, key):
        return True

    check_nonce = check_access_token = check_client_key

    def validate_client_key(self, key, request):
        return key == "app-key"

    def validate_timestamp_and_nonce(self, *_, **__):
        return True

    def get_client_secret(self, *_):
        return "app-secret"

    def get_access_token_secret(self, *_):
        return "user-secret"
