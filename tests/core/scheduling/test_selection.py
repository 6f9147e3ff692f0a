"""Actions on many posts, their reports and their undo, on one machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings

from core.ledger.port import Plan
from core.posts.models import LABELS_LIMIT, Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.posts.series import runs_of
from core.scheduling.free_times import NoPostingTimes
from core.scheduling.post_change import PostChange
from core.scheduling.refusals import PostCancelled, PostRepeats, TooSoon
from core.scheduling.selection import NotTried, SelectionReport, TooManyLabelsOnPost
from core.scheduling.skipping import RunBegun
from core.scheduling.time_limits import PLANNING_HORIZON
from core.time.instants import SkippedHour, wall_time
from core.timetable.timetable import Timetable

ZONE = "Europe/Berlin"


@pytest.fixture
def selection(application):
    return application.selection


@pytest.fixture
def plan(application, clock) -> Callable[..., str]:
    """Schedule a post that is due in some hours, and return its id."""

    def schedule(hours: float = 24, **changed: Any) -> str:
        due_at = clock() + timedelta(hours=hours)
        wall = wall_time(due_at, ZONE).strftime("%Y-%m-%dT%H:%M:%S")
        members = {
            "post_id": new_post_id(),
            "text": f"In {hours} hours",
            "destinations": ("outbox",),
            "zone": ZONE,
            "wall": wall,
            "due_at": due_at,
            **changed,
        }
        return application.schedules.schedule(Post(**members)).post.post_id

    return schedule


@pytest.fixture
def series(plan):
    """Schedule a post that repeats each morning."""
    return lambda: plan(due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"), wall="2026-11-03T09:00:00")


@pytest.fixture
def get(application) -> Callable[[str], Plan]:
    return application.schedules.plan


def content(plan: Plan) -> tuple[object, str]:
    """Return what a post is and shall be, without its revision."""
    return plan.post.model_copy(update={"revision": 1}), plan.desired


def reasons(report: SelectionReport) -> list[type[Exception]]:
    return [type(each.reason) for each in report.refused]


def test_posts_and_series_are_cancelled_and_restored(selection, plan, series, get):
    ids = [plan(2), plan(1), series()]
    before = {post_id: content(get(post_id)) for post_id in ids}
    report = selection.cancel(ids)
    assert report.summary == "3 posts cancelled"
    assert [each.after.post.post_id for each in report.changed] == [ids[1], ids[0], ids[2]]
    assert {get(post_id).desired for post_id in ids} == {"cancelled"}
    undone = selection.undo(report)
    assert undone.summary == "3 posts restored"
    assert not undone.undoable
    assert {post_id: content(get(post_id)) for post_id in ids} == before


def test_a_second_press_changes_nothing(selection, plan):
    ids = [plan(1), plan(2)]
    selection.pause(ids)
    again = selection.pause(ids)
    assert again.summary == "0 posts paused, 2 unchanged"
    assert not again.undoable


def test_refused_posts_are_named_and_the_others_are_changed(selection, application, plan, series, get, clock):
    published, gone, kept = plan(0.5), plan(2), plan(3)
    payload = invocation_of(get(published).post, get(published).post.due_at)
    application.schedules.cancel(get(gone))
    clock.move(minutes=30)
    application.publisher.publish(payload)
    report = selection.move_days([published, gone, kept, series(), "0" * 12], 2)
    assert report.summary == "1 post moved, 4 refused"
    assert [each.after.post.post_id for each in report.changed] == [kept]
    assert {str(each.reason).partition(" ")[0] for each in report.refused} == {"The", "There"}
    assert {PostCancelled, PostRepeats} <= set(reasons(report))


def test_posts_keep_their_time_of_day_when_they_are_moved_by_days(selection, plan, get):
    """The clocks of Berlin go forward on 28 March 2027."""
    march = datetime(2027, 3, 27, 8, tzinfo=UTC)
    moved = plan(due_at=march, wall="2027-03-27T09:00:00")
    report = selection.move_days([moved], 1)
    assert (get(moved).post.wall, get(moved).post.due_at) == ("2027-03-28T09:00:00", march + timedelta(hours=23))
    selection.undo(report)
    assert (get(moved).post.wall, get(moved).post.due_at) == ("2027-03-27T09:00:00", march)


def test_a_post_is_not_moved_into_a_skipped_hour_or_into_the_past(selection, plan, get):
    skipped = plan(due_at=datetime(2027, 3, 27, 1, 30, tzinfo=UTC), wall="2027-03-27T02:30:00")
    assert reasons(selection.move_days([skipped], 1)) == [SkippedHour]
    assert reasons(selection.move_days([skipped], -300)) == [TooSoon]
    assert get(skipped).post.wall == "2027-03-27T02:30:00"


def test_a_paused_post_stays_paused_when_it_is_moved(selection, plan, get):
    paused = plan(5)
    selection.pause([paused])
    selection.move_days([paused], 1)
    assert get(paused).desired == "paused"


def test_paused_posts_are_resumed_unless_their_time_has_passed(selection, plan, get, clock):
    passed, coming = plan(1), plan(3)
    selection.pause([passed, coming])
    clock.move(hours=2)
    report = selection.resume([passed, coming])
    assert report.summary == "1 post resumed, 1 refused"
    assert reasons(report) == [TooSoon]
    assert (get(passed).desired, get(coming).desired) == ("paused", "active")


def test_posts_are_moved_to_different_free_times_in_their_order_and_back(selection, application, plan, get):
    application.posting_times.save(None, Timetable.model_validate(TIMES), base=0)
    ids = [plan(5), plan(4), plan(6)]
    before = [content(get(post_id)) for post_id in ids]
    report = selection.to_free_times(ids)
    assert report.summary == "3 posts moved"
    assert [get(post_id).post.wall[:16] for post_id in (ids[1], ids[0], ids[2])] == [
        "2026-11-03T09:07", "2026-11-04T09:07", "2026-11-05T09:07",
    ]  # fmt: skip
    selection.undo(report)
    assert [content(get(post_id)) for post_id in ids] == before


def test_without_posting_times_every_post_stays(selection, plan):
    report = selection.to_free_times([plan(1), plan(2)])
    assert report.summary == "2 posts refused"
    assert reasons(report) == [NoPostingTimes, NoPostingTimes]


def test_labels_are_added_and_removed_whatever_their_case(selection, plan, get):
    first, full = plan(labels=("Launch", "old")), plan(labels=tuple(f"l{number}" for number in range(LABELS_LIMIT)))
    report = selection.label([first, full], add=["launch", "Summer"], remove=["OLD"])
    assert get(first).post.labels == ("Launch", "Summer")
    assert reasons(report) == [TooManyLabelsOnPost]
    selection.undo(report)
    assert get(first).post.labels == ("Launch", "old")


def test_labels_are_removed_again_from_a_post_that_had_none(selection, plan, get):
    post = plan()
    selection.undo(selection.label([post], add=["Summer"]))
    assert get(post).post.labels == ()


def test_an_undo_does_not_replace_a_later_change(selection, application, plan, get):
    first, second = plan(5), plan(6)
    report = selection.move_days([first, second], 1)
    application.schedules.pause(get(first))
    undone = selection.undo(report)
    assert undone.summary == "1 post restored, 1 refused"
    assert get(first).desired == "paused"


def test_undo_restores_a_skipped_run_until_it_would_have_been_due(selection, application, series, get, clock):
    for late in (False, True):
        before = get(series())
        run = datetime(2026, 11, 3, 8, tzinfo=UTC)
        change = PostChange(before=before, after=application.schedules.skip_run(before, run))
        clock.now = run if late else clock.now
        undone = selection.undo(SelectionReport(action="skip", changed=(change,)))
        assert [type(each.reason) for each in undone.refused] == ([RunBegun] if late else [])
        assert (content(get(before.post.post_id)) == content(before)) is not late


def test_an_undo_after_the_time_has_passed_is_refused_with_the_reason(selection, plan, get, clock):
    post = plan(1)
    report = selection.cancel([post])
    clock.move(hours=2)
    assert reasons(selection.undo(report)) == [TooSoon]
    assert get(post).desired == "cancelled"


def test_posts_are_sent_now_once(selection, plan, get, clock, application):
    post = plan(5)
    report = selection.send_now([post, post])
    assert report.summary == "1 post sent"
    assert not report.undoable
    assert get(post).post.due_at == clock()
    assert get(post).schedule_name is None


def test_after_an_outage_no_further_post_waits_for_it(selection, application, plan, get, monkeypatch):
    """The posts whose change is in the ledger count as changed: they are armed in the background."""
    ids = [plan(hours) for hours in range(1, 40)]
    tried = []

    def unreachable(**parameters: Any) -> None:
        tried.append(parameters)
        raise EndpointConnectionError(endpoint_url="https://scheduler.example")

    for operation in ("update_schedule", "create_schedule", "delete_schedule", "get_schedule"):
        monkeypatch.setattr(application.backend.scheduler_client, operation, unreachable)
    report = selection.pause(ids)
    paused = [post_id for post_id in ids if get(post_id).desired == "paused"]
    assert sorted(each.after.post.post_id for each in report.changed) == sorted(paused)
    assert set(reasons(report)) == {NotTried}
    assert len(report.refused) + len(report.changed) == len(ids)
    assert len(report.changed) < 20


TIMES = {"zone": ZONE, "week": [["09:07"]] * 7}

ACTIONS = st.one_of(
    st.just(("cancel",)),
    st.just(("pause",)),
    st.just(("resume",)),
    st.tuples(st.just("move_days"), st.integers(-3, 30)),
    st.just(("to_free_times",)),
    st.tuples(st.just("label"), st.sampled_from(["Launch", "Summer", "winter"])),
)
CHOSEN = st.sets(st.integers(0, 6), min_size=1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(ACTIONS, CHOSEN), max_size=6))
def test_undoing_actions_in_reverse_order_brings_the_queue_back(
    selection, application, plan, series, get, clock, steps
):
    ids = [plan(3), plan(30, labels=("Launch",)), plan(60), plan(90), plan(500, labels=("a", "b")), series(), plan(2)]
    application.schedules.pause(get(ids[2]))
    application.schedules.cancel(get(ids[6]))
    before = [content(get(post_id)) for post_id in ids]
    reports = []
    for (name, *arguments), chosen in steps:
        act = getattr(selection, name)
        posts = [ids[number] for number in chosen]
        report = act(posts, add=arguments) if name == "label" else act(posts, *arguments)
        assert len(report.changed) + len(report.unchanged) + len(report.refused) == len(posts)
        reports.append(report)
    for report in reversed(reports):
        assert not selection.undo(report).refused
    assert [content(get(post_id)) for post_id in ids] == before
    names = {each.name for each in application.listing.window(clock(), clock() + PLANNING_HORIZON, limit=1000)}
    assert {get(post_id).schedule_name for post_id in ids[:6]} <= names
    selection.cancel(ids)


def test_posts_in_the_place_of_runs_are_cancelled_with_their_series_and_come_back_with_it(application, selection, plan):
    rule = Repeat(expression="cron(0 9 * * ? *)")
    series = plan(due_at=None, repeat=rule)
    runs = runs_of(application.schedules.plan(series).post, after=application.clock(), count=3)
    others = [plan(30, replaces=(series, run)) for run in runs]
    chosen = [series, *others]
    done = selection.cancel(chosen)
    assert (len(done.changed), done.refused) == (4, ())
    assert application.schedules.plan(series).post.repeat == rule
    undone = selection.undo(done)
    assert (len(undone.changed), undone.refused) == (4, ())
    assert [application.schedules.plan(each).desired for each in chosen] == ["active"] * 4
    assert application.schedules.plan(series).post.repeat.skipped == tuple(runs)
