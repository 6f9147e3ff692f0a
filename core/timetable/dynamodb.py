"""The posting times on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

All timetables are in the partition `timetables`, each under `account#<account>`, or `account#` for all accounts, with
the attributes `number` (its version) and, unless it was removed, `content` (JSON). A claim has the key
`posting_time#<instant>` and its account, and the attributes `post_id`, `revision` and `claimed_at` (milliseconds). It
expires after its instant.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_plans
from core.ledger.concurrent_reads import ConcurrentReads
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.posts.destinations import Destination
from core.time.instants import epoch_ms, from_epoch_ms
from core.timetable.port import NOT_STORED, Occupant, StoredTimetable, TimeClaim, TimetableChanged, occupies
from core.timetable.timetable import Timetable

PARTITION, PREFIX = "timetables", "account#"
KEPT_CLAIMS = timedelta(days=1)
"""How long a claim is kept after its instant."""
PAGE = 1000
"""The posts that one request lists."""
CLAIM_THREADS = 8
"""Claims of different posts that are made at the same time."""
CLAIMS_AT_ONCE = 90
"""The most claims of one transaction; DynamoDB accepts 100 items."""
ATTEMPTS = 10
"""How often a claim is tried while other posts claim the same instant."""
CONCURRENT = ConcurrentReads(remote=True)
_MILLISECOND = timedelta(milliseconds=1)


class DynamoPostingTimes:
    """The posting times port on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> dict[Destination | None, StoredTimetable]:
        found = self._table.query_prefix((PARTITION, PREFIX))
        names = [str(item["sk"]).removeprefix(PREFIX) for item in found]
        return {Destination.parse(name) if name else None: _read(item) for name, item in zip(names, found, strict=True)}

    def save(self, account: Destination | None, timetable: Timetable | None, *, base: int) -> StoredTimetable:
        key = PARTITION, f"{PREFIX}{account or ''}"

        def work(transaction: Transaction) -> StoredTimetable:
            item = transaction.get(key)
            if (_read(item) if item else NOT_STORED).version != base:
                raise TimetableChanged
            content: Item = {"content": timetable.model_dump_json()} if timetable else {}
            item = {"pk": key[0], "sk": key[1], "number": base + 1}
            transaction.put(item | content)
            return StoredTimetable(timetable=timetable, version=base + 1)

        return self._table.write([key], work)

    def occupants(
        self, instants: Sequence[datetime], accounts: Collection[Destination], *, now: datetime
    ) -> Mapping[datetime, list[Occupant]]:
        """Read the posts of the period from the index, which follows the table with a delay of milliseconds."""
        found: dict[datetime, list[Occupant]] = defaultdict(list)
        if not instants:
            return found
        wanted = set(instants)
        listed, claims = CONCURRENT.all(
            lambda: list(self._due(min(wanted), max(wanted))),
            lambda: self._waiting_claims(instants, accounts, now),
        )
        for item in listed:
            post = dynamodb_plans.read(item).post
            if post.due_at in wanted:
                found[post.due_at].append(Occupant(post_id=post.post_id, accounts=frozenset(post.accounts)))
        for item in claims:
            own = frozenset({Destination.parse(str(item["sk"]))})
            found[from_epoch_ms(int(item["due"]))].append(Occupant(post_id=str(item["post_id"]), accounts=own))
        return found

    def claim(
        self,
        post_id: str,
        accounts: Collection[Destination],
        instant: datetime,
        *,
        revision: int = 0,
        instead_of: Collection[str] = (),
        now: datetime,
    ) -> bool:
        claim = TimeClaim(post_id=post_id, revision=revision, claimed_at=now)
        names = list(accounts)
        for begin in range(0, len(names), CLAIMS_AT_ONCE):
            if not self._claim_some(claim, names[begin : begin + CLAIMS_AT_ONCE], instant, instead_of):
                self.release(post_id, names[:begin], instant)
                return False
        return True

    def claim_each(
        self, wanted: Sequence[tuple[str, Collection[Destination], datetime]], *, now: datetime
    ) -> list[bool]:
        """Claim several at a time. Two that want one instant of an account have one winner, whichever is first."""

        def claim(each: tuple[str, Collection[Destination], datetime]) -> bool:
            post_id, accounts, instant = each
            return self.claim(post_id, accounts, instant, now=now)

        with ThreadPoolExecutor(CLAIM_THREADS, thread_name_prefix="claims") as pool:
            return list(pool.map(claim, wanted))

    def release(self, post_id: str, accounts: Collection[Destination], instant: datetime) -> None:
        for account in accounts:
            self._release(post_id, _claim_key(account, instant))

    def _claim_some(
        self, claim: TimeClaim, accounts: Sequence[Destination], instant: datetime, instead_of: Collection[str]
    ) -> bool:
        """Claim an instant for accounts in one transaction.

        Its plans are those of the posts that hold claims. If it finds others, it begins again with theirs.
        """
        keys, ignored = [_claim_key(account, instant) for account in accounts], {claim.post_id, *instead_of}
        holders: set[Key] = set()
        for _ in range(ATTEMPTS):

            def work(transaction: Transaction) -> bool | None:
                held = {str(item["post_id"]) for item in map(transaction.get, keys) if item is not None} - ignored
                holders.clear()
                holders.update(map(layout.plan_key, held))
                if not holders <= transaction.found.keys():
                    return None
                for key in keys:
                    item = transaction.get(key)
                    if item is None or item["post_id"] in ignored:
                        continue
                    if _is_live(item, transaction.get(layout.plan_key(str(item["post_id"]))), claim.claimed_at):
                        return False
                for key in keys:
                    transaction.put(_write_claim(key, claim, instant))
                return True

            wanted = [*keys, *holders]
            granted = self._table.insert(wanted[0], work) if len(wanted) == 1 else self._table.write(wanted, work)
            if granted is not None:
                return granted
        return False

    def _due(self, first: datetime, last: datetime) -> Iterator[Item]:
        """Yield the plans of one-time posts due from one instant to another."""
        return self._table.query_list(
            layout.DUE,
            layout.OPEN,
            first=layout.timestamp(first),
            below=layout.timestamp(last + _MILLISECOND),
            latest_first=False,
            limit=PAGE,
        )

    def _release(self, post_id: str, key: Key) -> None:
        def work(transaction: Transaction) -> None:
            item = transaction.get(key)
            if item is not None and item["post_id"] == post_id:
                transaction.put(item | {"claimed_at": 0, "revision": 0})

        self._table.write([key], work)

    def _waiting_claims(
        self, instants: Sequence[datetime], accounts: Collection[Destination], now: datetime
    ) -> list[Item]:
        """Return the live claims whose posts are not due then yet."""
        keys = [_claim_key(account, instant) for instant in instants for account in accounts]
        fresh = [item for item in self._table.get(keys) if item is not None and int(item["claimed_at"])]
        recent = [item for item in fresh if _read_claim(item).awaits_plan(int(item["revision"]), now)]
        plans = self._table.get([layout.plan_key(str(item["post_id"])) for item in recent])
        return [item for item, plan in zip(recent, plans, strict=True) if _is_live(item, plan, now)]


