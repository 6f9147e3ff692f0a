"""The first comment: a reply to one's own post. It is the last part of its account's destinations."""

from core.posts.destinations import Destination
from core.posts.models import Revision

FIRST_COMMENT = "first_comment"
"""The name of the option that holds the text of the comment."""


def first_comments(revision: Revision) -> frozenset[Destination]:
    """Return the destinations of a post that are first comments."""
    last = {destination.account: destination for destination in revision.destinations}
    return frozenset(last[account] for account, values in revision.options.items() if values.get(FIRST_COMMENT))
