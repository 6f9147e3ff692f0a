"""The options of a post on X."""

from core.publishing.options import FIRST_COMMENT_OPTION, Choice, ChoiceOption, Option

OPTIONS: tuple[Option, ...] = (
    ChoiceOption(
        name="replies",
        label="Who may reply",
        help="It applies to the whole thread",
        choices=(
            Choice(value="", label="Everybody"),
            Choice(value="following", label="People whom you follow"),
            Choice(value="mentionedUsers", label="People who are mentioned"),
            Choice(value="subscribers", label="Your subscribers"),
            Choice(value="verified", label="Verified accounts"),
        ),
    ),
    FIRST_COMMENT_OPTION,
)
"""The values of `replies` are those of `reply_settings` (doc: X API, Create Post). Only the first part sends it."""
