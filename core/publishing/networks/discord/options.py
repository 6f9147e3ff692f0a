"""The options of a post on Discord."""

import re

from core.publishing.options import Option, TextOption

OPTIONS: tuple[Option, ...] = (
    TextOption(
        name="thread_name",
        label="New thread",
        help="The title of a new thread, for the webhook of a forum. A forum accepts no message outside of threads",
        limit=100,
    ),
    TextOption(
        name="thread_id",
        label="Existing thread",
        help="The ID of a thread of the channel: right-click it, Copy Thread ID (in developer mode)",
        pattern=re.compile(r"\d{15,20}", re.ASCII),
        example="1299999999999999999",
        excludes="thread_name",
    ),
)
"""The names are parameters of the request (doc: Execute Webhook). Discord refuses both together."""
