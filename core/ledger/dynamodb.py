"""The ledger on AWS: one DynamoDB table (core/ledger/dynamodb_layout.py), one transaction per method."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile

from core.ledger import claim_rules
from core.ledger import dynamodb_changes as changes
from core.ledger import dynamodb_claims as claims
from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_many_plans as many_plans
from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger.concurrent_reads import ConcurrentReads
from core.ledger.cursor import Cursor
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_published_occurrences import PublishedOccurrences
from core.ledger.dynamodb_reader import at_once
from core.ledger.dynamodb_transactions import Table, Transaction
from core.ledger.port import ClaimResult, ClaimTerms, Occurrence, Plan, PlanChange, Receipt
from core.ledger.refusals import ChangedElsewhere
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.payload import Payload, UnreadablePayload
from core.time.instants import epoch_ms

log = logging.getLogger(__name__)

DUE_PAGE = 100
"""The most items that one request of a list reads ahead."""
DUE_COUNTED = 1000
"""The plans that a count of a period reads at a time."""
DERIVATION_BATCH = 500
"""Plans that `outdated` reads at once."""
REOPEN_BATCH = 40
"""Destinations of one transaction. Each needs a claim and a receipt; DynamoDB accepts a hundred items at once."""


class DynamoLedger:
    """The ledger port on a table that dashboards, relays and posting servers share."""

    concurrent = ConcurrentReads(remote=True)

    def __init__(self, table: Table) -> None:
        self._table = table
        self._published = PublishedOccurrences()

    def plan(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        def work(transaction: Transaction) -> Plan:
            return changes.write_new(transaction, change, now, also)

        key, *others = changes.keys_of_new(change, *also)
        return self._table.write([key, *others], work) if others else self._table.insert(key, work)

    def change(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        return self._table.write(
            changes.keys(change, *also), lambda transaction: changes.write(transaction, change, now, also)
        )

    def settle(self, post_id: str, revision: int, *, now: datetime) -> Plan | None:
        def work(transaction: Transaction) -> Plan | None:
            plans.settle(transaction, post_id, revision, now)
            return plans.find(transaction, post_id)

        return self._table.write_again(layout.plan_key(post_id), work)

    def plan_all(self, posts: Sequence[Post], *, now: datetime) -> dict[str, Plan]:
        return many_plans.insert_unknown(self._table, posts, now)

    def settle_all(self, plans: Sequence[Plan], *, now: datetime) -> dict[str, Plan]:
        return many_plans.settle_each(self._table, plans, now)

    def outdated(self, release: str, *, newer: bool, due_before: datetime | None = None) -> Iterator[list[Plan]]:
        """Read all open posts, because the table has no index of releases."""
        below = layout.timestamp(due_before) if due_before else layout.AFTER_ALL
        pairs = self._open_pairs(first="", below=below, latest_first=False, limit=DERIVATION_BATCH)
        while chunk := list(islice(pairs, DERIVATION_BATCH)):
            found = [pair for pair in chunk if plans.is_outdated(pair[0], release, newer=newer)]
            if found:
                yield [plans.read(item) for item in self._never_began(found)]
        if due_before is None:
            series = self._series_items(DERIVATION_BATCH)
            outdated = [plans.read(item) for item in series if plans.is_outdated(item, release, newer=newer)]
            if outdated:
                yield outdated

    def note_derivation(self, plans_to_note: Sequence[Plan]) -> None:
        at_once(self._note_derivation, plans_to_note)

    def get(self, post_id: str) -> Plan | None:
        (item,) = self._table.get([layout.plan_key(post_id)])
        return plans.read(item) if item is not None else None

    def get_all(self, post_ids: Sequence[str]) -> dict[str, Plan]:
        items = self._table.get(list(map(layout.plan_key, post_ids)))
        return {layout.post_id(item): plans.read(item) for item in items if item is not None}

    def replaced_runs(self, series_id: str) -> dict[str, datetime]:
        (item,) = self._table.get([layout.plan_key(series_id)])
        return plans.replaced_runs(item)

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        below = layout.timestamp(changed_before)
        found = self._table.query_list(layout.LISTING, layout.UNSETTLED, below=below, latest_first=False, limit=limit)
        return [plans.read(item) for item in islice(found, limit)]

    def overdue(self, *, due_before: datetime, limit: int) -> list[Plan]:
        below = layout.timestamp(due_before)
        return self._open_plans(below=below, latest_first=True, limit=limit)

    def due(self, *, due_from: datetime, due_before: datetime, limit: int) -> list[Plan]:
        first, below = layout.timestamp(due_from), layout.timestamp(due_before)
        return self._open_plans(first=first, below=below, latest_first=False, limit=limit)

    def due_with(
        self, words: Sequence[str], *, due_from: datetime, due_before: datetime, limit: int
    ) -> tuple[list[Plan], bool]:
        found = self.due(due_from=due_from, due_before=due_before, limit=limit + 1)
        return found[:limit], len(found) > limit

    def due_count(self, *, due_from: datetime, due_before: datetime) -> int:
        first, below = layout.timestamp(due_from), layout.timestamp(due_before)
        pairs = self._open_pairs(first=first, below=below, latest_first=False, limit=DUE_COUNTED)
        return len(self._never_began(list(pairs)))

    def open_count(self) -> int:
        return self._table.count_lists(layout.DUE, layout.OPEN, layout.SERIES)

    def pending(self, post_ids: Sequence[str]) -> dict[str, Plan | None]:
        ids = list(dict.fromkeys(post_ids))
        items = self._table.get([*map(layout.plan_key, ids), *map(layout.occurrence_key, ids)])
        found = [
            (item, begun) for item, begun in zip(items[: len(ids)], items[len(ids) :], strict=True) if item is not None
        ]
        waiting = self._never_began([(item, begun) for item, begun in found if item["open"]])
        moved = [item for item, _ in found if item["wish"] == "moved" and "schedule_name" in item]
        known: dict[str, Plan | None] = {layout.post_id(item): None for item, _ in found}
        return known | {layout.post_id(item): plans.read(item) for item in (*waiting, *moved)}

    def needing_time(self, *, limit: int) -> list[Plan]:
        listed = self._table.query_list(
            layout.LISTING, layout.NEEDS_TIME, below=layout.AFTER_ALL, latest_first=False, limit=min(limit, DUE_PAGE)
        )
        return [plans.read(item) for item in islice(listed, limit)]

    def cancelled(self, *, after: datetime, limit: int) -> list[Plan]:
        listed = self._table.query_list(
            layout.DUE, layout.CANCELLED, below=layout.AFTER_ALL, latest_first=True, limit=min(limit, DUE_PAGE)
        )
        recent = takewhile(lambda item: int(item["changed_at"]) > epoch_ms(after), listed)
        return [plans.read(item) for item in islice(recent, limit)]

    def series(self, *, limit: int) -> list[Plan]:
        return [plans.read(item) for item in islice(self._series_items(limit), limit)]

    def record(self, payload: Payload, receipt: Receipt) -> None:
        self._table.write(_keys(payload), lambda transaction: occurrences.append(transaction, payload, receipt))

    def occurrence(self, key: str) -> Occurrence | None:
        (item,) = self._table.get([layout.occurrence_key(key)])
        return self._with_receipts(item) if item is not None else None

    def occurrences(self, keys: Sequence[str]) -> list[Occurrence]:
        found = self._table.get(list(map(layout.occurrence_key, keys)))
        return at_once(self._with_receipts, [item for item in found if item is not None])

    def begun(self, keys: Sequence[str]) -> frozenset[str]:
        found = self._table.get(list(map(layout.occurrence_key, keys)))
        return frozenset(key for key, item in zip(keys, found, strict=True) if item is not None)

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        below = layout.position(after.due_at, after.key) if after else layout.AFTER_ALL
        listed = self._table.query_list(layout.LISTING, layout.HISTORY, below=below, latest_first=True, limit=limit)
        page: list[Item] = []
        while len(page) < limit and (chunk := list(islice(listed, limit - len(page)))):
            shown = at_once(self._reconcile, chunk)
            page += [item for item, is_shown in zip(chunk, shown, strict=True) if is_shown]
        return at_once(self._read_for_history, page)

    def claim(self, payload: Payload, destination: Destination, terms: ClaimTerms) -> ClaimResult:
        others = payload.accounts if payload.due_at is None else ()
        keys = _keys(payload, destination.account, destination, *others)
        return self._table.write(keys, lambda transaction: claims.claim(transaction, payload, destination, terms))

    def ended_or_paused(self, payload: Payload, destination: Destination, *, now: datetime) -> ClaimResult | None:
        (item,) = self._table.get([layout.claim_key(payload.occurrence_key, destination)])
        return claim_rules.ended_or_paused(claims.read(item) if item is not None else None, now)

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        destination = claim_rules.claimed_destination(receipt)
        self._table.write(
            _keys(payload, destination),
            lambda transaction: claims.finish(transaction, payload, destination, receipt),
        )

    def reopen(self, payload: Payload, destinations: tuple[Destination, ...], *, now: datetime) -> None:
        """Reopen REOPEN_BATCH destinations per transaction.

        A retry after a crash may reopen some twice. Without destinations one transaction still checks the revision.
        """
        for begin in range(0, max(1, len(destinations)), REOPEN_BATCH):
            self._reopen(payload, destinations[begin : begin + REOPEN_BATCH], now)

    def prune(self, *, now: datetime) -> None:
        """Do nothing: DynamoDB deletes expired items within some days."""

    def _note_derivation(self, plan: Plan) -> None:
        self._table.write(
            [layout.plan_key(plan.post.post_id)], lambda transaction: plans.note_derivation(transaction, plan)
        )

    def _reopen(self, payload: Payload, destinations: tuple[Destination, ...], now: datetime) -> None:
        def work(transaction: Transaction) -> None:
            if payload.due_at is not None and plans.is_superseded(transaction, payload):
                raise ChangedElsewhere(payload.post_id)
            for destination in destinations:
                claims.reopen(transaction, payload, destination, now)

        self._table.write(_keys(payload, *destinations), work)

    def _series_items(self, limit: int) -> Iterator[Item]:
        """Yield the plans of open repeating posts, `limit` at a time."""
        return self._table.query_list(layout.DUE, layout.SERIES, below=layout.AFTER_ALL, latest_first=True, limit=limit)

    def _open_plans(self, *, first: str = "", below: str, latest_first: bool, limit: int) -> list[Plan]:
        """Return the first open plans of one-time posts between two positions that never began."""
        pairs = self._open_pairs(first=first, below=below, latest_first=latest_first, limit=limit)
        found: list[Plan] = []
        while len(found) < limit and (chunk := list(islice(pairs, limit))):
            found += map(plans.read, self._never_began(chunk))
        return found[:limit]

    def _open_pairs(
        self, *, first: str, below: str, latest_first: bool, limit: int
    ) -> Iterator[tuple[Item, Item | None]]:
        """Yield the open plans of one-time posts between two positions, each with its occurrence, if there is one."""
        return self._table.query_list_with(
            lambda key: layout.occurrence_key(key[0].removeprefix("post#")),
            layout.DUE,
            layout.OPEN,
            first=first,
            below=below,
            latest_first=latest_first,
            limit=limit,
        )

    def _never_began(self, listed: Sequence[tuple[Item, Item | None]]) -> list[Item]:
        """Return the plans whose posts never began, of plans and their occurrences.

        The relay cannot close the plan of an occurrence that it began.
        """
        from_relay = [begun for _, begun in listed if begun is not None and "from_relay" in begun]
        if not from_relay:
            return [item for item, _ in listed]
        at_once(self._reconcile, from_relay)
        found = self._table.get([layout.key_of(item) for item, _ in listed])
        return [item for item in found if item is not None and item["open"]]

    def _reconcile(self, item: Item) -> bool:
        """Compare an occurrence from the relay with the plan, once; return whether History shows it."""
        if "from_relay" not in item:
            return True
        key = layout.key_of(item)
        keys = [layout.plan_key(layout.post_id(item)), key]

        def is_handed_over() -> bool:
            return outcome(self._with_receipts(item)).state == "handed over"

        try:
            return self._table.write(keys, lambda transaction: occurrences.reconcile(transaction, key, is_handed_over))
        except UnreadablePayload as error:
            log.warning("History omits %s: %s", item["sk"], error)
            return False

    def _read_for_history(self, item: Item) -> Occurrence:
        """Return an occurrence, from memory if it is published: else each redraw asks for the receipts of each run."""
        found = self._published.get(item)
        if found is None:
            found = self._with_receipts(item)
            self._published.keep(item, found)
        return found

    def _with_receipts(self, item: Item) -> Occurrence:
        key = str(item["occurrence_key"])
        receipts = map(occurrences.read_receipt, self._table.query_prefix(layout.receipts_key(key)))
        return Occurrence(key=key, payload=occurrences.payload_of(item), receipts=tuple(receipts))


def _keys(payload: Payload, *destinations: Destination) -> list[Key]:
    """Return the keys of the plan, the occurrence and the claims on destinations."""
    claimed = [layout.claim_key(payload.occurrence_key, destination) for destination in destinations]
    return [layout.plan_key(payload.post_id), layout.occurrence_key(payload.occurrence_key), *claimed]
