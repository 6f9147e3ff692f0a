"""Labels renamed and deleted, with every waiting post and draft that carries them. Each change can be undone once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.drafts.draft import Draft, DraftGone
from core.drafts.port import Drafts, every_draft
from core.labels.label import Label, LabelGone, label_key, label_name
from core.labels.port import Labels
from core.ledger.port import Ledger, Plan
from core.scheduling.selection import Selection, SelectionReport
from core.scheduling.time_limits import PLANNING_HORIZON
from core.time.instants import Clock
from core.time.phrases import plural

POSTS_LIMIT = 20_000
"""The most one-time posts, and the most series, whose labels are looked at."""


@dataclass(frozen=True, kw_only=True)
class LabelUse:
    """The waiting posts and the drafts that carry a label. Past posts keep theirs."""

    posts: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()

    @property
    def summary(self) -> str:
        """The numbers in words, such as `12 posts and 1 draft`."""
        counts = {"post": len(self.posts), "draft": len(self.drafts)}
        return " and ".join(plural(count, kind) for kind, count in counts.items() if count) or "no post"


@dataclass(frozen=True, kw_only=True)
class LabelChange:
    """What a change of a label did: the label before and after (None: deleted), the posts and the drafts."""

    before: Label
    after: Label | None
    report: SelectionReport
    drafts: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The change in words."""
        done = f"renamed to {self.after.name}" if self.after else "deleted"
        count = len(self.report.changed) + len(self.drafts)
        refused = len(self.report.refused)
        parts = [f"{self.before.name} {done}", *([f"{plural(count, 'post')} changed"] if count else [])]
        left = f"{plural(refused, 'post')} could not be changed"
        return ", ".join([*parts, *([left] if refused else [])])


class LabelChanges:
    """The changes of labels. A post that is about to go out, or is changed elsewhere, keeps the old name."""

    def __init__(self, labels: Labels, selection: Selection, ledger: Ledger, drafts: Drafts, clock: Clock) -> None:
        self._labels = labels
        self._selection = selection
        self._ledger = ledger
        self._drafts = drafts
        self._clock = clock

    def uses(self) -> Mapping[str, LabelUse]:
        """Return the use of each label that a waiting post or a draft carries, by `label_key`."""
        posts: dict[str, list[str]] = defaultdict(list)
        drafts: dict[str, list[Draft]] = defaultdict(list)
        for plan in self._open_plans():
            for name in plan.post.labels:
                posts[label_key(name)].append(plan.post.post_id)
        for draft in self._current_drafts():
            for name in draft.content.labels:
                drafts[label_key(name)].append(draft)
        return {key: LabelUse(posts=tuple(posts[key]), drafts=tuple(drafts[key])) for key in {*posts, *drafts}}

    def recolour(self, label: Label) -> None:
        """Give a label another colour. Raises LabelGone."""
        self._labels.change(label.name, label)

    def rename(self, name: str, new_name: str) -> LabelChange:
        """Rename a label, in the posts and drafts too. Raises LabelGone, LabelExists or InvalidLabel."""
        before = self._label(name)
        after = Label(name=label_name(new_name), colour=before.colour)
        self._labels.change(before.name, after)
        return self._carry(before, after)

    def delete(self, name: str) -> LabelChange:
        """Delete a label, and take it from the posts and drafts that carry it. Raises LabelGone."""
        before = self._label(name)
        change = self._carry(before, None)
        self._labels.delete(before.name)
        return change

    def undo(self, change: LabelChange) -> None:
        """Bring the label back, and the posts and drafts that were not changed since. Raises LabelExists."""
        if change.after is None:
            self._labels.restore(change.before)
        else:
            self._labels.change(change.after.name, change.before)
        self._selection.undo(change.report)
        for draft_id in change.drafts:
            draft = self._drafts.get(draft_id)
            if draft is not None:
                self._relabel(draft, change.after, change.before)

    def _carry(self, before: Label, after: Label | None) -> LabelChange:
        use = self.uses().get(before.key, LabelUse())
        names = [after.name] if after else []
        report = self._selection.label(use.posts, add=names, remove=[before.name])
        drafts = tuple(draft.draft_id for draft in use.drafts if self._relabel(draft, before, after))
        return LabelChange(before=before, after=after, report=report, drafts=drafts)

    def _relabel(self, draft: Draft, before: Label | None, after: Label | None) -> bool:
        """Replace one label of a draft by another; None means no label. Return whether the draft was saved."""
        names = _replaced(draft.content.labels, before, after)
        content = draft.content.model_copy(update={"labels": names})
        try:
            self._drafts.save(draft.draft_id, content, base=draft.version, template=draft.template, now=self._clock())
        except DraftGone:
            return False
        return True

    def _label(self, name: str) -> Label:
        found = next((label for label in self._labels.all() if label.key == label_key(name)), None)
        if found is None:
            raise LabelGone(name)
        return found

    def _open_plans(self) -> Iterator[Plan]:
        latest = self._clock() + 2 * PLANNING_HORIZON  # no post is due later
        yield from self._ledger.overdue(due_before=latest, limit=POSTS_LIMIT)
        yield from self._ledger.series(limit=POSTS_LIMIT)

    def _current_drafts(self) -> Iterator[Draft]:
        now: datetime = self._clock()
        return (draft for draft in every_draft(self._drafts, now) if draft.deleted_at is None)


def _replaced(names: Sequence[str], before: Label | None, after: Label | None) -> tuple[str, ...]:
    gone = {label.key for label in (before, after) if label is not None}
    kept = [name for name in names if label_key(name) not in gone]
    return (*kept, after.name) if after else tuple(kept)
