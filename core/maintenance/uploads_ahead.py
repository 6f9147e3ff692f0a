"""Uploads ahead: the pictures and videos of a post are at its networks before it is due."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from core.ledger.port import Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload, ScheduleName, invocation_of
from core.publishing.daemon_threads import BackgroundWork
from core.publishing.kept_uploads.port import KEPT_FOR
from core.publishing.preparer import Preparer
from core.publishing.transfer_time import SLOW_BYTES_PER_SECOND
from core.time.instants import Clock

AHEAD = timedelta(minutes=10)
"""Time before the due instant at which the uploads begin: enough for 10 MB to four networks on a line of 1 Mbit/s."""
LONGEST_AHEAD = timedelta(minutes=45)
"""The same for large files, by their bytes: enough for a video of 100 MB on the slowest line, and below KEPT_FOR."""
POSTS = 200
"""The most one-time posts that one run looks at, and the most runs of repeating posts, the soonest ones."""

CONCURRENT_ACCOUNTS = 3
"""The most accounts to which one run uploads at the same time."""

PATIENCE_SECONDS = 60.0
"""The longest time that a run waits for its uploads. Longer ones continue, and the next run begins others."""

assert AHEAD < LONGEST_AHEAD < KEPT_FOR

_Upload = tuple[str, int, Destination]
"""An occurrence, its revision and an account."""

RunsDue = Callable[[datetime, datetime, int], Iterable[tuple[str, datetime]]]
"""Returns the names and the runs of repeating schedules that are due in a period, at most so many, soonest first."""


class UploadsAhead:
    """Uploads the media of posts that are due soon, to where the process that publishes them finds them.

    The uploads to one account follow each other, and a few accounts share the line. An upload that fails is tried again
    in a later run, and at the latest when the post is due. It ends the uploads to its account, so that a network that
    hangs delays the uploads to others by one upload at most.
    """

    def __init__(
        self, ledger: Ledger, preparer: Preparer, clock: Clock, runs_due: RunsDue = lambda begin, end, limit: ()
    ) -> None:
        """`runs_due` is that of the backend (core/backends/port.py)."""
        self._ledger = ledger
        self._preparer = preparer
        self._clock = clock
        self._runs_due = runs_due
        self._uploaded: set[_Upload] = set()
        self._busy: set[Destination] = set()
        self._work = BackgroundWork(self._upload_to, self._end, threads=CONCURRENT_ACCOUNTS, name="upload ahead")

    def run(self) -> None:
        """Upload what is not uploaded yet, the soonest post first. Raises the errors of the ledger."""
        now = self._clock()
        due = sorted([*self._one_time(now), *self._runs(now)], key=lambda payload: payload.due)
        wanted = [
            (payload, account)
            for payload in due
            if payload.files and payload.due - now < _lead(payload)
            for account in payload.accounts
        ]
        missing: dict[Destination, list[Payload]] = {}
        with self._work.changed:
            self._uploaded &= {_key(payload, account) for payload, account in wanted}
            for payload, account in wanted:
                if _key(payload, account) not in self._uploaded and account not in self._busy:
                    missing.setdefault(account, []).append(payload)
            for account, payloads in missing.items():
                self._busy.add(account)
                self._work.add((account, payloads))
            self._work.changed.wait_for(lambda: self._busy.isdisjoint(missing), timeout=PATIENCE_SECONDS)

    def _upload_to(self, missing: tuple[Destination, list[Payload]]) -> set[_Upload]:
        """Upload to one account, and return what ended."""
        account, payloads = missing
        uploaded = set()
        for payload in payloads:
            if not self._preparer.upload(payload, account):
                break
            uploaded.add(_key(payload, account))
        return uploaded

    def _end(self, missing: tuple[Destination, list[Payload]], uploaded: set[_Upload]) -> None:
        self._busy.discard(missing[0])
        self._uploaded |= uploaded

    def _one_time(self, now: datetime) -> Iterator[Payload]:
        for plan in self._ledger.due(due_from=now, due_before=now + LONGEST_AHEAD, limit=POSTS):
            if plan.desired == "active" and plan.post.due_at is not None:
                yield invocation_of(plan.post, plan.post.due_at)

    def _runs(self, now: datetime) -> Iterator[Payload]:
        for name, occurrence in self._runs_due(now, now + LONGEST_AHEAD, POSTS):
            schedule = ScheduleName.parse(name)
            plan = self._ledger.get(schedule.post_id) if schedule is not None else None
            if plan is not None and plan.desired == "active" and plan.post.repeats:
                run = invocation_of(plan.post, occurrence)
                if not run.excluded:
                    yield run


def _lead(payload: Payload) -> timedelta:
    """Return the time before the due instant at which the uploads of a post begin."""
    size = sum(each.size for each in payload.media if each.kind == "video") * len(payload.accounts)
    return min(AHEAD + timedelta(seconds=size / SLOW_BYTES_PER_SECOND), LONGEST_AHEAD)


def _key(payload: Payload, account: Destination) -> _Upload:
    return payload.occurrence_key, payload.revision, account
