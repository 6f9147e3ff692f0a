"""The options of a post on LinkedIn."""

from core.publishing.options import Choice, ChoiceOption, Option

OPTIONS: tuple[Option, ...] = (
    ChoiceOption(
        name="audience",
        label="Audience",
        help="Who sees the post",
        choices=(
            Choice(value="PUBLIC", label="Anyone"),
            Choice(value="LOGGED_IN", label="Members of LinkedIn"),
            Choice(value="CONNECTIONS", label="Your connections"),
        ),
    ),
)
"""The values are those of `visibility` (doc: Posts API). There is no first comment: the Comments API asks for the scope
w_member_social_feed (doc), and the tokens of Punctual have w_member_social."""
