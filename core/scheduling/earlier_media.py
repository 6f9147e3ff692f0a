"""The pictures and videos that drafts and posts have used, for use in another post."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.drafts.port import Drafts
from core.ledger.port import Ledger
from core.posts.models import Media
from core.scheduling.time_limits import PLANNING_HORIZON

READ = 200
"""The most drafts, planned posts and occurrences that are looked at, each the latest ones or the soonest."""


def earlier_media(ledger: Ledger, drafts: Drafts, now: datetime) -> list[Media]:
    """Return the files of the latest drafts and posts, each once, the latest use first.

    A file has the latest description that is not empty. A post that was published counts from its due instant, any
    other from its last change. Raises the errors of the ledger and of the drafts.
    """
    found: dict[str, Media] = {}
    for _, media in sorted(_uses(ledger, drafts, now), key=lambda use: use[0], reverse=True):
        for each in media:
            known = found.get(each.reference)
            if known is None or (each.alt and not known.alt):
                found[each.reference] = each.model_copy(update={"part": 1})
    return list(found.values())


def with_words(media: Sequence[Media], text: str) -> list[Media]:
    """Return the files whose description has every word of a text, in any case."""
    words = text.casefold().split()
    return [each for each in media if all(word in each.alt.casefold() for word in words)]


def _uses(ledger: Ledger, drafts: Drafts, now: datetime) -> Iterator[tuple[datetime, Sequence[Media]]]:
    for templates in (False, True):
        for draft in drafts.page(templates=templates, limit=READ):
            yield draft.changed_at, draft.content.media
    for plan in ledger.due(due_from=now, due_before=now + PLANNING_HORIZON, limit=READ):
        yield plan.changed_at, plan.post.media
    for occurrence in ledger.history(after=None, limit=READ):
        yield occurrence.due_at, occurrence.payload.media
