"""Messages by HTTP POST: to Slack, Discord and signed webhooks."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.notifications.channels import DiscordChannel, SlackChannel, WebhookChannel
from core.notifications.message import DeliveryFailed, Message
from core.publishing.http.client import HttpClient, RequestError
from core.publishing.http.redaction import secrets_of_url
from core.publishing.networks.slack.network import escape_for_slack
from core.time.instants import utc_text
from lambda_pkg.signature import signed_headers

TIMEOUT_SECONDS = 15.0
SLACK_LENGTH, DISCORD_LENGTH = 3500, 1900
"""Characters of a message; fewer than the networks' limits, because escapes count."""


def send_to_slack(channel: SlackChannel, message: Message) -> None:
    """Post a message to Slack. Raises DeliveryFailed."""
    url = channel.address.get_secret_value()
    _post(channel.name, url, {"text": escape_for_slack(message.text(SLACK_LENGTH))}, secrets_of_url(url))


def send_to_discord(channel: DiscordChannel, message: Message) -> None:
    """Post a message to Discord without mentions, even if a post's text has some. Raises DeliveryFailed."""
    url = channel.address.get_secret_value()
    content = {"content": message.text(DISCORD_LENGTH), "allowed_mentions": {"parse": []}}
    _post(channel.name, url, content, secrets_of_url(url))


def send_to_webhook(channel: WebhookChannel, message: Message, now: datetime) -> None:
    """POST `{"id", "at", "title", "lines", ...data}`, signed. Raises DeliveryFailed."""
    content = {"id": message.id, "at": utc_text(now), "title": message.title, "lines": message.lines, **message.data}
    secret = channel.secret.get_secret_value()
    signature = (message.id, now, secret)
    _post(channel.name, channel.address, content, secrets_of_url(channel.address, path=False), signature)


def _post(
    name: str,
    url: str,
    content: Mapping[str, Any],
    secrets: list[str],
    signature: tuple[str, datetime, str] | None = None,
) -> None:
    """POST JSON, signed if `signature` gives id, instant and secret. Errors show none of `secrets`.

    Raises DeliveryFailed.
    """
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if signature:
        message_id, at, secret = signature
        headers |= signed_headers(message_id, at, body, [secret])
        secrets = [*secrets, secret]
    client = HttpClient("The server", secrets=secrets, seconds=TIMEOUT_SECONDS)
    try:
        response = client.send("POST", url, body=body, headers=headers)
    except RequestError as error:
        raise DeliveryFailed(name, str(error)) from None
    if not response.ok:
        raise DeliveryFailed(name, f"it answered {response.status}: {response.message.rstrip('.')}.")
