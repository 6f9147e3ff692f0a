import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.aws_errors import ScheduleGroupNotFound
from core.posts.models import new_post_id
from core.posts.payload import ScheduleName, TargetSettings, write_schedule
from core.scheduling.listing import (
    LARGE_GROUP_WINDOWS,
    SMALL_GROUP_PAGES,
    ScheduleListing,
    longer_prefixes,
    prefixes,
)

TARGET = TargetSettings(
    group="default",
    function_arn="arn:aws:lambda:us-east-1:123456789012:function:relay",
    role_arn="arn:aws:iam::123456789012:role/scheduler",
    dead_letter_arn=None,
    lead=timedelta(0),
)


class Requests:
    """The requests of a scheduler client: the prefix of each, or its operation if it has no prefix."""

    def __init__(self, client) -> None:
        self.sent: list[str] = []
        client.meta.events.register("before-call.scheduler", self._note)

    def _note(self, model, params, **_) -> None:
        self.sent.append(params["query_string"].get("NamePrefix", model.name))


@pytest.fixture
def requests(engine_client) -> Requests:
    return Requests(engine_client)


@pytest.fixture(params=["small", "large", "large and in order"])
def listing(engine_client, request, monkeypatch) -> ScheduleListing:
    """Return a listing that reads a small group whole, and two that always read by prefix: in any order, and in order.

    The engine lists names in order.
    """
    listing = ScheduleListing(engine_client, "default", sorted_by_name="in order" in request.param)
    if request.param != "small":
        monkeypatch.setattr(listing, "_all_if_small", lambda: None)
    return listing


@pytest.fixture
def put(engine_client, a_post, a_series):
    """Create the schedule of a post that is due at an instant, or of a repeating one for None. Return its name."""

    def put(due_at: datetime | None, *, enabled: bool = True, text: str = "Good morning") -> str:
        post = a_post(post_id=new_post_id(), due_at=due_at, text=text) if due_at else a_series(post_id=new_post_id())
        engine_client.create_schedule(**write_schedule(post, TARGET, enabled=enabled))
        return str(ScheduleName.of(post))

    return put


def test_one_time_schedules_come_soonest_first_and_repeating_ones_last(listing, put, clock):
    dues = [clock() + timedelta(hours=hours) for hours in (70, 1, 49, 2, 25)]
    names = {due: put(due) for due in dues}
    repeating = put(None)
    listed = listing.window(clock(), clock() + timedelta(days=7), limit=100)
    assert [each.name for each in listed] == [*(names[due] for due in sorted(dues)), repeating]


def test_a_window_ends_and_begins_at_its_exact_instants(listing, put, clock):
    start, end = clock() + timedelta(minutes=10), clock() + timedelta(minutes=20)
    within = [put(start), put(end - timedelta(seconds=1))]
    put(start - timedelta(seconds=1))
    put(end)
    assert [each.name for each in listing.window(start, end, limit=100)] == within


def test_a_day_of_several_pages_is_listed_whole(listing, put, clock):
    for minutes in range(250):
        put(clock() + timedelta(minutes=minutes + 1))
    listed = listing.window(clock(), clock() + timedelta(days=1), limit=1000)
    assert len(listed) == 250
    assert [each.due_at for each in listed] == sorted(each.due_at for each in listed)


def test_a_limit_keeps_the_soonest(listing, put, clock):
    for days in range(1, 20):
        put(clock() + timedelta(days=days))
    listed = listing.window(clock(), clock() + timedelta(days=30), limit=3)
    assert [each.due_at for each in listed] == [clock() + timedelta(days=days) for days in (1, 2, 3)]


def test_a_small_group_is_read_with_one_request(engine_client, put, clock, requests):
    listing = ScheduleListing(engine_client, "default")
    names = [put(clock() + timedelta(days=days)) for days in range(1, 20)]
    repeating = put(None)
    requests.sent.clear()
    listed = listing.window(clock(), clock() + timedelta(days=3 * 365), limit=50)
    assert [each.name for each in listed] == [*names, repeating]
    assert requests.sent == ["ListSchedules"]


def test_a_queue_of_250_posts_is_read_with_three_requests(engine_client, put, clock, requests):
    for hours in range(1, 251):
        put(clock() + timedelta(hours=hours))
    requests.sent.clear()
    ScheduleListing(engine_client, "default").window(clock(), clock() + timedelta(days=3 * 365), limit=21)
    assert requests.sent == ["ListSchedules"] * 3


