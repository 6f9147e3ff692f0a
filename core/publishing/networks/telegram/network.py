"""Telegram, through a bot that may post to a channel, a group or a chat.

The Bot API does not detect a repeat, so an ambiguous attempt waits for a person. Texts are sent without a parse mode;
Telegram finds the links, mentions and tags in them. python-telegram-bot is asynchronous and retries by itself, so this
module uses HttpClient.
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
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient, Response
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    Publication,
    Published,
    Refused,
    TextLength,
    ThreadForm,
)
from core.publishing.networks.telegram.options import OPTIONS
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import (
    RECONNECT,
    ResultClassifier,
    posting_permission,
    require_success,
    unconfirmed_result,
)
from core.publishing.sending import send_post
from core.publishing.transfer_time import publication_seconds
from core.time.instants import Clock

API = "https://api.telegram.org"
TEXT_LIMIT = 4096
"""Code points, also in captions (source: tdlib/td, on which the Bot API runs: MessageContent.cpp limits the
`utf8_length` of a bot's text). Only the positions of entities are in UTF-16 units."""
MEDIA_LIMITS = MediaLimits(
    pictures=PictureLimits(
        count=10, max_bytes=5_000_000, total_bytes=10_000_000, max_side=2560, lone_animation_bytes=10_000_000
    ),
    max_video_bytes=10_000_000,
    caption=1024,
    max_ratio=20,
)
"""`count`, `caption` (code points) and `max_ratio` are Telegram's limits (doc: Bot API, sendMediaGroup, sendPhoto). It
accepts a width and height of 10,000 together, which `max_side` keeps. The byte limits keep the transfer short:
Telegram accepts 10 MB a photo and 50 MB a video. It has no descriptions."""
TOKEN = re.compile(r"\d+:[\w-]+")
FILE_PATH = re.compile(r"[\w-]+(?:[./][\w-]+)*", re.ASCII)
CHAT = re.compile(r"(?:https://t\.me/|@)?(?P<name>[A-Za-z]\w{3,31})|(?P<id>-?\d{1,16})")
_SUPERGROUP_PREFIX = "-100"
"""Prefix of the ID of a channel or supergroup. Permalinks omit it."""


class TelegramClassifier(ResultClassifier):
    """Also recognises a moved group and a deleted bot."""

    def from_response(self, response: Response) -> NetworkResult:
        moved = response.json_value("parameters", "migrate_to_chat_id")
        if moved is not None:
            return Refused(reason=f"The ID of the group changed to {moved}. Connect that chat, then post to it.")
        if response.status == 404:  # all methods in use exist, so the token is unknown
            return Refused(reason=f"Telegram no longer knows the bot. {RECONNECT}")
        return super().from_response(response)


class TelegramNetwork:
    """Publishes messages to the chat of an account, as its bot."""

    label = "Telegram"
    threads: ThreadForm | None = "messages"
    options = OPTIONS
    post_link = None
    fields = (
        FormField(name="token", label="Bot token", help="From BotFather: 123456:ABC...", secret=True),
        FormField(name="chat", label="Chat", help="@name or ID of a channel or group; the bot must be a member of it"),
    )

    def __init__(self, clock: Clock, *, api: str = API) -> None:
        self._clock = clock
        self._api = api
        self._classifier = TelegramClassifier(name=self.label, clock=clock, ambiguous=unconfirmed_result)

    def connect(self, form: Mapping[str, str]) -> Account:
        token = parse_secret(form, "token", "bot token")
        found = CHAT.fullmatch(form.get("chat", "").strip())
        if not TOKEN.fullmatch(token):
            raise CannotConnect("This is not a bot token.", "Copy the whole token from BotFather: 123456:ABC...")
        if not found:
            raise CannotConnect("This is not a chat name or ID.", "Enter @name, or the chat's ID.")
        chat = self._chat(token, f"@{found['name']}" if found["name"] else found["id"])
        return Account(
            destination=f"telegram:{(found['name'] or found['id']).lower()}",
            label=f"{chat.get('title') or chat.get('username') or chat['id']} (Telegram)",
            identity=str(chat["id"]),
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: self._chat(_token(account), account.identity or ""))

    def profile(self, account: Account) -> Profile:
        """Return the profile of the chat. Its client reads the picture, whose address holds the token."""
        token = _token(account)
        client = self._client(token)

        def call(method: str, **params: str) -> Response:
            return require_success(lambda: client.get(f"{self._api}/bot{token}/{method}", params=params), self.label)

        chat = call("getChat", chat_id=account.identity or "").json_object.get("result")
        chat = chat if isinstance(chat, dict) else {}
        photo, picture = chat.get("photo"), None
        if isinstance(photo, dict) and (file_id := as_text(photo.get("small_file_id"))):
            path = as_text(call("getFile", file_id=file_id).json_value("result", "file_path"))
            if FILE_PATH.fullmatch(path):
                file = require_success(lambda: client.get(f"{self._api}/file/bot{token}/{path}"), self.label)
                picture = file.body
        return Profile(
            name=as_text(chat.get("title")) or as_text(chat.get("first_name")),
            handle=as_text(chat.get("username")),
            avatar=picture,
        )

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(text), limit=TEXT_LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MEDIA_LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        return send_post(self._classifier, lambda: self._send(publication), self._published)

    def _send(self, publication: Publication) -> Response:
        """Send the text alone, or as the caption of the first attachment. Raises RequestError."""
        token, chat = _token(publication.account), publication.account.identity or ""
        client = self._client(token, publication_seconds(publication.media))
        url = f"{self._api}/bot{token}"
        silent = bool(publication.options.get("silent"))
        if not publication.media:
            message = {"chat_id": chat, "text": publication.text}
            return client.post_json(f"{url}/sendMessage", message | ({"disable_notification": True} if silent else {}))
        form = {"chat_id": chat} | ({"disable_notification": "true"} if silent else {})
        if len(publication.media) == 1:
            kind = _media_type(publication.media[0])
            fields = {**form, "caption": publication.text}
            return client.post_form(f"{url}/send{kind.capitalize()}", fields, {kind: publication.media[0].file})
        files = {f"file{number}": attachment for number, attachment in enumerate(publication.media)}
        album = [{"type": _media_type(attachment), "media": f"attach://{name}"} for name, attachment in files.items()]
        album[0]["caption"] = publication.text
        fields = {**form, "media": json.dumps(album, ensure_ascii=False)}
        return client.post_form(f"{url}/sendMediaGroup", fields, {name: each.file for name, each in files.items()})

    def _published(self, response: Response) -> Published | None:
        message = _first_message(response)
        if response.complete and message is None:
            return None
        return Published(at=self._clock(), url=_permalink(message or {}))

    def _chat(self, token: str, name_or_id: str) -> dict[str, Any]:
        """Return the chat if the bot may post to it. Raises CannotConnect."""
        client = self._client(token)

        def call(method: str, **params: str) -> dict[str, Any]:
            url = f"{self._api}/bot{token}/{method}"
            result = require_success(lambda: client.get(url, params=params), self.label).json_value("result")
            if not isinstance(result, dict):
                raise CannotConnect("Telegram sent an incomplete response.", "Try again in a few minutes.")
            return result

        bot, chat = call("getMe"), call("getChat", chat_id=name_or_id)
        if "id" not in chat:
            raise CannotConnect("Telegram does not know this chat.", "Enter @name, or the chat's ID.")
        if chat.get("type") == "private":
            return chat
        member = call("getChatMember", chat_id=name_or_id, user_id=str(bot.get("id")))
        if not _may_post(chat, member):
            hint = "Make it an administrator who may post messages."
            raise CannotConnect("The bot may not post to this chat.", hint)
        return chat

    def _client(self, token: str, seconds: float = DEADLINE_SECONDS) -> HttpClient:
        return HttpClient(self.label, secrets=[token, token.partition(":")[2]], seconds=seconds)


def network(dependencies: NetworkDependencies) -> TelegramNetwork:
    """Return the network for the registry."""
    return TelegramNetwork(dependencies.clock)


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()


def _may_post(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    status = member.get("status")
    if chat.get("type") == "channel":
        return status == "creator" or (status == "administrator" and member.get("can_post_messages") is True)
    if status == "restricted":
        return member.get("can_send_messages") is True
    return status in ("creator", "administrator", "member")


def _media_type(attachment: Attachment) -> str:
    """Return the type by which Telegram calls the attachment. An animated GIF is alone (doc: sendAnimation)."""
    if attachment.media.kind == "video":
        return "video"
    return "animation" if attachment.content_type == "image/gif" else "photo"


def _first_message(response: Response) -> dict[str, Any] | None:
    """Return the sent message. For an album, return its first message, which has the text."""
    result = response.json_value("result")
    first = result[0] if isinstance(result, list) and result else result
    return first if isinstance(first, dict) else None


def _permalink(message: Mapping[str, Any]) -> str | None:
    """Return the link to a message, or None if its chat has no links. In a private channel it works for members."""
    message_id, chat = message.get("message_id"), message.get("chat")
    if not isinstance(message_id, int) or not isinstance(chat, dict):
        return None
    name = chat.get("username")
    if isinstance(name, str) and name.isidentifier() and chat.get("type") != "private":
        return f"https://t.me/{name}/{message_id}"
    if str(chat.get("id")).startswith(_SUPERGROUP_PREFIX):
        return f"https://t.me/c/{str(chat['id']).removeprefix(_SUPERGROUP_PREFIX)}/{message_id}"
    return None
