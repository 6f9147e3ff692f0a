"""The drafts on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

A draft has the key `draft#<draft id>` and `draft`, and the attributes `content` (JSON), `earlier` (JSON, or missing),
`number` (its version), `template`, `created_at`, `changed_at` and, of a deleted one, `deleted_at` (milliseconds). It is
in one of the lists `drafts`, `templates` and `deleted_drafts`. A removed draft keeps its key for a day, in no list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from core.drafts.draft import Draft, DraftContent, DraftGone
from core.drafts.port import BATCH, KEPT_DELETED, saved
from core.ledger import dynamodb_changes as changes
from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.ledger.port import Plan, PlanChange
from core.time.instants import epoch_ms, from_epoch_ms

REMOVED_FOR = timedelta(days=1)


class DynamoDrafts:
    """The drafts port on a table. A draft whose post has a plan is not returned, even before it is removed."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def save(self, draft_id: str, content: DraftContent, *, base: int, template: bool = False, now: datetime) -> Draft:
        plan_key = layout.plan_key(draft_id)

        def work(transaction: Transaction) -> Draft:
            found, now_ms = transaction.get(_key(draft_id)), from_epoch_ms(epoch_ms(now))
            current = _read(found)
            if transaction.get(plan_key) is not None or (current is None and (base or found is not None)):
                raise DraftGone(draft_id)
            draft = saved(current, draft_id, content, base=base, template=template, now=now_ms)
            if draft != current:
                transaction.put(_write(draft))
            return draft

        return self._table.write([_key(draft_id), plan_key], work)

    def take_back(
        self,
        draft_id: str,
        content: DraftContent,
        change: PlanChange,
        *,
        now: datetime,
        also: Sequence[PlanChange] = (),
    ) -> Plan:
        def work(transaction: Transaction) -> Plan:
            plan = changes.write(transaction, change, now, also)
            now_ms = from_epoch_ms(epoch_ms(now))
            transaction.put(_write(saved(None, draft_id, content, base=0, template=False, now=now_ms)))
            return plan

        return self._table.write([_key(draft_id), *changes.keys(change, *also)], work)

    def get(self, draft_id: str) -> Draft | None:
        found, plan = self._table.get([_key(draft_id), layout.plan_key(draft_id)])
        return _read(found) if plan is None else None

    def page(self, *, templates: bool = False, limit: int, after: Draft | None = None) -> list[Draft]:
        below = layout.position(after.changed_at, after.draft_id) if after else layout.AFTER_ALL
        return self._list(layout.TEMPLATES if templates else layout.DRAFTS, below, limit)

    def count(self) -> int:
        return self._table.count_lists(layout.LISTING, layout.DRAFTS)

    def forget_earlier(self, draft_id: str) -> Draft:
        return self._change(draft_id, lambda draft: replace(draft, earlier=None))

    def delete(self, draft_id: str, *, now: datetime) -> Draft:
        at = from_epoch_ms(epoch_ms(now))
        return self._change(draft_id, lambda draft: replace(draft, deleted_at=draft.deleted_at or at))

    def restore(self, draft_id: str, *, now: datetime) -> Draft:
        return self._change(draft_id, lambda draft: replace(draft, deleted_at=None))

    def remove(self, draft_id: str) -> None:
        def work(transaction: Transaction) -> None:
            current = _read(transaction.get(_key(draft_id)))
            if current is not None:
                pk, sk = _key(draft_id)
                expires_at = epoch_ms(current.changed_at + REMOVED_FOR) // 1000
                transaction.put({"pk": pk, "sk": sk, layout.EXPIRY: expires_at})

        self._table.write_again(_key(draft_id), work)

    def deleted(self, *, now: datetime, limit: int, after: Draft | None = None) -> list[Draft]:
        below = layout.position(after.deleted_at, after.draft_id) if after and after.deleted_at else layout.AFTER_ALL
        found = self._list(layout.DELETED_DRAFTS, below, limit)
        return [each for each in found if each.deleted_at and each.deleted_at > now - KEPT_DELETED]

    def prune(self, *, now: datetime) -> None:
        """Remove the drafts that were scheduled by a process which then ended. Time to live deletes the deleted."""
        listed = self._table.query_list(
            layout.LISTING, layout.DRAFTS, below=layout.AFTER_ALL, latest_first=True, limit=BATCH
        )
        for draft, planned in self._with_plans(listed, BATCH):
            if planned:
                self.remove(draft.draft_id)

    def _list(self, name: str, below: str, limit: int) -> list[Draft]:
        listed = self._table.query_list(layout.LISTING, name, below=below, latest_first=True, limit=limit)
        return list(islice((draft for draft, planned in self._with_plans(listed, limit) if not planned), limit))

    def _with_plans(self, listed: Iterator[Item], batch: int) -> Iterator[tuple[Draft, bool]]:
        """Yield each listed draft, and whether its post has a plan."""
        while chunk := list(islice(listed, batch)):
            found = [draft for draft in map(_read, chunk) if draft is not None]
            plans = self._table.get([layout.plan_key(each.draft_id) for each in found])
            yield from ((draft, plan is not None) for draft, plan in zip(found, plans, strict=True))

    def _change(self, draft_id: str, change: Callable[[Draft], Draft]) -> Draft:
        plan_key = layout.plan_key(draft_id)

        def work(transaction: Transaction) -> Draft:
            current = _read(transaction.get(_key(draft_id)))
            if current is None or transaction.get(plan_key) is not None:
                raise DraftGone(draft_id)
            draft = change(current)
            if draft != current:
                transaction.put(_write(draft))
            return draft

        return self._table.write([_key(draft_id), plan_key], work)


def _key(draft_id: str) -> Key:
    return f"draft#{draft_id}", "draft"


def _write(draft: Draft) -> Item:
    pk, sk = _key(draft.draft_id)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "number": draft.version,
        "content": draft.content.model_dump_json(),
        "template": draft.template,
        "created_at": epoch_ms(draft.created_at),
        "changed_at": epoch_ms(draft.changed_at),
    }
    if draft.earlier is not None:
        item["earlier"] = draft.earlier.model_dump_json()
    if draft.deleted_at is None:
        name = layout.TEMPLATES if draft.template else layout.DRAFTS
        return item | layout.list_attributes(layout.LISTING, name, draft.changed_at, draft.draft_id)
    item["deleted_at"] = epoch_ms(draft.deleted_at)
    item[layout.EXPIRY] = epoch_ms(draft.deleted_at + KEPT_DELETED) // 1000
    return item | layout.list_attributes(layout.LISTING, layout.DELETED_DRAFTS, draft.deleted_at, draft.draft_id)


def _read(item: Item | None) -> Draft | None:
    """Return the draft in an item; None if there is no item, or if the draft was removed."""
    if item is None or "content" not in item:
        return None
    return Draft(
        draft_id=str(item["pk"]).removeprefix("draft#"),
        content=DraftContent.model_validate_json(str(item["content"])),
        version=int(item["number"]),
        template=bool(item["template"]),
        created_at=from_epoch_ms(int(item["created_at"])),
        changed_at=from_epoch_ms(int(item["changed_at"])),
        earlier=DraftContent.model_validate_json(str(item["earlier"])) if "earlier" in item else None,
        deleted_at=from_epoch_ms(int(item["deleted_at"])) if "deleted_at" in item else None,
    )