def _claim_key(account: Destination, instant: datetime) -> Key:
    return f"posting_time#{layout.timestamp(instant)}", account


def _write_claim(key: Key, claim: TimeClaim, instant: datetime) -> Item:
    return {
        "pk": key[0],
        "sk": str(key[1]),
        "post_id": claim.post_id,
        "revision": claim.revision,
        "claimed_at": epoch_ms(claim.claimed_at),
        "due": epoch_ms(instant),
        layout.EXPIRY: epoch_ms(instant + KEPT_CLAIMS) // 1000,
    }


def _is_live(item: Item, plan_item: Item | None, now: datetime) -> bool:
    plan = dynamodb_plans.read(plan_item) if plan_item is not None else None
    if plan and occupies(plan, Destination.parse(str(item["sk"])), from_epoch_ms(int(item["due"]))):
        return True
    return _read_claim(item).awaits_plan(plan.post.revision if plan else None, now)


def _read(item: Item) -> StoredTimetable:
    timetable = Timetable.model_validate_json(str(item["content"])) if "content" in item else None
    return StoredTimetable(timetable=timetable, version=int(item["number"]))


def _read_claim(item: Item) -> TimeClaim:
    return TimeClaim(
        post_id=str(item["post_id"]),
        revision=int(item["revision"]),
        claimed_at=from_epoch_ms(int(item["claimed_at"])),
    )
