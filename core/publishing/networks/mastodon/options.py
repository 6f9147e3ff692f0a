"""The options of a status, and the members of the request that carry them (doc: Mastodon's API, POST statuses)."""

import re
from typing import Any

from core.publishing.options import (
    FIRST_COMMENT_OPTION,
    Choice,
    ChoiceOption,
    Option,
    OptionValues,
    SwitchOption,
    TextOption,
)

CONTENT_WARNING = "content_warning"
OPTIONS: tuple[Option, ...] = (
    TextOption(
        name=CONTENT_WARNING,
        label="Content warning",
        help="Shown in place of the text until a reader opens it. It counts toward the limit of the text",
        counted=True,
    ),
    SwitchOption(name="sensitive", label="Sensitive media", help="Hide pictures and videos until a reader opens them"),
    ChoiceOption(
        name="visibility",
        label="Visibility",
        help="Who sees the post",
        choices=(
            Choice(value="", label="As set in the account"),
            Choice(value="public", label="Everybody"),
            Choice(value="unlisted", label="Everybody, not in public timelines"),
            Choice(value="private", label="Followers"),
        ),
    ),
    TextOption(
        name="language",
        label="Language",
        help="The code of the text's language, such as en. Leave it empty for the one set in the account",
        pattern=re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"),
        example="en",
    ),
    FIRST_COMMENT_OPTION,
)
"""The visibility `direct` is no choice: not every server lists such statuses, so the search of a repeated attempt could
miss one."""
_MEMBERS = {
    CONTENT_WARNING: "spoiler_text",
    "sensitive": "sensitive",
    "visibility": "visibility",
    "language": "language",
}
"""The member of the request for each option."""


def status_options(values: OptionValues) -> dict[str, Any]:
    """Return the members of a request for the options of a post. A thread has them in each of its parts."""
    return {member: values[name] for name, member in _MEMBERS.items() if name in values}


def stored_text(text: str, values: OptionValues) -> str:
    """Return the text that the server stores: without a text, Mastodon makes the content warning the text."""
    return text if text.strip() else str(values.get(CONTENT_WARNING, text))
