"""Queue, calendar, free times and engine agree on a year of random posts, series, skips, timetables and zones."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from core.application import Application
from core.engine import invocations
from core.ledger.port import Receipt
from core.posts.destinations import Destination
from core.posts.models import Post, new_post_id
from core.posts.payload import Payload, read_payload
from core.posts.recurrence import NeverRuns
from core.posts.repeat_rules import (
    ChosenWeekdays,
    Daily,
    EveryNWeeks,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    Weekday,
    Yearly,
)
from core.posts.series import build_series
from core.scheduling.post_time import PostTime
from core.settings import Settings
from core.time.instants import epoch_ms
from core.timetable.timetable import Timetable
from tests.conftest import MovableClock

START = datetime(2026, 10, 1, 6, tzinfo=UTC)
"""Three weeks before the first change of clocks in Europe."""
END = START + timedelta(days=365)
OUTBOX, SALES = Destination("outbox"), Destination("webhook:sales")
# Both hemispheres, a change of half an hour, one at midnight, and none.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]
ALL = 1000
SHIFTED_DAYS = [date(2026, 10, 4), date(2026, 10, 25), date(2026, 11, 1), date(2027, 3, 14), date(2027, 3, 28)]
"""Days on which clocks of ZONES change."""

Firing = tuple[datetime, str]
"""The instant at which a post goes out, and its id."""

accounts = st.sampled_from([(OUTBOX,), (SALES,), (OUTBOX, SALES)])
times = st.sampled_from([time(0), time(1, 30), time(2, 15), time(2, 30), time(9)])
"""Few times, most of them in the hours that clocks skip or repeat, so that posts meet."""
days = st.sampled_from(SHIFTED_DAYS) | st.dates(date(2026, 10, 3), date(2027, 9, 20))
weekdays = st.sets(st.sampled_from(list(Weekday)), min_size=1, max_size=3).map(tuple)
rules = st.one_of(
    st.just(Daily()),
    st.builds(ChosenWeekdays, days=weekdays),
    st.builds(EveryNWeeks, days=weekdays, weeks=st.integers(2, 5)),
    st.builds(MonthlyDate, day=st.integers(1, 31)),
    st.just(MonthlyLastDay()),
    st.builds(MonthlyWeekday, nth=st.none() | st.integers(1, 4), weekday=st.sampled_from(list(Weekday))),
    st.builds(Yearly, month=st.integers(1, 12), day=st.integers(1, 28)),
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], Timetable]:
    """Draw one-time posts, series and a timetable, mostly in one zone."""
    zone, other = draw(st.sampled_from(ZONES)), draw(st.sampled_from(ZONES))
    zones = st.sampled_from([zone, zone, zone, other])
    one_times = st.tuples(days, times, zones, accounts, st.booleans())
    series = st.tuples(rules, times, zones, days, accounts, st.none() | st.integers(1, 8), st.integers(0, 2))
    week = draw(st.tuples(*[st.lists(times, min_size=1, max_size=3).map(tuple)] * 7))
    once, repeating = draw(st.lists(one_times, min_size=2, max_size=8)), draw(st.lists(series, min_size=1, max_size=4))
    return once, repeating, Timetable(zone=zone, week=week)


class Desk:
    """A home with a moved clock, whose engine fires into the ledger."""

    def __init__(self, application: Application, clock: MovableClock) -> None:
        self.application = application
        self.clock = clock
        self.paused: set[str] = set()

    def add_once(self, day: date, at: time, zone: str, to: tuple[Destination, ...], paused: bool) -> None:
        """Schedule a one-time post at the first instant at which the clocks show the time, if there is one."""
        found = list(Timetable(zone=zone, week=((at,),) * 7).between(START, END))
        due = next((each for each in found if each.date() >= day), None)
        if due is None:
            return
        plan = self.application.schedules.schedule(self._post(to, **PostTime.at(due, zone).members))
        if paused:
            self.application.schedules.pause(plan)
            self.paused.add(plan.post.post_id)

    def add_series(
        self, rule, at: time, zone: str, first: date, to: tuple[Destination, ...], runs: int | None, skipped: int
    ) -> None:
        """Schedule a series and skip its first runs, except for a rule that never runs."""
        try:
            repeat = build_series(rule, at, zone, first=first, runs=runs, now=START)
        except NeverRuns:
            return
        wall = datetime.combine(first, at).isoformat(timespec="seconds")
        plan = self.application.schedules.schedule(self._post(to, zone=zone, wall=wall, due_at=None, repeat=repeat))
        for due, _ in [each for each in self.calendar() if each[1] == plan.post.post_id][:skipped]:
            plan = self.application.schedules.skip_run(plan, due)

    def calendar(self) -> list[Firing]:
        window = self.application.views.calendar(START, END, ())
        assert not window.more
        return [(each.due_at, each.post_id) for each in window.entries]

    def queue(self) -> set[Firing]:
        window = self.application.views.upcoming(END, limit=ALL)
        return {(each.due_at, each.post_id) for each in window.entries if each.due_at >= self.clock.now}

    def fire(self, until: datetime) -> list[Firing]:
        """Let the engine run until an instant, and return what was not ruled out, in order."""
        store, fired = self.application.one_machine.engine_store, []
        while (due := store.next_due()) is not None and due < until:
            self.clock.now = max(self.clock.now, due)
            for each in store.claim_due("test", epoch_ms(self.clock.now), ALL):
                payload = read_payload(each.payload)
                store.write_unflushed(
                    lambda connection, id=each.id: invocations.delete_succeeded(connection, id, "test")
                )
                if not payload.excluded:
                    self._publish(payload)
                    fired.append((payload.due, payload.post_id))
        self.clock.now = until
        return fired

    def accounts_of(self, post_id: str) -> tuple[Destination, ...]:
        return self.application.ledger.get(post_id).post.accounts

    def _publish(self, payload: Payload) -> None:
        for each in payload.destinations:
            receipt = Receipt(kind="published", at=self.clock.now, revision=payload.revision, destination=each)
            self.application.ledger.record(payload, receipt)

    def _post(self, to: tuple[Destination, ...], **members) -> Post:
        return Post.model_validate({"post_id": new_post_id(), "text": "Hi", "destinations": to} | members)


@contextmanager
def desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        clock = MovableClock(START)
        application = Application(Settings(home=Path(folder) / "home"), clock)
        try:
            yield Desk(application, clock)
        finally:
            application.close()


def first_each(firings: list[Firing]) -> set[Firing]:
    """Return the first firing of each post."""
    return {(due, post_id) for post_id, due in {post_id: due for due, post_id in reversed(firings)}.items()}


@settings(max_examples=10, deadline=None)
@given(plans(), st.integers(1, 364))
def test_what_the_pages_show_is_what_the_engine_fires(planned, day):
    once, repeating, timetable = planned
    with desk() as found:
        for each in once:
            found.add_once(*each)
        for each in repeating:
            found.add_series(*each)
        found.application.posting_times.save(None, timetable, base=0)
        shown, queued = found.calendar(), found.queue()
        free = {
            to: found.application.free_times.between(to, START, END) for to in [(OUTBOX,), (SALES,), (OUTBOX, SALES)]
        }
        next_free = found.application.free_times.next((OUTBOX,), count=3, after=START)

        middle = START + timedelta(days=day)
        fired = found.fire(middle)
        active = [each for each in shown if each[1] not in found.paused]
        assert [each for each in found.calendar() if each[1] not in found.paused] == active
        assert {each for each in found.queue() if each[1] not in found.paused} == first_each(
            [each for each in active if each[0] >= middle]
        )
        fired += found.fire(END)

        assert sorted(fired) == active
        assert queued == first_each(shown)
        for to, offered in free.items():
            busy = {due for due, post_id in shown if set(to) & set(found.accounts_of(post_id))}
            assert offered == [each for each in timetable.between(START, END) if each not in busy and each > START]
        assert next_free == [each for each in free[(OUTBOX,)] if each > START][:3]
