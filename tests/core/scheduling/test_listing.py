"""The queue: window by window, in order, at the cost of what is shown."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.aws_errors import GroupGone
from core.posts.models import new_post_id
from core.posts.payload import ScheduleName, TargetSettings, write_schedule
from core.scheduling.listing import Queue, finer_prefixes, prefixes

TARGET = TargetSettings(
    group="default",
    function_arn="arn:aws:lambda:us-east-1:123456789012:function:relay",
    role_arn="arn:aws:iam::123456789012:role/scheduler",
    dead_letter_arn=None,
    lead=timedelta(0),
)


class Counted:
    """A scheduler client whose requests are counted, by what they asked for."""

    def __init__(self, client) -> None:
        self.asked: list[str] = []
        client.meta.events.register("before-call.scheduler", self._note)

    def _note(self, model, params, **_) -> None:
        self.asked.append(params["query_string"].get("NamePrefix", model.name))


@pytest.fixture
def counted(engine_client) -> Counted:
    return Counted(engine_client)


@pytest.fixture(params=["small", "large"])
def queue(engine_client, request, monkeypatch) -> Queue:
    """The queue, and the same as if many more posts were in it."""
    queue = Queue(engine_client, "default")
    if request.param == "large":
        monkeypatch.setattr(queue, "_all_if_few", lambda: None)
    return queue


@pytest.fixture
def put(engine_client, a_post, a_series):
    """Schedule a post due then (None: a repeating one); return its name."""

    def put(due_at: datetime | None, *, enabled: bool = True, text: str = "Good morning") -> str:
        post = a_post(post_id=new_post_id(), due_at=due_at, text=text) if due_at else a_series(post_id=new_post_id())
        engine_client.create_schedule(**write_schedule(post, TARGET, enabled=enabled))
        return str(ScheduleName.of(post))

    return put


def test_a_window_is_listed_soonest_first_and_repeating_ones_last(queue, put, clock):
    dues = [clock() + timedelta(hours=hours) for hours in (70, 1, 49, 2, 25)]
    names = {due: put(due) for due in dues}
    repeating = put(None)
    listed = queue.window(clock(), clock() + timedelta(days=7), limit=100)
    assert [each.name for each in listed] == [*(names[due] for due in sorted(dues)), repeating]


def test_a_window_is_trimmed_to_its_instants(queue, put, clock):
    start, end = clock() + timedelta(minutes=10), clock() + timedelta(minutes=20)
    within = [put(start), put(end - timedelta(seconds=1))]
    put(start - timedelta(seconds=1))
    put(end)
    assert [each.name for each in queue.window(start, end, limit=100)] == within


def test_more_than_a_page_of_one_day_is_listed_whole(queue, put, clock):
    for minutes in range(250):
        put(clock() + timedelta(minutes=minutes + 1))
    listed = queue.window(clock(), clock() + timedelta(days=1), limit=1000)
    assert len(listed) == 250
    assert [each.due_at for each in listed] == sorted(each.due_at for each in listed)


def test_the_limit_keeps_the_soonest(queue, put, clock):
    for days in range(1, 20):
        put(clock() + timedelta(days=days))
    listed = queue.window(clock(), clock() + timedelta(days=30), limit=3)
    assert [each.due_at for each in listed] == [clock() + timedelta(days=days) for days in (1, 2, 3)]


def test_a_small_queue_is_read_with_one_request(engine_client, put, clock, counted):
    queue = Queue(engine_client, "default")
    names = [put(clock() + timedelta(days=days)) for days in range(1, 20)]
    repeating = put(None)
    counted.asked.clear()
    listed = queue.window(clock(), clock() + timedelta(days=3 * 365), limit=50)
    assert [each.name for each in listed] == [*names, repeating]
    assert counted.asked == ["ListSchedules"]


def test_what_lies_far_behind_the_limit_is_not_asked_for(queue, put, clock, counted):
    for hours in range(1, 220):
        put(clock() + timedelta(hours=12 * hours))
    counted.asked.clear()
    queue.window(clock(), clock() + timedelta(days=3 * 365), limit=1)
    assert len(counted.asked) <= 24
    assert "post-202612" not in counted.asked


def test_a_paused_schedule_is_listed_as_such(queue, put, clock):
    put(clock() + timedelta(hours=1), enabled=False)
    [listed] = queue.window(clock(), clock() + timedelta(days=1), limit=10)
    assert not listed.enabled


def test_names_that_are_not_ours_are_left_out(queue, put, clock, engine_client):
    for name in ("post-20261102T130000Z-not-one-of-ours", "repeat-", "somebody-elses"):
        engine_client.create_schedule(
            Name=name,
            ScheduleExpression="at(2026-11-02T13:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": TARGET.function_arn, "RoleArn": TARGET.role_arn},
        )
    assert queue.window(clock(), clock() + timedelta(days=1), limit=10) == []


def test_a_group_that_is_not_there_is_named(engine_client, clock):
    with pytest.raises(GroupGone):
        Queue(engine_client, "elsewhere").window(clock(), clock() + timedelta(days=1), limit=10)


def test_details_come_in_the_order_of_the_list(queue, put, clock):
    for number in range(20):
        put(clock() + timedelta(hours=number + 1), text=f"Post {number}")
    details = queue.details(queue.window(clock(), clock() + timedelta(days=2), limit=100))
    assert [each.post.text for each in details] == [f"Post {number}" for number in range(20)]


def test_details_are_fetched_once_for_each_change(queue, put, clock, counted, engine_client):
    name = put(clock() + timedelta(hours=1))
    for _ in range(3):
        queue.details(queue.window(clock(), clock() + timedelta(days=1), limit=10))
    assert counted.asked.count("GetSchedule") == 1
    clock.move(seconds=1)
    found = engine_client.get_schedule(Name=name)
    wanted = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    engine_client.update_schedule(**{member: found[member] for member in wanted}, Description="changed")
    queue.details(queue.window(clock(), clock() + timedelta(days=1), limit=10))
    assert counted.asked.count("GetSchedule") == 3


def test_what_left_since_it_was_listed_has_no_details(queue, put, clock, engine_client):
    names = [put(clock() + timedelta(hours=hours)) for hours in (1, 2)]
    listed = queue.window(clock(), clock() + timedelta(days=1), limit=10)
    engine_client.delete_schedule(Name=names[0])
    assert [each.listed.name for each in queue.details(listed)] == names[1:]


def test_a_payload_that_is_not_ours_is_shown_without_a_post(queue, put, clock, engine_client):
    name = put(clock() + timedelta(hours=1))
    found = engine_client.get_schedule(Name=name)
    wanted = ("Name", "ScheduleExpression", "FlexibleTimeWindow")
    target = found["Target"] | {"Input": "{}"}
    engine_client.update_schedule(**{member: found[member] for member in wanted}, Target=target)
    [scheduled] = queue.details(queue.window(clock(), clock() + timedelta(days=1), limit=10))
    assert scheduled.post is None


def test_prefixes_are_hours_for_a_short_window_days_for_a_week_then_months():
    start = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
    assert list(prefixes(start, start + timedelta(hours=2))) == [
        "post-20261130T22",
        "post-20261130T23",
        "post-20261201T00",
    ]
    far = list(prefixes(start, datetime(2027, 2, 3, tzinfo=UTC)))
    assert far[:2] == ["post-20261130", "post-20261201"]
    assert far[-4:] == ["post-20261231", "post-202701", "post-20270201", "post-20270202"]


YEAR = 365 * 24 * 60
MINUTES = st.integers(0, 3 * YEAR).map(lambda count: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=count))


@given(begin=MINUTES, length=st.integers(1, 2 * YEAR), seconds=st.integers(0, 59))
def test_the_finer_prefixes_of_a_prefix_leave_no_second_of_its_window_out(begin, length, seconds):
    end = begin + timedelta(minutes=length)
    for due_at in (begin, begin + timedelta(minutes=length // 2, seconds=seconds), end - timedelta(seconds=1)):
        name = str(ScheduleName(post_id=new_post_id(), due_at=due_at))
        [prefix] = [prefix for prefix in prefixes(begin, end) if name.startswith(prefix)]
        while finer := finer_prefixes(prefix, begin, end):
            assert finer == sorted(finer)
            [prefix] = [each for each in finer if name.startswith(each)]
        assert prefix == name[: len("post-20261124T080000")]


def test_a_full_day_costs_no_more_than_is_shown_of_it(queue, put, clock, counted):
    names = [put(clock() + timedelta(seconds=seconds)) for seconds in range(60, 60 + 3 * 250, 3)]
    counted.asked.clear()
    listed = queue.window(clock(), clock() + timedelta(days=7), limit=20)
    assert [each.name for each in listed] == names[:20]
    assert len(counted.asked) <= 20


def test_many_posts_of_one_second_are_listed_by_name(queue, put, clock):
    due_at = clock() + timedelta(minutes=1)
    names = sorted(put(due_at) for _ in range(30))
    assert [each.name for each in queue.window(clock(), clock() + timedelta(days=1), limit=10)] == names[:10]


@pytest.mark.parametrize("scheduler", ["engine", "moto"])
def test_any_window_is_what_going_through_everything_would_find(request, clock, scheduler):
    """Posts lie close together and far apart, around ends of days, months and years; windows begin among them."""
    client = request.getfixturevalue(f"{scheduler}_client")
    chance = random.Random(20261124)
    around = [datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC)]
    spans = [timedelta(seconds=5), timedelta(minutes=3), timedelta(hours=7), timedelta(days=40)]
    dues = [chance.choice(around) + chance.random() * chance.choice(spans) for _ in range(150)]
    for due_at in dues:
        client.create_schedule(
            Name=str(ScheduleName(post_id=new_post_id(), due_at=due_at)),
            ScheduleExpression="at(2027-12-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": TARGET.function_arn, "RoleArn": TARGET.role_arn},
        )
    pages = client.get_paginator("list_schedules").paginate(GroupName="default")
    everything = sorted(summary["Name"] for page in pages for summary in page["Schedules"])
    for _ in range(40):
        start = chance.choice(dues).replace(microsecond=0)
        end = start + chance.random() * chance.choice(spans)
        limit = chance.choice([1, 7, 1000])
        expected = [name for name in everything if start <= ScheduleName.read(name).due_at < end][:limit]
        listed = Queue(client, "default").window(start, end, limit=limit)
        assert [each.name for each in listed] == expected
