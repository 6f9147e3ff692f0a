"""Messages to Slack, Discord, and servers of one's own, by POST."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.notifications.channels import Discord, SignedWebhook, Slack
from core.notifications.message import Message, NotSent
from core.publishing.http.client import Fault, Line
from core.publishing.networks.slack.network import escaped
from core.time.instants import utc_text
from lambda_pkg.signature import signed_headers

SECONDS = 15.0
SLACK_LENGTH, DISCORD_LENGTH = 3500, 1900
"""Characters; a little less than the networks take, since escapes count."""


def send_to_slack(channel: Slack, message: Message) -> None:
    """Raises NotSent."""
    _post(channel.name, channel.address.get_secret_value(), {"text": escaped(message.within(SLACK_LENGTH))})


def send_to_discord(channel: Discord, message: Message) -> None:
    """Raises NotSent. Nobody is mentioned by it, whatever a post's text says."""
    content = {"content": message.within(DISCORD_LENGTH), "allowed_mentions": {"parse": []}}
    _post(channel.name, channel.address.get_secret_value(), content)


def send_signed(channel: SignedWebhook, message: Message, now: datetime) -> None:
    """POST `{"id", "at", "title", "lines", ...facts}`, signed. Raises NotSent."""
    content = {"id": message.id, "at": utc_text(now), "title": message.title, "lines": message.lines, **message.facts}
    body = json.dumps(content, ensure_ascii=False).encode()
    secret = channel.secret.get_secret_value()
    _send(channel.name, channel.address, body, signed_headers(message.id, now, body, [secret]), [secret])


def _post(name: str, address: str, content: Mapping[str, Any]) -> None:
    _send(name, address, json.dumps(content, ensure_ascii=False).encode(), {}, [address])


def _send(name: str, address: str, body: bytes, headers: Mapping[str, str], secrets: list[str]) -> None:
    line = Line("The server", secrets=secrets, seconds=SECONDS)
    try:
        answer = line.send("POST", address, body=body, headers={"Content-Type": "application/json", **headers})
    except Fault as fault:
        raise NotSent(name, str(fault)) from None
    if not answer.ok:
        raise NotSent(name, f"it answered {answer.status}: {answer.words.rstrip('.')}.")
