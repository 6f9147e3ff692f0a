"""Sends a message to a channel of any kind."""

import ssl

from core.notifications.channels import Channel, DiscordChannel, EmailChannel, SlackChannel, WebhookChannel
from core.notifications.hooks import send_to_discord, send_to_slack, send_to_webhook
from core.notifications.mail import TlsContextFactory, send_email
from core.notifications.message import Message
from core.time.instants import Clock

TEST_MESSAGE = Message(
    title="Punctual: test message",
    lines=("This channel works. It reports posts that fail, are missed or are unconfirmed.",),
    data={"kind": "test"},
)


class Sender:
    """Sends messages, each by the protocol of its channel."""

    def __init__(self, clock: Clock, *, tls_context: TlsContextFactory = ssl.create_default_context) -> None:
        """Take a clock, and the TLS context for mail servers."""
        self._clock = clock
        self._tls_context = tls_context

    def send(self, channel: Channel, message: Message) -> None:
        """Send a message; on return the receiver has accepted it. Raises DeliveryFailed.

        A POST takes at most 15 s; a mail at most 40 s once the server is connected.
        """
        match channel:
            case EmailChannel():
                send_email(channel, message, self._clock(), tls_context=self._tls_context)
            case SlackChannel():
                send_to_slack(channel, message)
            case DiscordChannel():
                send_to_discord(channel, message)
            case WebhookChannel():
                send_to_webhook(channel, message, self._clock())

    def send_test(self, channel: Channel) -> None:
        """Send a test message. Raises DeliveryFailed."""
        self.send(channel, TEST_MESSAGE)
