"""Telegram, through a bot that may write into a channel, a group or a chat.

The Bot API does not recognise a repeat, so an unclear outcome waits for a person. Texts go out plain (no parse mode);
Telegram finds links, mentions and tags by itself. python-telegram-bot is asynchronous and repeats on its own, so
plain requests are used.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.media.pictures import PictureLimits
from core.publishing.account_form import parse_secret
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    Publication,
    Published,
    Refused,
    TextLength,
)
from core.publishing.outcomes import RECONNECT, ResultClassifier, error_text, mark_unconfirmed, require_success
from core.time.instants import Clock

API = "https://api.telegram.org"
LIMIT = 4096
"""Code points, of a caption too, although Telegram counts entities in UTF-16 units (source: tdlib/td,
MessageContent.cpp, which the Bot API runs: a bot's text is held to `utf8_length`)."""
LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=5_000_000, total_bytes=10_000_000, max_side=2560),
    max_video_bytes=10_000_000,
    caption=1024,
)
"""An album of 10, captions of 1,024 (doc: Bot API, sendMediaGroup). Telegram takes 10 MB a photo and 50 MB a video;
this is what can be sent within the deadline. It has no alt text."""
TOKEN = re.compile(r"\d+:[\w-]+")
CHAT = re.compile(r"(?:https://t\.me/|@)?(?P<name>[A-Za-z]\w{3,31})|(?P<number>-?\d{1,16})")
_GROUP = "-100"
"""What the number of a channel or a large group begins with; its links leave it out."""


class TelegramNetwork:
    """Publishes messages in a bot's name."""

    label = "Telegram"
    fields = (
        FormField(name="token", label="Bot token", help="BotFather gives it: 123456:ABC...", secret=True),
        FormField(name="chat", label="Chat", help="@name of a channel or group, or its number; the bot must be in it"),
    )

    def __init__(self, clock: Clock, *, api: str = API) -> None:
        self._clock = clock
        self._api = api
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=mark_unconfirmed)

    def connect(self, answers: Mapping[str, str]) -> Account:
        token = parse_secret(answers, "token", "bot token")
        found = CHAT.fullmatch(answers.get("chat", "").strip())
        if not TOKEN.fullmatch(token):
            raise CannotConnect("This is not a bot token.", "Copy it whole from BotFather: 123456:ABC...")
        if not found:
            raise CannotConnect("This is not a chat.", "Enter @name, or the chat's number.")
        chat = self._chat(token, f"@{found['name']}" if found["name"] else found["number"])
        return Account(
            destination=f"telegram:{(found['name'] or found['number']).lower()}",
            label=f"{chat.get('title') or chat.get('username') or chat['id']} (Telegram)",
            identity=str(chat["id"]),
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> str | None:
        return error_text(lambda: self._chat(_token(account), account.identity or ""))

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(text), limit=LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        try:
            answer = self._send(publication)
        except RequestError as fault:
            return self._classifier.from_error(fault)
        if not answer.ok:
            return self._turned_down(answer)
        message = _first_message(answer)
        if answer.complete and message is None:
            return self._classifier.from_incomplete()
        return Published(at=self._clock(), url=_permalink(message or {}))

    def _send(self, publication: Publication) -> Response:
        """Send the text alone, or as the caption of one picture or video, or of the first of several."""
        token, chat = _token(publication.account), publication.account.identity or ""
        line, method = self._line(token), f"{self._api}/bot{token}"
        if not publication.media:
            return line.post_json(f"{method}/sendMessage", {"chat_id": chat, "text": publication.text})
        if len(publication.media) == 1:
            kind = _kind(publication.media[0])
            fields = {"chat_id": chat, "caption": publication.text}
            return line.post_form(f"{method}/send{kind.capitalize()}", fields, {kind: publication.media[0].file})
        files = {f"file{number}": attachment for number, attachment in enumerate(publication.media)}
        album = [{"type": _kind(attachment), "media": f"attach://{name}"} for name, attachment in files.items()]
        album[0]["caption"] = publication.text
        fields = {"chat_id": chat, "media": json.dumps(album, ensure_ascii=False)}
        return line.post_form(f"{method}/sendMediaGroup", fields, {name: each.file for name, each in files.items()})

    def _turned_down(self, answer: Response) -> NetworkResult:
        moved = answer.json_value("parameters", "migrate_to_chat_id")
        if moved is not None:
            return Refused(reason=f"The group has another number now: {moved}. Connect that chat, and post to it.")
        if answer.status == 404:  # the method is there, so it is the token that is not
            return Refused(reason=f"Telegram no longer knows the bot. {RECONNECT}")
        return self._classifier.from_response(answer)

    def _chat(self, token: str, chat: str) -> dict[str, Any]:
        """Return the chat, if the bot may write into it. Raises CannotConnect."""
        line = self._line(token)

        def ask(method: str, **params: str) -> dict[str, Any]:
            answer = require_success(lambda: line.get(f"{self._api}/bot{token}/{method}", params=params), self.label)
            result = answer.json_value("result")
            if not isinstance(result, dict):
                raise CannotConnect("Telegram's answer was not whole.", "Try again in a few minutes.")
            return result

        bot, found = ask("getMe"), ask("getChat", chat_id=chat)
        if "id" not in found:
            raise CannotConnect("Telegram does not know this chat.", "Enter @name, or the chat's number.")
        if found.get("type") == "private":
            return found
        member = ask("getChatMember", chat_id=chat, user_id=str(bot.get("id")))
        if not _may_write(found, member):
            hint = "Make it an administrator who may post messages."
            raise CannotConnect("The bot may not write into this chat.", hint)
        return found

    def _line(self, token: str) -> HttpClient:
        return HttpClient(self.label, secrets=[token, token.partition(":")[2]])


def network(parts: NetworkDependencies) -> TelegramNetwork:
    """Return this network."""
    return TelegramNetwork(parts.clock)


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()


def _may_write(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    status = member.get("status")
    if chat.get("type") == "channel":
        return status == "creator" or (status == "administrator" and member.get("can_post_messages") is True)
    if status == "restricted":
        return member.get("can_send_messages") is True
    return status in ("creator", "administrator", "member")


def _kind(attachment: Attachment) -> str:
    return "video" if attachment.media.kind == "video" else "photo"


def _first_message(answer: Response) -> dict[str, Any] | None:
    """Return the message that was sent, or of an album the first one, which has the text."""
    result = answer.json_value("result")
    first = result[0] if isinstance(result, list) and result else result
    return first if isinstance(first, dict) else None


def _permalink(message: Mapping[str, Any]) -> str | None:
    """The address of a message in a public chat, or of one for the members of a private channel or large group."""
    number, chat = message.get("message_id"), message.get("chat")
    if not isinstance(number, int) or not isinstance(chat, dict):
        return None
    name = chat.get("username")
    if isinstance(name, str) and name.isidentifier() and chat.get("type") != "private":
        return f"https://t.me/{name}/{number}"
    if str(chat.get("id")).startswith(_GROUP):
        return f"https://t.me/c/{str(chat['id']).removeprefix(_GROUP)}/{number}"
    return None
