"""Free posting times, and posts scheduled at the next one, on one machine."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings

from core.application import Application
from core.aws_errors import AwsUnavailable
from core.ledger.port import Plan
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat, new_post_id
from core.scheduling.coming_times import coming_times
from core.scheduling.free_times import SEARCHED, NoFreeTime, NoPostingTimes
from core.scheduling.post_time import PostTime
from core.scheduling.refusals import PostCancelled, TooSoon
from core.settings import Settings
from core.time.instants import wall_time
from core.timetable.timetable import Timetable, suggested

ZONE = "Europe/Berlin"
OUTBOX, SALES = Destination("outbox"), Destination("webhook:sales")
FIRST = datetime(2026, 11, 2, 16, 41, tzinfo=UTC)
SECOND = datetime(2026, 11, 3, 8, 7, tzinfo=UTC)
THIRD = datetime(2026, 11, 3, 11, 23, tzinfo=UTC)


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """Open a home with the suggested posting times for all accounts."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    opened.posting_times.save(None, suggested(ZONE), base=0)
    yield opened
    opened.close()


@pytest.fixture
def free_times(application):
    return application.free_times


@pytest.fixture
def schedule(application) -> Callable[..., Plan]:
    """Schedule a post at an instant, without the posting times."""
    return lambda at, **members: application.schedules.schedule(post(at, **members))


def post(at: datetime = FIRST, **members: Any) -> Post:
    content = {"post_id": new_post_id(), "text": "Hi", "destinations": (OUTBOX,)} | PostTime.at(at, ZONE).members
    return Post.model_validate(content | members)


def series(expression: str, **members: Any) -> Post:
    return post(due_at=None, repeat=Repeat(expression=expression), **members)


def test_the_next_times_are_those_of_the_timetable(free_times):
    assert free_times.next([OUTBOX], count=3) == [FIRST, SECOND, THIRD]
    assert free_times.next([OUTBOX], after=FIRST) == [SECOND]
    assert free_times.next([OUTBOX], after=FIRST - timedelta(milliseconds=1)) == [FIRST]


def test_a_time_that_is_too_soon_for_the_scheduler_is_not_offered(free_times, clock):
    clock.now = FIRST - timedelta(seconds=1)
    assert free_times.next([OUTBOX]) == [SECOND]
    assert free_times.between([OUTBOX], clock.now - timedelta(days=9), SECOND) == []


@pytest.mark.parametrize("desired", ["active", "paused"])
def test_the_time_of_a_pending_post_is_not_free(application, free_times, schedule, desired):
    plan = schedule(FIRST)
    if desired == "paused":
        application.schedules.pause(plan)
    assert free_times.next([OUTBOX]) == [SECOND]
    assert free_times.between([OUTBOX], FIRST, THIRD) == [SECOND]
    assert free_times.next([SALES]) == [FIRST]
    assert free_times.next([SALES, OUTBOX]) == [SECOND]
    assert free_times.next([]) == [SECOND]


def test_a_post_leaves_its_time_free_when_it_is_cancelled_or_moved(application, free_times, schedule):
    plan = schedule(FIRST)
    moved = application.schedules.reschedule(plan, **PostTime.at(SECOND, ZONE).members)
    assert free_times.next([OUTBOX], count=2) == [FIRST, THIRD]
    application.schedules.cancel(moved)
    assert free_times.next([OUTBOX], count=2) == [FIRST, SECOND]


def test_the_runs_of_a_series_are_not_free(application, free_times):
    plan = application.schedules.schedule(series("cron(7 9 ? * TUE *)", wall="2026-11-03T09:07:00"))
    assert free_times.next([OUTBOX], count=2) == [FIRST, THIRD]
    assert SECOND + timedelta(days=7) not in free_times.between([OUTBOX], FIRST, FIRST + timedelta(days=30))
    assert free_times.next([SALES], count=2) == [FIRST, SECOND]
    application.schedules.cancel(plan)
    assert free_times.next([OUTBOX], count=2) == [FIRST, SECOND]


def test_a_part_of_a_thread_counts_as_its_account(free_times, schedule):
    schedule(FIRST, destinations=("mastodon:ada", "mastodon:ada#2"))
    assert free_times.next([Destination.parse("mastodon:ada#2")]) == [SECOND]


