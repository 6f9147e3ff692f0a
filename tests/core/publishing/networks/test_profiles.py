"""Profiles: how each network shows an account. Pictures are addresses, which the networks do not read themselves."""

import pytest
import requests

from core.errors import PunctualError
from core.publishing.avatars import Avatars
from core.publishing.network import CannotConnect
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.slack.network import SlackNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.publishing.networks.webhook.network import WebhookNetwork
from core.publishing.networks.x.network import XNetwork
from core.publishing.profile import HasProfiles, Profile
from core.time.instants import real_clock

X_FORM = {"key": "k", "key_secret": "ks", "token": "t", "token_secret": "ts"}
BOT = "123456:ABC-def"
WEBHOOK = {"id": "123", "type": 1, "guild_id": "77", "name": "News", "avatar": "a_0f"}
DISCORD_FORM = {"name": "news", "address": "https://discord.com/api/webhooks/123/abc"}


def mastodon_user(stub, **members):
    stub.respond("GET /api/v1/accounts/verify_credentials", 200, {"id": "1", "username": "ada", **members})
    stub.respond("GET /api/v1/accounts/1/statuses", 200, [])
    stub.respond("PUT /api/v1/statuses/0", 404, {})
    network = MastodonNetwork(real_clock)
    return network.profile(network.connect({"server": stub.url, "token": "t"}))


def test_a_mastodon_account_has_a_name_a_handle_with_its_server_and_a_still_picture(stub):
    host = stub.url.removeprefix("http://")
    members = {"display_name": "Ada L.", "avatar": "https://files.example/a.gif"}
    found = mastodon_user(stub, **members, avatar_static="https://files.example/a.png")
    assert found == Profile(name="Ada L.", handle=f"ada@{host}", avatar_url="https://files.example/a.png")


@pytest.mark.parametrize("avatar", [None, 5, "", "https://social.example/avatars/original/missing.png"])
def test_a_mastodon_account_without_a_picture_or_a_name_has_its_user_name(stub, avatar):
    found = mastodon_user(stub, display_name="", avatar=avatar)
    assert (found.name, found.avatar_url) == ("ada", "")


def test_mastodon_mock_names_a_profile(mastodon_server):
    network = MastodonNetwork(real_clock)
    account = network.connect({"server": mastodon_server, "token": "mock_token"})
    assert network.profile(account).handle == account.destination.removeprefix("mastodon:")


def test_a_bluesky_profile_is_read_from_the_record_in_its_repository(real_pds, pds_user_on, encoded_picture):
    user, network = pds_user_on(real_pds), BlueskyNetwork(real_clock)
    account = network.connect(user.form)
    assert network.profile(account) == Profile(handle=user.handle)
    user.set_profile("Ada", encoded_picture())
    found = network.profile(account)
    assert (found.name, found.handle) == ("Ada", user.handle)
    assert requests.get(found.avatar_url, timeout=10).content == encoded_picture()
    assert Avatars().small(found, account.address)


def test_a_bluesky_profile_that_cannot_be_read_is_not_taken_for_an_empty_one(stub):
    session = {"did": "did:plc:ada", "accessJwt": "jwt", "handle": "ada.test"}
    stub.respond("POST /xrpc/com.atproto.server.createSession", 200, session)
    network = BlueskyNetwork(real_clock)
    account = network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url})
    stub.respond("GET /xrpc/com.atproto.repo.getRecord", 500, {"error": "InternalServerError"})
    with pytest.raises(CannotConnect):
        network.profile(account)


def test_an_x_profile_has_the_larger_of_two_pictures(stub):
    user = {
        "id": "1",
        "username": "Ada",
        "name": "Ada L.",
        "profile_image_url": "https://pbs.twimg.com/1/me_normal.jpg",
    }
    stub.respond("GET /2/users/me", 200, {"data": user}, x_access_level="read-write")
    network = XNetwork(real_clock, api=stub.url)
    found = network.profile(network.connect(X_FORM))
    assert found == Profile(name="Ada L.", handle="Ada", avatar_url="https://pbs.twimg.com/1/me_bigger.jpg")
    user["profile_image_url"] = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
    stub.respond("GET /2/users/me", 200, {"data": user}, x_access_level="read-write")
    assert network.profile(network.connect(X_FORM)).avatar_url == ""


def test_a_linkedin_profile_has_the_members_name_and_picture(stub):
    stub.respond("GET /v2/userinfo", 200, {"sub": "abc", "name": "Ada", "picture": "https://media.licdn.com/a"})
    stub.respond("POST /rest/images", 200, {"value": {}})
    network = LinkedInNetwork(real_clock, api=stub.url)
    found = network.profile(network.connect({"token": "t"}))
    assert found == Profile(name="Ada", avatar_url="https://media.licdn.com/a")


@pytest.mark.parametrize(
    ("avatar", "url"), [("a_0f", "https://cdn.discordapp.com/avatars/123/a_0f.png?size=128"), (None, ""), ("../x", "")]
)
def test_a_discord_profile_is_that_of_the_webhook(stub, avatar, url):
    stub.respond("GET /webhooks/123/abc", 200, WEBHOOK | {"avatar": avatar})
    network = DiscordNetwork(real_clock, api=stub.url)
    found = network.profile(network.connect(DISCORD_FORM))
    assert (found.name, found.avatar_url) == ("News", url)


@pytest.fixture
def telegram(stub):
    """Return the profile of a channel with a picture at a path on Telegram's server."""

    def profile_with(path, *, status=200, body=b"picture"):
        chat = {"id": -1001, "type": "channel", "title": "News", "username": "news", "photo": {"small_file_id": "f1"}}
        member = {"status": "administrator", "can_post_messages": True}
        for method, result in {"getMe": {"id": 1}, "getChat": chat, "getChatMember": member}.items():
            stub.respond(f"GET /bot{BOT}/{method}", 200, {"ok": True, "result": result})
        stub.respond(f"GET /bot{BOT}/getFile", 200, {"ok": True, "result": {"file_path": path}})
        stub.respond(f"GET /file/bot{BOT}/photos/file_1.jpg", status, body)
        network = TelegramNetwork(real_clock, api=stub.url)
        return network.profile(network.connect({"token": BOT, "chat": "@news"}))

    return profile_with


def test_a_telegram_profile_is_that_of_the_chat_whose_picture_is_read_with_the_token(telegram):
    assert telegram("photos/file_1.jpg") == Profile(name="News", handle="news", avatar=b"picture")


@pytest.mark.parametrize("path", ["../getMe", "photos/../x", "//other.example/a", ""])
def test_a_picture_of_telegram_at_another_place_is_not_read(telegram, path):
    assert telegram(path).avatar is None


def test_a_failure_of_telegram_names_no_token(telegram):
    with pytest.raises(PunctualError) as caught:
        telegram("photos/file_1.jpg", status=500, body={"description": f"/bot{BOT}/ failed"})
    assert BOT not in f"{caught.value} {caught.value.hint}"


def test_a_profile_that_a_network_refuses_is_an_error(stub):
    stub.respond("GET /v2/userinfo", 200, {"sub": "abc"})
    stub.respond("POST /rest/images", 200, {"value": {}})
    network = LinkedInNetwork(real_clock, api=stub.url)
    account = network.connect({"token": "t"})
    stub.respond("GET /v2/userinfo", 500, {})
    with pytest.raises(CannotConnect):
        network.profile(account)


def test_slack_and_webhooks_name_no_profile():
    assert not any(isinstance(each, HasProfiles) for each in (SlackNetwork(real_clock), WebhookNetwork(real_clock)))