def test_a_large_group_is_looked_at_whole_only_now_and_then(engine_client, put, clock, requests, monkeypatch):
    monkeypatch.setattr("core.scheduling.listing.PAGE", 2)
    listing = ScheduleListing(engine_client, "default")
    for hours in range(1, 14):
        put(clock() + timedelta(hours=hours))
    for _ in range(1 + LARGE_GROUP_WINDOWS):
        listing.window(clock(), clock() + timedelta(hours=2), limit=1)
    assert requests.sent.count("ListSchedules") == SMALL_GROUP_PAGES
    listing.window(clock(), clock() + timedelta(hours=2), limit=1)
    assert requests.sent.count("ListSchedules") == 2 * SMALL_GROUP_PAGES


def test_months_beyond_the_limit_are_not_requested(listing, put, clock, requests):
    for hours in range(1, 220):
        put(clock() + timedelta(hours=12 * hours))
    requests.sent.clear()
    listing.window(clock(), clock() + timedelta(days=3 * 365), limit=1)
    assert len(requests.sent) <= 24
    assert "post-202612" not in requests.sent


def test_a_paused_schedule_is_listed_as_disabled(listing, put, clock):
    put(clock() + timedelta(hours=1), enabled=False)
    [listed] = listing.window(clock(), clock() + timedelta(days=1), limit=10)
    assert not listed.enabled


def test_foreign_schedules_are_left_out(listing, put, clock, engine_client):
    for name in ("post-20261102T130000Z-not-a-post-id", "repeat-", "another-program"):
        engine_client.create_schedule(
            Name=name,
            ScheduleExpression="at(2026-11-02T13:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": TARGET.function_arn, "RoleArn": TARGET.role_arn},
        )
    assert listing.window(clock(), clock() + timedelta(days=1), limit=10) == []


def test_a_missing_group_is_an_error(engine_client, clock):
    with pytest.raises(ScheduleGroupNotFound):
        ScheduleListing(engine_client, "missing").window(clock(), clock() + timedelta(days=1), limit=10)


def test_details_have_the_order_of_the_list(listing, put, clock):
    for number in range(20):
        put(clock() + timedelta(hours=number + 1), text=f"Post {number}")
    details = listing.details(listing.window(clock(), clock() + timedelta(days=2), limit=100))
    assert [each.post.text for each in details] == [f"Post {number}" for number in range(20)]


def test_details_are_fetched_once_per_change(listing, put, clock, requests, engine_client):
    name = put(clock() + timedelta(hours=1))
    for _ in range(3):
        listing.details(listing.window(clock(), clock() + timedelta(days=1), limit=10))
    assert requests.sent.count("GetSchedule") == 1
    clock.move(seconds=1)
    found = engine_client.get_schedule(Name=name)
    wanted = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    engine_client.update_schedule(**{member: found[member] for member in wanted}, Description="changed")
    listing.details(listing.window(clock(), clock() + timedelta(days=1), limit=10))
    assert requests.sent.count("GetSchedule") == 3


def test_a_schedule_deleted_since_it_was_listed_has_no_details(listing, put, clock, engine_client):
    names = [put(clock() + timedelta(hours=hours)) for hours in (1, 2)]
    listed = listing.window(clock(), clock() + timedelta(days=1), limit=10)
    engine_client.delete_schedule(Name=names[0])
    assert [each.listed.name for each in listing.details(listed)] == names[1:]


def test_a_schedule_with_an_unreadable_payload_has_no_post(listing, put, clock, engine_client):
    name = put(clock() + timedelta(hours=1))
    found = engine_client.get_schedule(Name=name)
    wanted = ("Name", "ScheduleExpression", "FlexibleTimeWindow")
    target = found["Target"] | {"Input": "{}"}
    engine_client.update_schedule(**{member: found[member] for member in wanted}, Target=target)
    [scheduled] = listing.details(listing.window(clock(), clock() + timedelta(days=1), limit=10))
    assert scheduled.post is None


