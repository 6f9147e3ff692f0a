"""Telegram; test_at_most_once.py tests what it shares with other networks."""

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest

from core.media.intake import ingest
from core.posts.models import Media
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.network import CannotConnect, PostingPermission, Published, Refused, RetryLater
from core.publishing.networks.telegram.network import TelegramNetwork
from core.time.instants import real_clock
from tests.small_video import small_video

TOKEN = "123456:ABC-def"
FORM = {"token": TOKEN, "chat": "@News"}
BOT = f"/bot{TOKEN}"
VIDEO = small_video(500)
CHANNEL = {"id": -1001234, "type": "channel", "title": "News", "username": "News"}


@pytest.fixture
def chat_is(stub):
    """Set Telegram's data about the chat and the bot's membership; by default the bot may post to a channel."""

    def respond(chat=CHANNEL, member=None):
        stub.respond(f"GET {BOT}/getMe", 200, {"ok": True, "result": {"id": 123456, "is_bot": True}})
        stub.respond(f"GET {BOT}/getChat", 200, {"ok": True, "result": chat})
        administrator = {"status": "administrator", "can_post_messages": True}
        stub.respond(f"GET {BOT}/getChatMember", 200, {"ok": True, "result": member or administrator})

    respond()
    return respond


@pytest.fixture
def network(stub, chat_is):
    return TelegramNetwork(real_clock, api=stub.url)


@pytest.fixture
def account(network):
    return network.connect(FORM)


@pytest.fixture
def send(network, account, stub, publication):
    """Publish a text, with Telegram's response to it."""

    def send_with_response(status, body):
        stub.respond(f"POST {BOT}/sendMessage", status, body)
        return network.publish(publication(account, "a_b *c* <d>"))

    return send_with_response


@pytest.mark.parametrize("chat", ["@News", "News", "https://t.me/News"])
def test_connecting_reads_the_bot_and_its_rights(network, chat):
    account = network.connect({**FORM, "chat": chat})
    assert (account.destination, account.identity) == ("telegram:news", "-1001234")
    assert account.label == "News (Telegram)"
    assert network.check(account) == PostingPermission()


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("channel", {"status": "member"}),
        ("channel", {"status": "administrator", "can_post_messages": False}),
        ("supergroup", {"status": "left"}),
        ("supergroup", {"status": "kicked"}),
        ("supergroup", {"status": "restricted", "can_send_messages": False}),
    ],
)
def test_a_bot_that_may_not_post_is_refused(network, chat_is, kind, member):
    chat_is(CHANNEL | {"type": kind}, member)
    with pytest.raises(CannotConnect, match="may not post"):
        network.connect(FORM)


@pytest.mark.parametrize("member", [{"status": "member"}, {"status": "restricted", "can_send_messages": True}])
def test_any_member_may_post_to_a_group(network, chat_is, member):
    chat_is(CHANNEL | {"type": "supergroup"}, member)
    assert network.connect(FORM)


@pytest.mark.parametrize(("entries", "words"), [({"token": "abc"}, "not a bot token"), ({"chat": "a b"}, "not a chat")])
def test_an_invalid_form_is_refused_without_a_request(network, stub, entries, words):
    with pytest.raises(CannotConnect, match=words):
        network.connect(FORM | entries)
    assert stub.requests == []


def test_texts_are_sent_without_formatting(send, stub):
    send(200, {"ok": True, "result": {"message_id": 1, "chat": CHANNEL}})
    assert stub.requests[-1].json == {"chat_id": "-1001234", "text": "a_b *c* <d>"}


@pytest.mark.parametrize(
    ("chat", "url"),
    [
        (CHANNEL, "https://t.me/News/7"),
        ({"id": -1001234, "type": "supergroup"}, "https://t.me/c/1234/7"),
        ({"id": -99, "type": "group"}, None),
        ({"id": 5, "type": "private", "username": "ada"}, None),
    ],
)
def test_a_message_has_a_link_if_its_chat_has_links(send, chat, url):
    result = send(200, {"ok": True, "result": {"message_id": 7, "chat": chat}})
    assert result.url == url


