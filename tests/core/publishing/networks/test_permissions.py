"""Checks of accounts ask the network whether the account may post, without posting."""

import pytest

from core.accounts.port import Account
from core.publishing.network import CannotConnect, PostingPermission
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.webhook.network import WebhookNetwork
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock

X_FORM = {"key": "k", "key_secret": "ks", "token": "t", "token_secret": "ts"}
X_USER, MEMBER = "GET /2/users/me", "GET /v2/userinfo"
EDIT = "PUT /api/v1/statuses/0"


@pytest.fixture
def x(stub):
    """Set the response to the request for the user, and return the network."""

    def respond(level=None, **user):
        body = {"data": {"id": "1", "username": "ada", **user}}
        stub.respond(X_USER, 200, body, **({"x_access_level": level} if level else {}))
        return XNetwork(real_clock, api=stub.url)

    return respond


@pytest.fixture
def mastodon(stub):
    """Return the network and the form for a server whose token may read."""
    stub.respond("GET /api/v1/accounts/verify_credentials", 200, {"id": "1", "username": "ada"})
    stub.respond("GET /api/v1/accounts/1/statuses", 200, [])
    stub.respond("GET /api/v2/instance", 200, {})
    stub.respond(EDIT, 404, {"error": "Record not found"})
    return MastodonNetwork(real_clock), {"server": stub.url, "token": "token"}


@pytest.fixture
def linkedin(stub):
    """Return the network and the form for a token that names its member."""
    stub.respond(MEMBER, 200, {"sub": "abc", "name": "Ada"})
    stub.respond("POST /rest/images", 200, {"value": {"uploadUrl": "https://linkedin.com/", "image": "urn:li:image:1"}})
    return LinkedInNetwork(real_clock, api=stub.url), {"token": "token"}


def test_x_keys_that_may_only_read_are_refused_and_named_by_the_check(x):
    account = x("read-write").connect(X_FORM)
    network = x("read")
    assert "only read" in network.check(account).problem
    with pytest.raises(CannotConnect, match="only read") as caught:
        network.connect(X_FORM)
    assert "new access token" in caught.value.hint


@pytest.mark.parametrize("level", ["read-write", "read-write-directmessages"])
def test_x_keys_that_may_post_are_working(x, level):
    network = x(level)
    assert network.check(network.connect(X_FORM)) == PostingPermission()


def test_x_keys_whose_permission_is_not_named_are_not_checked(x):
    network = x()
    assert "not checked" in network.check(network.connect(X_FORM)).unchecked


@pytest.mark.parametrize("name", ["1digit", "_", "Ada_L"])
def test_an_x_name_may_begin_with_a_digit(x, name):
    assert x("read-write", username=name).connect(X_FORM).destination == f"x:{name.lower()}"


@pytest.mark.parametrize("user", [{"username": "ä"}, {"username": ""}, {"username": "a b"}, {"id": None}, {"id": ""}])
def test_an_x_user_without_a_valid_name_or_an_id_is_refused(x, user):
    with pytest.raises(CannotConnect, match="did not name"):
        x("read-write", **user).connect(X_FORM)


def test_a_mastodon_token_that_may_only_read_is_refused_and_named_by_the_check(mastodon, stub):
    network, form = mastodon
    account = network.connect(form)
    assert network.check(account) == PostingPermission()
    stub.respond(EDIT, 403, {"error": "This action is outside the authorized scopes"})
    assert "outside the authorized scopes" in network.check(account).problem
    with pytest.raises(CannotConnect, match="may not post") as caught:
        network.connect(form)
    assert "write:statuses" in caught.value.hint


def test_a_mastodon_token_that_may_not_upload_is_named_and_may_still_post(mastodon, stub):
    network, form = mastodon
    stub.respond("PUT /api/v1/media/0", 403, {"error": "This action is outside the authorized scopes"})
    found = network.check(network.connect(form))
    assert (found.problem, "write:media" in found.unchecked) == (None, True)


@pytest.mark.parametrize("status", [200, 405, 429, 500])
def test_a_mastodon_server_that_does_not_tell_leaves_the_permission_unchecked(mastodon, stub, status):
    network, form = mastodon
    stub.respond(EDIT, status, {})
    assert "not checked" in network.check(network.connect(form)).unchecked


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            403,
            {"message": "Not enough permissions to access: images.ACTION.initializeUpload"},
            "Not enough permissions",
        ),
        (426, {"message": "Requested version 20260901 is not active"}, "Update Punctual"),
        (401, {"message": "The token has expired"}, "expired"),
        (503, {"message": "Later"}, "503"),
    ],
)
def test_a_linkedin_token_that_may_not_post_is_refused_and_named_by_the_check(linkedin, stub, status, body, words):
    network, form = linkedin
    account = network.connect(form)
    assert network.check(account) == PostingPermission()
    stub.respond("POST /rest/images", status, body)
    assert words in network.check(account).problem
    with pytest.raises(CannotConnect, match=words):
        network.connect(form)


def webhook(address):
    return Account(destination="webhook:sales", label="sales", address=address, credentials={"secret": "whsec_"})


@pytest.mark.parametrize("status", [200, 404, 405, 500])
def test_a_webhook_where_a_server_listens_is_not_checked_further(stub, status):
    stub.respond("HEAD /hook", status)
    found = WebhookNetwork(real_clock).check(webhook(f"{stub.url}/hook"))
    assert "not checked" in found.unchecked
    assert [request.method for request in stub.requests] == ["HEAD"]


@pytest.mark.parametrize(
    ("address", "words"), [("http://127.0.0.1:9/", "could not be reached"), ("http://example.org/", "must be https")]
)
def test_a_webhook_where_nothing_listens_cannot_publish(address, words):
    assert words in WebhookNetwork(real_clock).check(webhook(address)).problem