def test_prefixes_are_hours_in_a_short_window_else_days_for_a_week_and_then_months():
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
def test_longer_prefixes_cover_every_second_of_the_window(begin, length, seconds):
    end = begin + timedelta(minutes=length)
    for due_at in (begin, begin + timedelta(minutes=length // 2, seconds=seconds), end - timedelta(seconds=1)):
        name = str(ScheduleName(post_id=new_post_id(), due_at=due_at))
        [prefix] = [prefix for prefix in prefixes(begin, end) if name.startswith(prefix)]
        while longer := longer_prefixes(prefix, begin, end):
            assert longer == sorted(longer)
            [prefix] = [each for each in longer if name.startswith(each)]
        assert prefix == name[: len("post-20261124T080000")]


def test_longer_prefixes_are_beginnings_of_instants():
    start = datetime(2026, 12, 31, 22, 58, tzinfo=UTC)
    end = start + timedelta(days=3)
    assert longer_prefixes("post-20261231", start, end) == ["post-20261231T2"]
    assert longer_prefixes("post-20261231T2", start, end) == ["post-20261231T22", "post-20261231T23"]
    assert longer_prefixes("post-20261231T22", start, end) == ["post-20261231T225"]
    assert longer_prefixes("post-202701", start, end) == ["post-2027010"]


def test_a_full_day_costs_no_more_requests_than_its_result_needs(listing, put, clock, requests):
    names = [put(clock() + timedelta(seconds=seconds)) for seconds in range(60, 60 + 3 * 250, 3)]
    requests.sent.clear()
    listed = listing.window(clock(), clock() + timedelta(days=7), limit=20)
    assert [each.name for each in listed] == names[:20]
    assert len(requests.sent) <= 20


def test_a_full_day_costs_no_more_requests_than_a_long_result_needs(put, clock, requests, engine_client, monkeypatch):
    monkeypatch.setattr("core.scheduling.listing.PAGE", 2)
    monkeypatch.setattr("core.scheduling.listing.LIST_THREADS", 1)  # a prefix ahead may or may not be read
    midnight = clock().replace(hour=0) + timedelta(days=1)
    names = [put(midnight + timedelta(minutes=10 * number)) for number in range(144)]
    requests.sent.clear()
    listed = ScheduleListing(engine_client, "default").window(midnight, midnight + timedelta(days=1), limit=20)
    assert [each.name for each in listed] == names[:20]
    assert len(requests.sent) <= 45


def test_a_full_cache_of_details_loses_the_oldest_ones_only(listing, put, clock, requests, monkeypatch):
    monkeypatch.setattr("core.scheduling.listing.DETAILS_CACHED", 10)
    monkeypatch.setattr("core.scheduling.listing.DETAIL_THREADS", 1)
    for hours in range(1, 13):
        put(clock() + timedelta(hours=hours))
    listed = listing.window(clock(), clock() + timedelta(days=1), limit=100)
    listing.details(listed)
    requests.sent.clear()
    listing.details(listed[2:])
    assert requests.sent.count("GetSchedule") == 0
    listing.details(listed[:2])
    assert requests.sent.count("GetSchedule") == 2


def test_many_posts_of_one_second_are_sorted_by_name(listing, put, clock):
    due_at = clock() + timedelta(minutes=1)
    names = sorted(put(due_at) for _ in range(30))
    assert [each.name for each in listing.window(clock(), clock() + timedelta(days=1), limit=10)] == names[:10]


def test_a_full_day_is_split_at_once_by_the_next_windows(put, clock, requests, engine_client, monkeypatch):
    monkeypatch.setattr("core.scheduling.listing.PAGE", 2)
    monkeypatch.setattr("core.scheduling.listing.LIST_THREADS", 1)  # a prefix ahead may or may not be read
    listing = ScheduleListing(engine_client, "default")
    midnight = clock().replace(hour=0) + timedelta(days=1)
    names = [put(midnight + timedelta(minutes=10 * number)) for number in range(144)]
    costs = []
    for _ in range(3):
        requests.sent.clear()
        listed = listing.window(midnight, midnight + timedelta(days=1), limit=5)
        assert [each.name for each in listed] == names[:5]
        costs.append(len(requests.sent))
    assert costs[2] == costs[1] <= costs[0] // 2


@pytest.mark.parametrize("limit", [20, 150])
def test_a_full_day_costs_one_request_for_each_page_of_the_result_if_names_come_in_order(
    put, clock, requests, engine_client, monkeypatch, limit
):
    listing = ScheduleListing(engine_client, "default", sorted_by_name=True)
    monkeypatch.setattr(listing, "_all_if_small", lambda: None)
    names = [put(clock() + timedelta(seconds=seconds)) for seconds in range(60, 60 + 3 * 250, 3)]
    requests.sent.clear()
    listed = listing.window(clock(), clock() + timedelta(days=7), limit=limit)
    assert [each.name for each in listed] == names[:limit]
    assert len(requests.sent) == 2 + -(-limit // 100)  # the others: the first post of the day, the repeating posts


@pytest.mark.parametrize(
    ("scheduler", "in_order"),
    [("engine", False), ("engine", True), ("moto", False)],
    ids=["engine", "in order", "moto"],
)
def test_any_window_equals_a_search_through_all_schedules(request, clock, scheduler, in_order):
    """Posts are close together and far apart, around the ends of a day, a month and a year. Windows begin at posts."""
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
        expected = [name for name in everything if start <= ScheduleName.parse(name).due_at < end][:limit]
        listing = ScheduleListing(client, "default", sorted_by_name=in_order)
        listing._large_for = 1
        assert [each.name for each in listing.window(start, end, limit=limit)] == expected
