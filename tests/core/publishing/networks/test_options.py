"""The options of each network: what its requests carry, and what the real servers show."""

import dataclasses
import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr

from core.accounts.port import Account
from core.ledger.port import PlanChange
from core.publishing.network import Published, Refused, Unconfirmed
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.slack.network import SlackNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.publishing.networks.x.network import KEYS, XNetwork
from core.publishing.post_length import measure_post
from core.publishing.publisher import Publisher
from core.time.instants import real_clock

GATE = "app.bsky.feed.threadgate"
MISSING_BLOB = {
    "$type": "blob",
    "ref": {"$link": "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"},
    "mimeType": "image/png",
    "size": 4,
}


class OneAccount:
    """Accounts that contain one account."""

    def __init__(self, account):
        self._account = account

    def get(self, destination):
        return self._account


@pytest.fixture
def publish_twice(fence, ledger, a_post, payload_for, clock):
    """Request the publication of a post with a first comment twice, and return the second results."""

    def publish(network, account, text, options):
        name = account.destination
        post = a_post(
            text=text,
            destinations=(name, f"{name}#2"),
            variants={f"{name}#2": options["first_comment"]},
            options={name: options},
        )
        ledger.plan(PlanChange(post=post, schedule_name=None), now=clock())
        publisher = Publisher(fence, OneAccount(account), {account.network: network})
        publisher.publish(payload_for(post))
        return publisher.publish(payload_for(post)).results

    return publish


@pytest.fixture
def account_at(stub):
    """Return an account on the stub server, with these credentials."""

    def build(destination, **credentials):
        return Account(
            destination=destination,
            label=destination,
            address=stub.url,
            identity="7",
            credentials={name: SecretStr(value) for name, value in credentials.items()},
        )

    return build


def of_mastodon(server, path):
    return requests.get(f"{server}/api/v1/{path}", headers={"Authorization": "Bearer mock_token"}, timeout=10).json()


def of_bluesky(user, collection):
    """Return the records of a user by their keys."""
    params = {"repo": user.did, "collection": collection}
    response = requests.get(f"{user.server}/xrpc/com.atproto.repo.listRecords", params=params, timeout=10)
    return {each["uri"].split("/")[-1]: each["value"] for each in response.json()["records"]}


def test_mastodon_shows_the_warning_the_visibility_the_language_and_one_comment(publish_twice, mastodon_server):
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    account = network.connect({"server": mastodon_server, "token": "mock_token"})
    options = {
        "content_warning": "Food & drink",
        "sensitive": True,
        "visibility": "unlisted",
        "language": "de",
        "first_comment": "The recipe",
    }
    post, comment = publish_twice(network, account, "Soup", options)
    shown, below = (of_mastodon(mastodon_server, f"statuses/{each.reference['id']}") for each in (post, comment))
    members = ("spoiler_text", "sensitive", "visibility", "language")
    assert [shown[each] for each in members] == ["Food & drink", True, "unlisted", "de"]
    assert (below["in_reply_to_id"], below["spoiler_text"]) == (shown["id"], "Food & drink")
    latest = of_mastodon(mastodon_server, f"accounts/{account.identity}/statuses")
    assert len([each for each in latest if each["in_reply_to_id"] == shown["id"]]) == 1


def test_a_repeated_attempt_finds_the_status_whose_text_is_its_content_warning(account_at, stub, publication):
    account = account_at("mastodon:ada", token="token")
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    status = {"id": "2", "in_reply_to_id": None, "url": "https://example.org/2"}
    stub.respond("GET /api/v1/accounts/7/statuses", 200, [status])
    stub.respond("GET /api/v1/statuses/2/source", 200, {"text": "Food"})
    post = publication(account, "", options={"content_warning": "Food"}, prepared={"newest": "1"}, attempt=2)
    assert isinstance(network.publish(post), Published)


def test_a_content_warning_on_mastodon_counts_toward_the_limit_of_the_text(account_at):
    values = {"content_warning": "👨‍👩‍👧 Food", "language": "de", "first_comment": "Not counted here"}
    network = MastodonNetwork(real_clock)
    length = measure_post(network, "Soup https://example.com/a-long-path-of-a-page", account_at("mastodon:ada"), values)
    assert length.count == len("Soup ") + 23 + 6


def test_bluesky_keeps_the_languages_the_labels_one_rule_of_replies_and_one_comment(publish_twice, pds_user):
    network = BlueskyNetwork(real_clock)
    account = network.connect(pds_user.form)
    options = {
        "languages": "en, pt-BR",
        "adult_content": "nudity",
        "graphic_media": True,
        "replies": "mentioned",
        "first_comment": "The link",
    }
    post, _ = publish_twice(network, account, "Look", options)
    records = of_bluesky(pds_user, "app.bsky.feed.post")
    assert len(records) == 2
    [(key, record)] = [each for each in records.items() if each[1]["text"] == "Look"]
    [comment] = [each for each in records.values() if each["text"] == "The link"]
    assert record["langs"] == ["en", "pt-BR"]
    assert [each["val"] for each in record["labels"]["values"]] == ["nudity", "graphic-media"]
    assert comment["reply"]["parent"]["uri"] == post.reference["uri"]
    gates = of_bluesky(pds_user, GATE)
    assert gates[key]["post"] == post.reference["uri"]
    assert gates[key]["allow"] == [{"$type": f"{GATE}#mentionRule"}]
    assert comment["reply"]["root"]["uri"] not in [each["post"] for name, each in gates.items() if name != key]