def test_an_account_has_times_of_its_own_for_its_posts_alone(application, free_times):
    own = Timetable(zone="UTC", week=((time(5, 5),),) * 7)
    application.posting_times.save(SALES, own, base=0)
    assert free_times.timetable([SALES]) == own
    assert free_times.next([SALES]) == [datetime(2026, 11, 3, 5, 5, tzinfo=UTC)]
    assert free_times.next([SALES, OUTBOX]) == free_times.next([OUTBOX]) == [FIRST]


def test_without_posting_times_nothing_is_offered_or_scheduled(application, free_times):
    application.posting_times.save(None, None, base=1)
    assert free_times.next([OUTBOX]) == []
    assert free_times.offered([OUTBOX]).zone is None
    for change in (free_times.schedule, lambda each: free_times.move(application.schedules.schedule(each))):
        with pytest.raises(NoPostingTimes):
            change(post())


def test_a_year_without_a_free_time_is_an_error(application, free_times, schedule):
    once = Timetable(zone="UTC", week=((time(5, 5),), (), (), (), (), (), ()))
    application.posting_times.save(None, once, base=1)
    application.schedules.schedule(series("cron(5 5 * * ? *)", zone="UTC"))
    assert free_times.next([OUTBOX]) == []
    with pytest.raises(NoFreeTime, match="Nov 2027"):
        free_times.schedule(post())


def test_a_post_is_scheduled_at_the_next_free_time_in_the_zone_of_the_timetable(application, free_times, schedule):
    schedule(FIRST)
    plan = free_times.schedule(post(FIRST + timedelta(hours=1), zone="America/New_York"))
    assert (plan.post.due_at, plan.post.wall, plan.post.zone) == (SECOND, "2026-11-03T09:07:00", ZONE)
    assert plan.settled
    assert free_times.schedule(post(), earliest=SECOND).post.due_at == THIRD
    assert free_times.schedule(post(), earliest=SECOND - timedelta(days=30)).post.due_at > THIRD


def test_a_post_that_is_scheduled_again_keeps_its_time(application, free_times):
    once = post()
    plan = free_times.schedule(once)
    assert free_times.schedule(once) == plan
    application.schedules.pause(plan)
    assert free_times.schedule(once).post.due_at == FIRST
    assert free_times.next([OUTBOX]) == [SECOND]


def test_posts_that_are_scheduled_at_the_same_moment_get_different_times(application, free_times):
    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda number: free_times.schedule(post()), range(12)))
    assert sorted(plan.post.due_at for plan in plans) == free_times_of(application, 12)


def free_times_of(application: Application, count: int) -> list[datetime]:
    table = application.free_times.timetable([OUTBOX])
    return list(table.between(application.clock(), application.clock() + SEARCHED))[:count]


def test_a_refused_post_gives_its_time_back(application, free_times, monkeypatch):
    def refuse(post: Post) -> Plan:
        raise TooSoon(post.due_at, post.due_at, application.clock(), post.zone)

    with monkeypatch.context() as patch:
        patch.setattr(application.schedules, "schedule", refuse)
        with pytest.raises(NoFreeTime):
            free_times.schedule(post())
    assert free_times.next([OUTBOX]) == [FIRST]


