"""Discord, through the webhook of a channel.

A webhook does not detect a repeat, so an ambiguous attempt waits for a person. With `wait=true` Discord stores the
message before it responds, and returns it. An empty `allowed_mentions` suppresses all notifications: an automatic post
must not notify a whole server. Discord formats the Markdown of a text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from core.accounts.port import Account
from core.media.kinds import PICTURE_TYPES
from core.media.pictures import PictureLimits
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Response
from core.publishing.incoming_webhook import webhook_account, webhook_client, webhook_fields, webhook_path
from core.publishing.network import (
    CannotConnect,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    Publication,
    Published,
    Refused,
    TextLength,
    ThreadForm,
)
from core.publishing.networks.discord.options import OPTIONS
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import ResultClassifier, posting_permission, require_success, unconfirmed_result
from core.publishing.sending import send_post
from core.publishing.transfer_time import publication_seconds
from core.time.instants import Clock

API = "https://discord.com/api/v10"
CDN = "https://cdn.discordapp.com"
AVATAR_PATH = re.compile(r"\d+/\w+", re.ASCII)
TEXT_LIMIT = 2000
"""Code points: Discord counts with Python (Discord's answer in discord/discord-api-docs issue 1315)."""
MEDIA_LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=4_000_000, total_bytes=8_000_000, types=PICTURE_TYPES, alt=1024),
    max_video_bytes=8_000_000,
)
"""`count` and `alt` are Discord's limits (doc: its OpenAPI, IncomingWebhookRequestPartial and
MessageAttachmentRequest). The byte limits keep the transfer short: Discord accepts 20 MiB a file (doc:
Uploading Files). An earlier limit was 8 MiB a message."""
WEBHOOK_URL = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+/[\w-]+)/?")
INCOMING_WEBHOOK = 1
"""The type of a webhook that accepts messages. The other types follow a channel or belong to an application."""


class DiscordNetwork:
    """Publishes messages to the channel of a webhook."""

    label = "Discord"
    threads: ThreadForm | None = "messages"
    options = OPTIONS
    post_link = None
    fields = webhook_fields("announcements", "In the channel's settings: Integrations, Webhooks")

    def __init__(self, clock: Clock, *, api: str = API) -> None:
        self._clock = clock
        self._api = api
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=unconfirmed_result)

    def connect(self, form: Mapping[str, str]) -> Account:
        hint = "Copy it in Discord: https://discord.com/api/webhooks/..."
        account = webhook_account(form, "discord", self.label, WEBHOOK_URL, hint)
        webhook = self._webhook(account)
        return account.model_copy(update={"identity": str(webhook.get("guild_id") or "@me")})

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: self._webhook(account))

    def profile(self, account: Account) -> Profile:
        webhook = self._webhook(account)
        path = f"{as_text(webhook.get('id'))}/{as_text(webhook.get('avatar'))}"
        url = f"{CDN}/avatars/{path}.png?size=128" if AVATAR_PATH.fullmatch(path) else ""
        return Profile(name=as_text(webhook.get("name")), avatar_url=url)

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(text), limit=TEXT_LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MEDIA_LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        if publication.part > 1 and "thread_name" in publication.options and not publication.earlier_references:
            return Refused(reason="The thread that the first part began is not known. Post this part there by hand.")
        return send_post(
            self._classifier,
            lambda: self._send(publication),
            lambda response: self._published(publication, response),
        )

    def _send(self, publication: Publication) -> Response:
        client = webhook_client(publication.account, self.label, publication_seconds(publication.media))
        url, params = self._url(publication.account), {"wait": "true"}
        content: dict[str, Any] = {"content": publication.text, "allowed_mentions": {"parse": []}}
        if thread_id := _existing_thread(publication):
            params["thread_id"] = thread_id
        elif "thread_name" in publication.options:
            content["thread_name"] = publication.options["thread_name"]
        if not publication.media:
            return client.post_json(url, content, params=params)
        content["attachments"] = [
            {"id": number, "filename": attachment.name, "description": attachment.alt}
            for number, attachment in enumerate(publication.media)
        ]
        fields = {"payload_json": json.dumps(content, ensure_ascii=False)}
        files = {f"files[{number}]": attachment.file for number, attachment in enumerate(publication.media)}
        return client.post_form(url, fields, files, params=params)

    def _published(self, publication: Publication, response: Response) -> Published | None:
        """Return the result, whose reference is the new thread of the message, for the parts after it."""
        message = response.json_object
        if response.complete and "id" not in message:
            return None
        in_thread = "thread_name" in publication.options and "channel_id" in message
        reference = {"thread_id": str(message["channel_id"])} if in_thread else None
        return Published(at=self._clock(), url=_permalink(publication.account, message), reference=reference)

    def _webhook(self, account: Account) -> dict[str, Any]:
        """Return Discord's data about the webhook; this posts nothing. Raises CannotConnect."""
        client = webhook_client(account, self.label)
        webhook = require_success(lambda: client.get(self._url(account)), self.label).json_object
        if webhook.get("type") != INCOMING_WEBHOOK:
            raise CannotConnect("This webhook does not accept messages.", "Create one in the channel's settings.")
        return webhook

    def _url(self, account: Account) -> str:
        return f"{self._api}/webhooks/{webhook_path(account)}"


def network(dependencies: NetworkDependencies) -> DiscordNetwork:
    """Return the network for the registry."""
    return DiscordNetwork(dependencies.clock)


def _existing_thread(publication: Publication) -> str:
    """Return the ID of the thread that the post goes to: the chosen one, or the one that its first part began."""
    began = publication.earlier_references[0].get("thread_id") if publication.earlier_references else None
    return str(began or publication.options.get("thread_id", ""))


def _permalink(account: Account, message: Mapping[str, Any]) -> str | None:
    channel_id, message_id = str(message.get("channel_id")), str(message.get("id"))
    if not (channel_id.isdigit() and message_id.isdigit()):
        return None
    return f"https://discord.com/channels/{account.identity}/{channel_id}/{message_id}"
