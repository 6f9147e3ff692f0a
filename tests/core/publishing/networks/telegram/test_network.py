"""What is Telegram's own; the rest is in test_at_most_once.py."""

from datetime import timedelta

import pytest

from core.publishing.network import CannotConnect, Refused, RetryLater
from core.publishing.networks.telegram.network import TelegramNetwork
from core.time.instants import real_clock

TOKEN = "123456:ABC-def"
ANSWERS = {"token": TOKEN, "chat": "@News"}
BOT = f"/bot{TOKEN}"
CHANNEL = {"id": -1001234, "type": "channel", "title": "News", "username": "News"}


@pytest.fixture
def telegram(stub):
    """Telegram, with a channel that the bot may post to."""

    def told(chat=CHANNEL, member=None):
        stub.answer(f"GET {BOT}/getMe", 200, {"ok": True, "result": {"id": 123456, "is_bot": True}})
        stub.answer(f"GET {BOT}/getChat", 200, {"ok": True, "result": chat})
        status = member or {"status": "administrator", "can_post_messages": True}
        stub.answer(f"GET {BOT}/getChatMember", 200, {"ok": True, "result": status})
        return stub

    told()
    return told


@pytest.fixture
def network(stub, telegram):
    return TelegramNetwork(real_clock, api=stub.url)


@pytest.mark.parametrize("chat", ["@News", "News", "https://t.me/News"])
def test_connecting_asks_who_the_bot_is_and_what_it_may(network, chat):
    account = network.connect({**ANSWERS, "chat": chat})
    assert (account.destination, account.identity) == ("telegram:news", "-1001234")
    assert account.label == "News (Telegram)"
    assert network.check(account) is None


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
def test_a_bot_that_may_not_post_is_refused(network, telegram, kind, member):
    telegram(CHANNEL | {"type": kind}, member)
    with pytest.raises(CannotConnect, match="may not post"):
        network.connect(ANSWERS)


@pytest.mark.parametrize("member", [{"status": "member"}, {"status": "restricted", "can_send_messages": True}])
def test_any_member_may_post_to_a_group(network, telegram, member):
    telegram(CHANNEL | {"type": "supergroup"}, member)
    assert network.connect(ANSWERS)


@pytest.mark.parametrize(("answers", "words"), [({"token": "abc"}, "not a bot token"), ({"chat": "a b"}, "not a chat")])
def test_what_cannot_be_is_refused_before_anyone_is_asked(network, stub, answers, words):
    with pytest.raises(CannotConnect, match=words):
        network.connect(ANSWERS | answers)
    assert stub.requests == []


def sent(network, stub, publication, status, body):
    account = network.connect(ANSWERS)
    stub.answer(f"POST {BOT}/sendMessage", status, body)
    return network.publish(publication(account, "a_b *c* <d>"))


def test_texts_go_out_plain(network, stub, publication):
    sent(network, stub, publication, 200, {"ok": True, "result": {"message_id": 1, "chat": CHANNEL}})
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
def test_a_message_has_a_link_where_telegram_has_one(network, stub, publication, chat, url):
    result = sent(network, stub, publication, 200, {"ok": True, "result": {"message_id": 7, "chat": chat}})
    assert result.url == url


def test_telegrams_own_pause_is_kept(network, stub, publication):
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 35"}
    result = sent(network, stub, publication, 429, body | {"parameters": {"retry_after": 35}})
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
def test_what_telegram_refuses_is_told_in_words(network, stub, publication, status, body, words):
    result = sent(network, stub, publication, status, {"ok": False, "error_code": status} | body)
    assert isinstance(result, Refused)
    assert words in result.reason


def test_code_points_are_counted():
    length = TelegramNetwork(real_clock).measure("🎉" * 4098, None)
    assert (length.count, length.excess) == (4098, 2)