def test_a_post_that_is_noted_and_not_armed_keeps_its_time(application, free_times, monkeypatch):
    def offline(**request: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://scheduler")

    noted = post()
    monkeypatch.setattr(application.backend.scheduler_client, "create_schedule", offline)
    with pytest.raises(AwsUnavailable):
        free_times.schedule(noted)
    assert application.ledger.get(noted.post_id).post.due_at == FIRST
    assert free_times.next([OUTBOX]) == [SECOND]


def test_foreseen_times_are_claimed_unless_another_post_has_them(application, free_times, schedule, clock):
    schedule(FIRST)
    application.schedules.schedule(series("cron(7 9 ? * TUE *)", wall="2026-11-03T09:07:00"))
    wanted = [post(FIRST), post(SECOND), post(THIRD), post(THIRD), post(clock())]
    assert free_times.claim_foreseen(wanted) == {wanted[2].post_id}
    assert free_times.claim_foreseen(wanted[2:3]) == {wanted[2].post_id}
    assert free_times.next([OUTBOX])[0] > THIRD


def test_a_cancelled_post_does_not_move_to_a_free_time(application, free_times, schedule):
    cancelled = application.schedules.cancel(schedule(THIRD))
    with pytest.raises(PostCancelled):
        free_times.move(cancelled)


def test_a_post_moves_to_the_next_free_time(application, free_times, schedule):
    plan = schedule(THIRD)
    schedule(FIRST)
    moved = free_times.move(plan)
    assert moved.post.due_at == SECOND
    assert free_times.next([OUTBOX]) == [THIRD]


def test_what_is_offered_follows_the_queue_the_timetable_and_the_clock(application, free_times, schedule, clock):
    assert free_times.offered([OUTBOX], count=2).times == (FIRST, SECOND)
    schedule(FIRST)
    assert free_times.offered([OUTBOX]).times == (SECOND,)
    assert free_times.offered([SALES]).times == (FIRST,)
    clock.now = SECOND
    assert free_times.offered([OUTBOX]).times == (THIRD,)
    application.posting_times.save(None, suggested("UTC"), base=1)
    assert free_times.offered([OUTBOX]).zone == "UTC"


def test_the_coming_times_have_their_posts(application, free_times, schedule, clock):
    one_time = schedule(FIRST, text="Once")
    application.schedules.schedule(series("cron(7 9 ? * TUE *)", text="Tuesdays", wall="2026-11-03T09:07:00"))
    found = coming_times(free_times, application.posting_times, application.ledger, (), clock, count=3)
    assert [(each.instant, [post.text for post in each.posts]) for each in found] == [
        (FIRST, [one_time.post.text]),
        (SECOND, ["Tuesdays"]),
        (THIRD, []),
    ]
    sales = coming_times(free_times, application.posting_times, application.ledger, [SALES], clock, count=3)
    assert [each.posts for each in sales] == [(), (), ()]


def test_the_cost_does_not_grow_with_the_queue(application, free_times, monkeypatch):
    read, occupants = [], application.posting_times.occupants

    def counted(instants, *arguments, **options):
        found = occupants(instants, *arguments, **options)
        read.append((len(instants), sum(map(len, found.values()))))
        return found

    monkeypatch.setattr(application.posting_times, "occupants", counted)
    for number in range(40):
        application.schedules.schedule(post(FIRST + timedelta(minutes=1 + number)))
    free_times.next([OUTBOX])
    assert read == [(16, 0)]


MINUTES = st.builds(time, st.integers(0, 4), st.sampled_from([0, 7, 30, 59]))


@st.composite
def queues(draw: st.DrawFn) -> tuple[Timetable, list[tuple[int, bool]], str, datetime]:
    """Draw a timetable at night, the posting times that have posts, a series, and a beginning before a clock change."""
    zone = draw(st.sampled_from([ZONE, "America/New_York", "Australia/Lord_Howe", "UTC"]))
    table = Timetable(zone=zone, week=draw(st.tuples(*[st.lists(MINUTES, min_size=1, max_size=3).map(tuple)] * 7)))
    taken = draw(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=12, unique_by=lambda each: each[0]))
    hour, minute = draw(st.integers(0, 4)), draw(st.sampled_from([0, 7, 30, 59]))
    begin = draw(st.sampled_from([datetime(2026, 10, 22), datetime(2027, 3, 11), datetime(2027, 3, 26)]))  # noqa: DTZ001
    return table, taken, f"cron({minute} {hour} ? * MON,SUN *)", begin.replace(tzinfo=UTC)


@settings(max_examples=15, deadline=None)
@given(queues())
def test_free_times_and_the_calendar_agree_through_clock_changes(queue):
    table, taken, expression, now = queue
    with tempfile.TemporaryDirectory() as folder:
        application = Application(Settings(home=Path(folder) / "home"), lambda: now)
        try:
            application.posting_times.save(None, table, base=0)
            start, end = now + timedelta(hours=1), now + timedelta(days=14)
            times = list(table.between(start, end))
            for number, paused in taken:
                plan = application.schedules.schedule(post(times[number % len(times)]))
                if paused:
                    application.schedules.pause(plan)
            application.schedules.schedule(series(expression, zone=table.zone))
            busy = {each.due_at for each in application.views.calendar(start, end, ()).entries}
            free = application.free_times.between([OUTBOX], start, end)
            assert free == [each for each in times if each not in busy]
            assert all(one < other for one, other in pairwise(free))
            for each in free[:3]:
                planned = application.free_times.schedule(post(), earliest=start).post
                assert (planned.due_at, planned.zone) == (each, table.zone)
                assert planned.wall == wall_time(each, table.zone).strftime("%Y-%m-%dT%H:%M:%S")
        finally:
            application.close()
