"""Uploads ahead: the pictures and videos of a post are at its networks before it is due."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from core.ledger.port import Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload, ScheduleName, invocation_of
from core.publishing.daemon_threads import map_in_threads
from core.publishing.kept_uploads.port import KEPT_FOR
from core.publishing.preparer import Preparer
from core.time.instants import Clock

AHEAD = timedelta(minutes=10)
"""Time before the due instant at which the uploads begin: enough for 10 MB to four networks on a line of 1 Mbit/s, and
well below KEPT_FOR."""
POSTS = 50
"""The most one-time posts that one run looks at, and the most runs of repeating posts, the soonest ones."""

CONCURRENT_ACCOUNTS = 3
"""The most accounts to which one run uploads at the same time."""

assert AHEAD < KEPT_FOR

RunsDue = Callable[[datetime, datetime, int], Iterable[tuple[str, datetime]]]
"""Returns the names and the runs of repeating schedules that are due in a period, at most so many, soonest first."""


class UploadsAhead:
    """Uploads the media of posts that are due soon, to where the process that publishes them finds them.

    The uploads to one account follow each other, and a few accounts share the line. An upload that fails is tried again
    in the next run, and at the latest when the post is due. It ends the run of its account, so that a network that
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
        self._uploaded: set[tuple[str, int, Destination]] = set()

    def run(self) -> None:
        """Upload what is not uploaded yet, the soonest post first. Raises the errors of the ledger."""
        now = self._clock()
        due = sorted([*self._one_time(now), *self._runs(now)], key=lambda payload: payload.due)
        wanted = [(payload, account) for payload in due if payload.files for account in payload.accounts]
        self._uploaded &= {_key(payload, account) for payload, account in wanted}
        missing: dict[Destination, list[Payload]] = {}
        for payload, account in wanted:
            if _key(payload, account) not in self._uploaded:
                missing.setdefault(account, []).append(payload)
        map_in_threads(self._upload_to, missing.items(), threads=CONCURRENT_ACCOUNTS)

    def _upload_to(self, missing: tuple[Destination, list[Payload]]) -> None:
        account, payloads = missing
        for payload in payloads:
            if not self._preparer.upload(payload, account):
                return
            self._uploaded.add(_key(payload, account))

    def _one_time(self, now: datetime) -> Iterator[Payload]:
        for plan in self._ledger.due(due_from=now, due_before=now + AHEAD, limit=POSTS):
            if plan.desired == "active" and plan.post.due_at is not None:
                yield invocation_of(plan.post, plan.post.due_at)

    def _runs(self, now: datetime) -> Iterator[Payload]:
        for name, occurrence in self._runs_due(now, now + AHEAD, POSTS):
            schedule = ScheduleName.parse(name)
            plan = self._ledger.get(schedule.post_id) if schedule is not None else None
            if plan is not None and plan.desired == "active" and plan.post.repeats:
                run = invocation_of(plan.post, occurrence)
                if not run.excluded:
                    yield run


def _key(payload: Payload, account: Destination) -> tuple[str, int, Destination]:
    return payload.occurrence_key, payload.revision, account
