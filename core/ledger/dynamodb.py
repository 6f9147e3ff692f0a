"""The ledger on AWS: one DynamoDB table (core/ledger/items.py), one draft per intent."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import Any

from core.ledger import dynamodb_claims as claims
from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger import items
from core.ledger.items import Item, Key
from core.ledger.port import ChangedElsewhere, Claim, Cursor, Occurrence, Plan, Receipt, Wish
from core.ledger.table import Draft, Table
from core.posts.models import Post, account_and_part
from core.posts.payload import Payload, UnreadablePayload

log = logging.getLogger(__name__)

READ_AT_ONCE = 8
REOPENED_AT_ONCE = 40
"""Each takes a claim and a receipt, and DynamoDB takes a hundred items in one step."""


class DynamoLedger:
    """The ledger port on a table that dashboards, relays and posting servers share."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def plan(self, post: Post, *, wish: Wish = "active", schedule_name: str | None, now: datetime) -> Plan:
        key = items.plan_key(post.post_id)
        return self._table.write([key], lambda draft: plans.insert(draft, post, wish, schedule_name, now))

    def change(self, post: Post, *, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
        def work(draft: Draft) -> Plan:
            changed = plans.change(draft, post, wish, schedule_name, now)
            occurrences.hide(draft, post.post_id)
            return changed

        return self._table.write([items.plan_key(post.post_id), items.occurrence_key(post.post_id)], work)

    def settle(self, post_id: str, revision: int, *, now: datetime) -> None:
        self._table.write([items.plan_key(post_id)], lambda draft: plans.settle(draft, post_id, revision, now))

    def get(self, post_id: str) -> Plan | None:
        (item,) = self._table.get([items.plan_key(post_id)])
        return plans.read(item) if item is not None else None

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        below = items.stamp(changed_before)
        found = self._table.listed(items.LISTING, items.UNSETTLED, below=below, latest_first=False, limit=limit)
        return [plans.read(item) for item in islice(found, limit)]

    def lying(self, *, due_before: datetime, limit: int) -> list[Plan]:
        below = items.stamp(due_before)
        listed = self._table.listed(items.DUE, items.OPEN, below=below, latest_first=True, limit=limit)
        found: list[Plan] = []
        while len(found) < limit and (chunk := list(islice(listed, limit))):
            found += map(plans.read, self._never_began(chunk))
        return found[:limit]

    def series(self, *, limit: int) -> list[Plan]:
        found = self._table.listed(items.DUE, items.SERIES, below=items.LAST, latest_first=True, limit=limit)
        return [plans.read(item) for item in islice(found, limit)]

    def record(self, payload: Payload, receipt: Receipt) -> None:
        self._table.write(_keys(payload), lambda draft: occurrences.append(draft, payload, receipt))

    def occurrence(self, key: str) -> Occurrence | None:
        (item,) = self._table.get([items.occurrence_key(key)])
        return self._with_receipts(item) if item is not None else None

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        below = items.place(after.due_at, after.key) if after else items.LAST
        listed = self._table.listed(items.LISTING, items.HISTORY, below=below, latest_first=True, limit=limit)
        page = list(islice((item for item in listed if self._take_in(item)), limit))
        with ThreadPoolExecutor(max_workers=READ_AT_ONCE, thread_name_prefix="receipts") as pool:
            return list(pool.map(self._with_receipts, page))

    def claim(
        self,
        payload: Payload,
        destination: str,
        *,
        deduplicates: bool,
        prepared: dict[str, Any] | None,
        lease_until: datetime,
        now: datetime,
    ) -> Claim:
        def work(draft: Draft) -> Claim:
            answer = claims.look(draft, payload, destination, now, deduplicates=deduplicates)
            return answer or claims.take(draft, payload, destination, prepared=prepared, lease_until=lease_until)

        first = account_and_part(destination)[0]  # a thread that has begun goes on
        return self._table.write(_keys(payload, first, destination), work)

    def stands(self, payload: Payload, destination: str, *, now: datetime) -> Claim | None:
        (item,) = self._table.get([items.claim_key(payload.occurrence_key, destination)])
        return claims.stands(item, now)

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        keys = _keys(payload, str(receipt.destination))
        self._table.write(keys, lambda draft: claims.finish(draft, payload, receipt))

    def reopen(self, payload: Payload, destinations: tuple[str, ...], *, now: datetime) -> None:
        """Reopen in several steps where there are many: a crash between them leaves some to be retried once more.

        In one where there are none: whether the revision is still wanted is asked all the same.
        """
        for begin in range(0, max(1, len(destinations)), REOPENED_AT_ONCE):
            self._reopen(payload, destinations[begin : begin + REOPENED_AT_ONCE], now)

    def prune(self, *, now: datetime) -> None:
        """Leave it to DynamoDB, which deletes what has expired by itself, within some days."""

    def _reopen(self, payload: Payload, destinations: tuple[str, ...], now: datetime) -> None:
        def work(draft: Draft) -> None:
            if payload.due_at is not None and plans.is_superseded(draft, payload):
                raise ChangedElsewhere(payload.post_id)
            for destination in destinations:
                claims.reopen(draft, payload, destination, now)

        self._table.write(_keys(payload, *destinations), work)

    def _never_began(self, listed: Sequence[Item]) -> list[Item]:
        """Return the plans of which nothing began; the relay cannot write into a plan that something did."""
        begun = self._table.get([items.occurrence_key(items.post_id(item)) for item in listed])
        from_relay = [item for item in begun if item is not None and "from_relay" in item]
        if not from_relay:
            return list(listed)
        for item in from_relay:
            self._take_in(item)
        found = self._table.get([items.key_of(item) for item in listed])
        return [item for item in found if item is not None and item["open"]]

    def _take_in(self, item: Item) -> bool:
        """Hold what the relay wrote against the plan, if that was not done yet; return whether History shows it."""
        if "from_relay" not in item:
            return True
        key = items.key_of(item)
        keys = [items.plan_key(items.post_id(item)), key]
        try:
            return self._table.write(keys, lambda draft: occurrences.take_in(draft, key))
        except UnreadablePayload as error:
            log.warning("History leaves %s out: %s", item["sk"], error)
            return False

    def _with_receipts(self, item: Item) -> Occurrence:
        key = str(item["occurrence_key"])
        receipts = map(occurrences.read_receipt, self._table.beginning_with(items.receipts_key(key)))
        return Occurrence(key=key, payload=occurrences.payload_of(item), receipts=tuple(receipts))


def _keys(payload: Payload, *destinations: str) -> list[Key]:
    """Return what an intent about an occurrence reads: the plan, the occurrence, and the claims on it."""
    claimed = [items.claim_key(payload.occurrence_key, destination) for destination in destinations]
    return [items.plan_key(payload.post_id), items.occurrence_key(payload.occurrence_key), *claimed]
