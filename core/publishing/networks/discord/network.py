"""Discord, through a channel's webhook.

A webhook cannot recognise a repeat, so an unclear outcome waits for a person. `wait=true` makes Discord answer once
the message is stored, and with it. Nobody is notified by what a text says (`allowed_mentions`): a post that went out
by itself must not ring a whole server. Markdown is the network's own writing and is left as it is.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.media.kinds import PICTURES
from core.media.pictures import PictureLimits
from core.publishing.account_form import parse_account_name, parse_secret
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    Publication,
    Published,
    TextLength,
)
from core.publishing.outcomes import ResultClassifier, error_text, mark_unconfirmed, require_success
from core.time.instants import Clock

API = "https://discord.com/api/v10"
LIMIT = 2000
"""Code points: the API counts in Python (discord/discord-api-docs issue 1315, answered by Discord)."""
LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=4_000_000, total_bytes=8_000_000, types=PICTURES, alt=1024),
    max_video_bytes=8_000_000,
)
"""Discord's count and alt text (doc: its OpenAPI, IncomingWebhookRequestPartial and MessageAttachmentRequest). It takes
20 MiB a file (doc: Uploading Files), not long ago 8 MiB a message; this is what can be sent within the deadline."""
WEBHOOK = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+)/([\w-]+)/?")
INCOMING = 1
"""The type of a webhook that takes messages; others follow another channel or belong to an application."""


class DiscordNetwork:
    """Publishes messages into the channel that a webhook was made for."""

    label = "Discord"
    fields = (
        FormField(name="name", label="Name", help="How it is called in Punctual, for example: announcements"),
        FormField(
            name="address",
            label="Webhook URL",
            help="Under the channel's settings, Integrations, Webhooks",
            secret=True,
        ),
    )

    def __init__(self, clock: Clock, *, api: str = API) -> None:
        self._clock = clock
        self._api = api
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=mark_unconfirmed)

    def connect(self, answers: Mapping[str, str]) -> Account:
        name = parse_account_name(answers)
        found = WEBHOOK.fullmatch(parse_secret(answers, "address", "webhook URL"))
        if not found:
            hint = "Copy it in Discord: https://discord.com/api/webhooks/..."
            raise CannotConnect("This is not the address of a Discord webhook.", hint)
        account = Account(
            destination=f"discord:{name}",
            label=f"{name} (Discord)",
            credentials={"webhook": SecretStr(f"{found[1]}/{found[2]}")},
        )
        webhook = self._look(account)
        return account.model_copy(update={"identity": str(webhook.get("guild_id") or "@me")})

    def check(self, account: Account) -> str | None:
        return error_text(lambda: self._look(account))

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
            return self._classifier.from_response(answer)
        message = answer.json_object
        if answer.complete and "id" not in message:
            return self._classifier.from_incomplete()
        return Published(at=self._clock(), url=_permalink(publication.account, message))

    def _send(self, publication: Publication) -> Response:
        line, address = self._line(publication.account), self._address(publication.account)
        content: dict[str, Any] = {"content": publication.text, "allowed_mentions": {"parse": []}}
        if not publication.media:
            return line.post_json(address, content, params={"wait": "true"})
        content["attachments"] = [
            {"id": number, "filename": attachment.name, "description": attachment.alt}
            for number, attachment in enumerate(publication.media)
        ]
        fields = {"payload_json": json.dumps(content, ensure_ascii=False)}
        files = {f"files[{number}]": attachment.file for number, attachment in enumerate(publication.media)}
        return line.post_form(address, fields, files, params={"wait": "true"})

    def _look(self, account: Account) -> dict[str, Any]:
        """Return what Discord says of the webhook; that posts nothing. Raises CannotConnect."""
        webhook = require_success(lambda: self._line(account).get(self._address(account)), self.label).json_object
        if webhook.get("type") != INCOMING:
            raise CannotConnect("This webhook takes no messages.", "Make one under the channel's settings.")
        return webhook

    def _line(self, account: Account) -> HttpClient:
        return HttpClient(self.label, secrets=[_webhook(account), _webhook(account).partition("/")[2]])

    def _address(self, account: Account) -> str:
        return f"{self._api}/webhooks/{_webhook(account)}"


def network(parts: NetworkDependencies) -> DiscordNetwork:
    """Return this network."""
    return DiscordNetwork(parts.clock)


def _webhook(account: Account) -> str:
    return account.credentials["webhook"].get_secret_value()


def _permalink(account: Account, message: Mapping[str, Any]) -> str | None:
    channel, number = str(message.get("channel_id")), str(message.get("id"))
    if not (channel.isdigit() and number.isdigit()):
        return None
    return f"https://discord.com/channels/{account.identity}/{channel}/{number}"
