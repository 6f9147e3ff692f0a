"""The drafts port: posts without a schedule, kept from their first letter on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from core.drafts.draft import Draft, DraftContent
from core.ledger.port import Plan, PlanChange

KEPT_DELETED = timedelta(days=30)
"""How long a deleted draft can be restored."""
BATCH = 500
"""The drafts that `every_draft` reads at once."""


class Drafts(Protocol):
    """The drafts and templates of a deployment. Any thread may use it.

    A draft leaves by the plan of its post: from then on, no method returns it, and it cannot be saved again. So a post
    is never both a draft and in the queue.
    """

    def save(self, draft_id: str, content: DraftContent, *, base: int, template: bool = False, now: datetime) -> Draft:
        """Store a content, and return the draft.

        `base` is the version that the writer began with, 0 for a new draft. The later save wins: if the stored version
        is another one, the content that it held becomes `earlier`. A save of a deleted draft restores it. Raises
        DraftGone if the draft was scheduled, or if `base` is not 0 and there is no draft.
        """
        ...

    def take_back(
        self,
        draft_id: str,
        content: DraftContent,
        change: PlanChange,
        *,
        now: datetime,
        also: Sequence[PlanChange] = (),
    ) -> Plan:
        """Add a draft with the content of a post, and write the change that returns the post: both or neither.

        Raises the errors of Ledger.change.
        """
        ...

    def get(self, draft_id: str) -> Draft | None:
        """Return a draft or template, also a deleted one."""
        ...

    def page(self, *, templates: bool = False, limit: int, after: Draft | None = None) -> list[Draft]:
        """Return the drafts, or the templates, after `after`, latest change first."""
        ...

    def count(self) -> int:
        """Return the number of drafts, without templates and deleted ones."""
        ...

    def forget_earlier(self, draft_id: str) -> Draft:
        """Drop the earlier content. Raises DraftGone."""
        ...

    def delete(self, draft_id: str, *, now: datetime) -> Draft:
        """Move a draft to the deleted ones. Raises DraftGone."""
        ...

    def restore(self, draft_id: str, *, now: datetime) -> Draft:
        """Bring a deleted draft back. Raises DraftGone."""
        ...

    def remove(self, draft_id: str) -> None:
        """Remove a draft for good: it was scheduled. Does nothing if there is none."""
        ...

    def deleted(self, *, now: datetime, limit: int, after: Draft | None = None) -> list[Draft]:
        """Return the drafts and templates deleted in the last KEPT_DELETED, latest deletion first."""
        ...

    def prune(self, *, now: datetime) -> None:
        """Remove the drafts that were deleted before KEPT_DELETED."""
        ...


def every_draft(drafts: Drafts, now: datetime) -> Iterator[Draft]:
    """Yield every draft and template, then the deleted ones, read in batches."""
    for templates in (False, True):
        page = drafts.page(templates=templates, limit=BATCH)
        while page:
            yield from page
            page = drafts.page(templates=templates, limit=BATCH, after=page[-1])
    page = drafts.deleted(now=now, limit=BATCH)
    while page:
        yield from page
        page = drafts.deleted(now=now, limit=BATCH, after=page[-1])


def saved(
    current: Draft | None, draft_id: str, content: DraftContent, *, base: int, template: bool, now: datetime
) -> Draft:
    """Return the draft after a save; the same draft if the save changes nothing."""
    if current is None:
        return Draft(draft_id=draft_id, content=content, version=1, template=template, created_at=now, changed_at=now)
    if current.content == content and current.template == template and current.deleted_at is None:
        return current
    replaced = current.content if base != current.version and not current.content.empty else current.earlier
    return replace(
        current,
        content=content,
        version=current.version + 1,
        template=template,
        changed_at=now,
        earlier=None if replaced == content else replaced,
        deleted_at=None,
    )
