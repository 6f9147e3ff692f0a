"""X; test_at_most_once.py and test_uploads.py test what it shares with other networks."""

import dataclasses
import re

import pytest
from oauthlib.oauth1 import SignatureOnlyEndpoint

from core.media.intake import ingest
from core.publishing.network import CannotConnect, PostingPermission, Refused
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock
from tests.small_video import small_video

FORM = {"key": "app-key", "key_secret": "app-secret", "token": "user-token", "token_secret": "user-secret"}


@pytest.fixture
def network(stub):
    user = {"id": "1", "username": "Ada", "name": "Ada L."}
    stub.respond("GET /2/users/me", 200, {"data": user}, x_access_level="read-write")
    return XNetwork(real_clock, api=stub.url)


def test_connecting_reads_the_user_of_the_keys(network):
    account = network.connect(FORM)
    assert (account.destination, account.label) == ("x:ada", "@Ada (X)")
    assert network.check(account) == PostingPermission()


@pytest.mark.parametrize("missing", FORM)
def test_all_four_keys_are_required(network, missing):
    with pytest.raises(CannotConnect, match="missing"):
        network.connect({name: value for name, value in FORM.items() if name != missing})


def test_wrong_keys_are_refused_with_xs_message(network, stub):
    stub.respond("GET /2/users/me", 401, {"title": "Unauthorized", "detail": "Unauthorized", "status": 401})
    with pytest.raises(CannotConnect, match="Unauthorized"):
        network.connect(FORM)


def test_a_duplicate_text_is_refused_with_its_reason(network, stub, publication):
    message = "You are not allowed to create a Tweet with duplicate content."
    stub.respond("POST /2/tweets", 403, {"detail": message, "title": "Forbidden", "status": 403})
    result = network.publish(publication(network.connect(FORM)))
    assert isinstance(result, Refused)
    assert "already published this text" in result.reason


def test_oauthlib_accepts_the_signature(network, stub, publication):
    stub.respond("POST /2/tweets", 201, {"data": {"id": "2"}})
    network.publish(publication(network.connect(FORM)))
    (request,) = stub.received("POST /2/tweets")
    assert request.json == {"text": "Grüße aus Köln 🎉"}
    parameters = dict(re.findall(r'(oauth_\w+)="([^"]*)"', request.headers["authorization"]))
    assert parameters["oauth_signature_method"] == "HMAC-SHA1"
    assert (parameters["oauth_consumer_key"], parameters["oauth_token"]) == ("app-key", "user-token")
    assert not {"app-secret", "user-secret"} & set(parameters.values())
    assert _is_signed(stub, request)


def test_the_signature_covers_the_query(network, stub, with_media, publish, media_store):
    account = network.connect(FORM)
    video = ingest(media_store, small_video())
    publish(network, dataclasses.replace(with_media(network, account, video), upload_id="7"))
    (request,) = stub.received("GET /2/media/upload")
    assert request.path == "/2/media/upload?command=STATUS&media_id=7"
    assert _is_signed(stub, request)


def _is_signed(stub, request) -> bool:
    headers = {"Authorization": request.headers["authorization"]}
    endpoint = SignatureOnlyEndpoint(_Validator())
    return endpoint.validate_request(f"{stub.url}{request.path}", request.method, None, headers)[0]


class _Validator:
    """Gives oauthlib the secrets of one client and its user."""

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
