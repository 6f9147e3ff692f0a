"""LinkedIn; test_at_most_once.py and test_uploads.py test what it shares with other networks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.network import CannotConnect, PostingPermission, Refused
from core.publishing.networks.linkedin.network import LinkedInNetwork, little_text
from core.time.instants import real_clock

FORM = {"token": "AQX-token"}


@pytest.fixture
def network(stub):
    stub.respond("GET /v2/userinfo", 200, {"sub": "782bbtaQ", "name": "Ada Lovelace"})
    stub.respond("POST /rest/images", 200, {"value": {}})
    return LinkedInNetwork(real_clock, api=stub.url)


def test_connecting_reads_the_member_of_the_token(network):
    account = network.connect(FORM)
    assert (account.destination, account.label) == ("linkedin:782bbtaQ", "Ada Lovelace (LinkedIn)")
    assert account.identity == "urn:li:person:782bbtaQ"
    assert network.check(account) == PostingPermission()


def test_an_expired_token_is_refused_with_linkedins_message(network, stub):
    body = {"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "The token used in the request has expired"}
    stub.respond("GET /v2/userinfo", 401, body)
    with pytest.raises(CannotConnect, match="has expired"):
        network.connect(FORM)


def test_a_post_is_public_and_names_its_author_and_the_api_version(network, stub, publication):
    stub.respond("POST /rest/posts", 201, "", x_restli_id="urn:li:share:7")
    network.publish(publication(network.connect(FORM), "Hello (world) #news"))
    (request,) = stub.received("POST /rest/posts")
    assert request.json["author"] == "urn:li:person:782bbtaQ"
    assert request.json["commentary"] == r"Hello \(world\) {hashtag|\#|news}"
    assert (request.json["visibility"], request.json["lifecycleState"]) == ("PUBLIC", "PUBLISHED")
    assert re.fullmatch(r"20\d{4}", request.headers["linkedin-version"])
    assert request.headers["x-restli-protocol-version"] == "2.0.0"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (422, {"message": "Content is a duplicate of urn:li:share:1"}, "already published this text"),
        (426, {"code": "NONEXISTENT_VERSION", "message": "Requested version 202609 is not active"}, "Update Punctual"),
        (403, {"message": "Not enough permissions to access: posts.CREATE"}, "Not enough permissions"),
    ],
)
def test_a_refusal_gives_its_reason(network, stub, publication, status, body, words):
    stub.respond("POST /rest/posts", status, body)
    result = network.publish(publication(network.connect(FORM)))
    assert isinstance(result, Refused)
    assert words in result.reason


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("a_b (c) [d] {e} <f> |g| ~h~ *i* @j \\k", r"a\_b \(c\) \[d\] \{e\} \<f\> \|g\| \~h\~ \*i\* \@j \\k"),
        ("#Köln #1 #2026er C# a#b", r"{hashtag|\#|Köln} \#1 {hashtag|\#|2026er} C\# a\#b"),
        ("https://a.de/x_y?z=(1)#top", r"https://a.de/x\_y?z=\(1\)\#top"),
    ],
)
def test_reserved_characters_are_escaped_and_tags_become_hashtags(text, little):
    assert little_text(text) == little


@given(st.text(st.sampled_from("ab1 #_\\|{}@[]()<>*~ü🎉\n"), max_size=40))
def test_little_text_escapes_every_reserved_character_and_keeps_the_text(text):
    written = little_text(text)
    outside = re.sub(r"\{hashtag\|\\#\|(\w+)\}", r"\\#\1", written)
    assert re.sub(r"\\(.)", r"\1", outside) == text
    assert not re.search(r"[\\|{}@\[\]()<>#*_~]", re.sub(r"\\.", "", outside))


def test_the_length_of_a_text_includes_its_escapes():
    assert LinkedInNetwork(real_clock).measure("(a)", None).count == 5
