"""The options of a post on Bluesky, and their members of its records (app.bsky.feed.post, app.bsky.feed.threadgate)."""

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

REPLY_RULES_COLLECTION = "app.bsky.feed.threadgate"
_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"
_NOBODY = "nobody"
_RULES = {"mentioned": "mentionRule", "followed": "followingRule", "followers": "followerRule"}
"""The rule of a threadgate for each choice. A threadgate without a rule lets nobody reply."""
OPTIONS: tuple[Option, ...] = (
    TextOption(
        name="languages",
        label="Languages",
        help="The codes of the text's languages, at most three, such as en, pt-BR",
        pattern=re.compile(rf"{_LANGUAGE}(\s*,\s*{_LANGUAGE}){{0,2}}"),
        example="en, pt-BR",
    ),
    ChoiceOption(
        name="adult_content",
        label="Adult content",
        help="A label on the post. Readers choose in their settings whether they see it",
        choices=(
            Choice(value="", label="None"),
            Choice(value="sexual", label="Suggestive"),
            Choice(value="nudity", label="Nudity"),
            Choice(value="porn", label="Adult"),
        ),
    ),
    SwitchOption(name="graphic_media", label="Graphic media", help="A label on the post, for violence or gore"),
    ChoiceOption(
        name="replies",
        label="Who may reply",
        help="It applies to the whole thread",
        choices=(
            Choice(value="", label="Everybody"),
            Choice(value=_NOBODY, label="Nobody"),
            Choice(value="mentioned", label="People who are mentioned"),
            Choice(value="followed", label="People whom you follow"),
            Choice(value="followers", label="Your followers"),
        ),
    ),
    FIRST_COMMENT_OPTION,
)


def post_members(values: OptionValues) -> dict[str, Any]:
    """Return the members of the post's record for its options. A thread has them in each of its parts."""
    members: dict[str, Any] = {}
    if languages := str(values.get("languages", "")):
        members["langs"] = [each.strip() for each in languages.split(",")]
    labels = [str(values["adult_content"])] if values.get("adult_content") else []
    labels += ["graphic-media"] if values.get("graphic_media") else []
    if labels:
        named = [{"val": label} for label in labels]
        members["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": named}
    return members


def reply_rules(values: OptionValues, post_uri: str, created_at: str) -> dict[str, Any] | None:
    """Return the threadgate, which says who may reply to a post; None if everybody may."""
    replies = str(values.get("replies", ""))
    if replies != _NOBODY and replies not in _RULES:
        return None
    rule = _RULES.get(replies)
    allow = [{"$type": f"{REPLY_RULES_COLLECTION}#{rule}"}] if rule else []
    return {"$type": REPLY_RULES_COLLECTION, "post": post_uri, "allow": allow, "createdAt": created_at}