def test_the_retry_after_of_telegrams_json_delays_the_next_attempt(send):
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 35"}
    result = send(429, body | {"parameters": {"retry_after": 35}})
    assert isinstance(result, RetryLater)
    assert result.retry_after == timedelta(seconds=35)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"description": "Forbidden: bot was kicked from the channel chat"}, "kicked"),
        (400, {"description": "Bad Request: message is too long"}, "too long"),
        (404, {"description": "Not Found"}, "no longer knows the bot"),
        (400, {"description": "upgraded", "parameters": {"migrate_to_chat_id": -100987}}, "-100987"),
    ],
)
def test_a_refusal_gives_telegrams_message(send, status, body, words):
    result = send(status, {"ok": False, "error_code": status} | body)
    assert isinstance(result, Refused)
    assert words in result.reason


def test_the_length_of_a_text_is_in_code_points():
    length = TelegramNetwork(real_clock).measure("🎉" * 4098, None)
    assert (length.count, length.excess) == (4098, 2)


def test_one_picture_is_sent_with_the_text_as_its_caption(network, account, stub, with_media, publish, make_picture):
    stub.respond(f"POST {BOT}/sendPhoto", 200, {"ok": True, "result": {"message_id": 7, "chat": CHANNEL}})
    post = with_media(network, account, make_picture("red"), text="Grüße 🎉")
    assert publish(network, post).url == "https://t.me/News/7"
    fields = stub.received(f"POST {BOT}/sendPhoto")[0].form
    assert (fields["chat_id"][2], fields["caption"][2].decode()) == (b"-1001234", "Grüße 🎉")
    assert fields["photo"] == (post.media[0].name, "image/png", post.media[0].content)


def test_several_pictures_are_sent_as_an_album_with_the_text_on_the_first(
    network, account, stub, with_media, publish, make_picture
):
    messages = [{"message_id": number, "chat": CHANNEL} for number in (7, 8)]
    stub.respond(f"POST {BOT}/sendMediaGroup", 200, {"ok": True, "result": messages})
    post = with_media(network, account, make_picture("red"), make_picture("blue"), text="Look")
    assert publish(network, post).url == "https://t.me/News/7"
    fields = stub.received(f"POST {BOT}/sendMediaGroup")[0].form
    assert json.loads(fields["media"][2]) == [
        {"type": "photo", "media": "attach://file0", "caption": "Look"},
        {"type": "photo", "media": "attach://file1"},
    ]
    assert [fields[f"file{number}"][2] for number in (0, 1)] == [each.content for each in post.media]


def test_a_video_is_sent_as_a_video(network, account, stub, with_media, publish, media_store):
    stub.respond(f"POST {BOT}/sendVideo", 200, {"ok": True, "result": {"message_id": 7, "chat": CHANNEL}})
    assert isinstance(publish(network, with_media(network, account, ingest(media_store, VIDEO))), Published)
    assert stub.received(f"POST {BOT}/sendVideo")[0].form["video"][1:] == ("video/mp4", VIDEO)


def test_a_caption_has_a_limit_of_its_own(network, account):
    assert network.media_limits(account).caption == 1024


@pytest.mark.parametrize(
    ("width", "height", "accepted"),
    [(20_000, 10, False), (1080, 25_000, False), (1080, 21_601, False), (1080, 21_600, True), (800, 600, True)],
)
def test_a_picture_has_sides_of_at_most_one_to_twenty(network, account, width, height, accepted):
    """Telegram refuses others when the post is due."""
    picture = Media(reference="0" * 64, kind="picture", content_type="image/png", size=100, width=width, height=height)
    with nullcontext() if accepted else pytest.raises(CannotAttach, match="at most 1:20"):
        check_media([picture], network.media_limits(account), "Telegram")


def test_an_animated_gif_is_sent_as_an_animation_if_it_is_alone(
    network, account, stub, with_media, publish, media_store, animation, make_picture
):
    stub.respond(f"POST {BOT}/sendAnimation", 200, {"ok": True, "result": {"message_id": 7, "chat": CHANNEL}})
    stub.respond(f"POST {BOT}/sendMediaGroup", 200, {"ok": True, "result": [{"message_id": 7, "chat": CHANNEL}]})
    moving = ingest(media_store, animation)
    assert isinstance(publish(network, with_media(network, account, moving)), Published)
    assert stub.received(f"POST {BOT}/sendAnimation")[0].form["animation"][1:] == ("image/gif", animation)
    publish(network, with_media(network, account, moving, make_picture("red")))
    assert stub.received(f"POST {BOT}/sendMediaGroup")[0].form["file0"][1] == "image/png"