@pytest.mark.parametrize(("when", "request_text"), [("after", "feed.post"), ("before", GATE), ("after", GATE)])
def test_a_broken_connection_leaves_one_post_and_one_rule_of_replies(
    publication, prepare, pds_user, faulty_proxy, when, request_text
):
    proxy = faulty_proxy(pds_user.server)
    network = BlueskyNetwork(real_clock)
    account = network.connect(pds_user.form | {"server": proxy.url})
    post = prepare(network, publication(account, "Nobody answers", options={"replies": "nobody"}))
    before = of_bluesky(pds_user, GATE)
    proxy.break_next(when, f'"collection": "app.bsky.{request_text}"' if request_text == "feed.post" else GATE)
    assert network.publish(post).in_doubt
    assert isinstance(network.publish(dataclasses.replace(post, attempt=2)), Published)
    assert list(of_bluesky(pds_user, "app.bsky.feed.post")) == [post.prepared["key"]]
    after = of_bluesky(pds_user, GATE)
    assert after.keys() - before.keys() == {post.prepared["key"]}
    assert after[post.prepared["key"]]["allow"] == []


def test_a_refused_rule_of_replies_leaves_the_post_to_a_person(publication, prepare, pds_user):
    network = BlueskyNetwork(real_clock)
    account = network.connect(pds_user.form)
    post = prepare(network, publication(account, "Everybody answers", options={"replies": "followers"}))
    post.prepared["reply_rules"]["embed"] = {"images": [{"image": MISSING_BLOB}]}
    result = network.publish(post)
    assert isinstance(result, Unconfirmed)
    assert "The post is out, but everybody may reply." in result.reason
    assert len(pds_user.posts()) == 1


def test_a_part_of_a_thread_on_bluesky_has_no_rule_of_its_own(publication, pds_user):
    network = BlueskyNetwork(real_clock)
    reference = {"uri": "at://did:plc:ada/app.bsky.feed.post/1", "cid": "c"}
    options = {"replies": "nobody", "languages": "de"}
    account = network.connect(pds_user.form)
    prepared = network.prepare(publication(account, options=options, earlier_references=(reference,)))
    assert "reply_rules" not in prepared
    assert prepared["record"]["langs"] == ["de"]


def test_x_restricts_the_replies_to_the_first_post_of_a_thread(account_at, stub, publication):
    account = account_at("x:ada", **dict.fromkeys(KEYS, "key"))
    stub.respond("POST /2/tweets", 201, {"data": {"id": "7"}})
    network, options = XNetwork(real_clock, api=stub.url), {"replies": "mentionedUsers"}
    network.publish(publication(account, "one", options=options))
    network.publish(publication(account, "two", options=options, earlier_references=({"id": "7"},)))
    first, second = (request.json for request in stub.received("POST /2/tweets"))
    assert first == {"text": "one", "reply_settings": "mentionedUsers"}
    assert second == {"text": "two", "reply": {"in_reply_to_tweet_id": "7"}}


def test_linkedin_gets_the_audience(account_at, stub, publication):
    stub.respond("POST /rest/posts", 201, "", x_restli_id="urn:li:share:7")
    network, account = LinkedInNetwork(real_clock, api=stub.url), account_at("linkedin:7", token="token")
    network.publish(publication(account, options={"audience": "CONNECTIONS"}))
    assert stub.requests[-1].json["visibility"] == "CONNECTIONS"


@pytest.mark.parametrize("pictures", [0, 1, 2])
def test_telegram_is_silent_with_any_number_of_pictures(account_at, stub, with_media, make_picture, pictures):
    network, account = TelegramNetwork(real_clock, api=stub.url), account_at("telegram:news", token="1:a")
    media = [make_picture(colour) for colour in ("teal", "gold")][:pictures]
    network.publish(with_media(network, account, *media, options={"silent": True}))
    network.publish(with_media(network, account, *media))
    silent, loud = (json.loads(each.body) if not pictures else each.form for each in stub.requests)
    assert silent["disable_notification"] == (True if not pictures else (None, "text/plain", b"true"))
    assert "disable_notification" not in loud


def test_slack_shows_no_previews_of_links(account_at, stub, publication):
    stub.respond("POST /services/T1/B2/abc", 200, "ok")
    network, account = SlackNetwork(real_clock, hooks=stub.url), account_at("slack:team", webhook="T1/B2/abc")
    network.publish(publication(account, "Look", options={"unfurl_links": False}))
    network.publish(publication(account, "Look"))
    assert [each.json for each in stub.requests] == [{"text": "Look", "unfurl_links": False}, {"text": "Look"}]


@pytest.fixture
def discord(stub, account_at, publication):
    """Publish to a Discord forum that answers with the thread 55; return the requests and the result."""
    stub.respond("POST /webhooks/1/abc", 200, {"id": "9", "channel_id": "55"})
    network, account = DiscordNetwork(real_clock, api=stub.url), account_at("discord:forum", webhook="1/abc")
    return lambda **members: network.publish(publication(account, "Hello", **members))


def test_discord_posts_to_an_existing_thread(discord, stub):
    discord(options={"thread_id": "1299999999999999999"})
    assert parse_qs(urlsplit(stub.requests[-1].path).query) == {"wait": ["true"], "thread_id": ["1299999999999999999"]}


def test_the_parts_of_a_post_to_a_forum_on_discord_share_one_new_thread(discord, stub):
    options = {"thread_name": "News"}
    first = discord(options=options)
    discord(options=options, part=2, earlier_references=(first.reference,))
    one, two = stub.requests
    assert (one.json["thread_name"], "thread_id" in one.path) == ("News", False)
    assert ("thread_name" in two.json, parse_qs(urlsplit(two.path).query)["thread_id"]) == (False, ["55"])


def test_a_part_whose_thread_on_discord_is_not_known_begins_no_other_thread(discord, stub):
    result = discord(options={"thread_name": "News"}, part=2)
    assert isinstance(result, Refused)
    assert stub.requests == []
