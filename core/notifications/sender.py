"""Sends a message by whatever kind of channel it is for."""

import ssl

from core.notifications import hooks, mail
from core.notifications.channels import Channel, Discord, Email, SignedWebhook, Slack
from core.notifications.message import Message
from core.time.instants import Clock

TEST = Message(
    title="Punctual: this is a test",
    lines=("If you can read this, you will be told here when a post fails, is missed, or may be out or not.",),
    facts={"kind": "test"},
)


class Sender:
    """The way out for messages."""

    def __init__(self, clock: Clock, *, trust: mail.TrustedBy = ssl.create_default_context) -> None:
        """`trust` says whose certificates count for mail servers."""
        self._clock = clock
        self._trust = trust

    def send(self, channel: Channel, message: Message) -> None:
        """Send one message; on return the other side has taken it. Raises NotSent. Takes up to half a minute."""
        match channel:
            case Email():
                mail.send(channel, message, self._clock(), trust=self._trust)
            case Slack():
                hooks.send_to_slack(channel, message)
            case Discord():
                hooks.send_to_discord(channel, message)
            case SignedWebhook():
                hooks.send_signed(channel, message, self._clock())

    def send_test(self, channel: Channel) -> None:
        """Send a message that says it is a test. Raises NotSent."""
        self.send(channel, TEST)
