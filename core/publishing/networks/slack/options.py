"""The options of a post on Slack."""

from core.publishing.options import Option, SwitchOption

OPTIONS: tuple[Option, ...] = (
    SwitchOption(
        name="unfurl_links",
        label="Previews of links",
        help="Slack shows the title and text of linked pages",
        default=True,
    ),
    SwitchOption(
        name="unfurl_media", label="Previews of media", help="Slack shows linked pictures and videos", default=True
    ),
)
"""The names are members of a message (doc: Unfurling links in messages)."""
