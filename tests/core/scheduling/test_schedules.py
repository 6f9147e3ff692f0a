from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.ledger.port import ClaimTerms, Receipt
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere, UnknownPost
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.models import Media, Repeat
from core.posts.payload import PayloadTooLarge, invocation_of
from core.scheduling.refusals import PostCancelled, PostRepeats, SeriesEnded, TooFarAhead, TooLateToChange, TooSoon
from core.scheduling.schedule_group import ensure_group
from core.scheduling.time_limits import PLANNING_HORIZON

on_the_engine = pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
"""Marks a test whose result does not depend on the scheduler."""


@pytest.fixture
def claimed(ledger, clock):
    """Claim a publication of a one-time post, as the posting server does. Return its payload and the claim."""

    def claim(post):
        payload = invocation_of(post, post.due_at)
        terms = ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
        return payload, ledger.claim(payload, Destination("outbox"), terms)

    return claim


@pytest.fixture
def ended(ledger, clock):
    """Record the result of a claimed publication."""

    def end(payload, kind, destination="outbox"):
        receipt = Receipt(kind=kind, at=clock(), revision=payload.revision, destination=destination)
        ledger.finish(payload, receipt)

    return end


# Scheduling


def test_a_scheduled_post_is_read_back_and_settled(schedules, assert_synced, a_post, schedule_names):
    plan = schedules.schedule(a_post(due_at=datetime(2026, 11, 24, 8, tzinfo=UTC)))
    assert plan.settled
    assert schedule_names() == ["post-20261124T080000Z-k3v9q2m4cx7a"]
    assert_synced(plan.post.post_id)


def test_a_series_is_scheduled_under_a_name_without_an_instant(schedules, assert_synced, a_series, schedule_names):
    schedules.schedule(a_series())
    assert schedule_names() == ["repeat-k3v9q2m4cx7a"]
    assert_synced(a_series().post_id)


def test_a_double_click_schedules_once(schedules, schedule_names, a_post):
    first = schedules.schedule(a_post())
    assert schedules.schedule(a_post()) == first
    assert len(schedule_names()) == 1


@on_the_engine
def test_a_second_click_shortly_before_the_due_instant_is_not_too_soon(schedules, clock, a_post):
    post = a_post(due_at=clock() + timedelta(seconds=3))
    first = schedules.schedule(post)
    clock.move(seconds=2)
    assert schedules.schedule(post) == first


def test_scheduling_a_scheduled_post_again_changes_it(schedules, assert_synced, a_post):
    schedules.schedule(a_post())
    again = schedules.schedule(a_post(text="Better", due_at=a_post().due_at + timedelta(hours=1)))
    assert (again.post.text, again.post.revision) == ("Better", 2)
    assert_synced(again.post.post_id)


def test_scheduling_a_cancelled_post_again_activates_it(schedules, assert_synced, a_post):
    schedules.cancel(schedules.schedule(a_post()))
    again = schedules.schedule(a_post())
    assert again.desired == "active"
    assert_synced(again.post.post_id)


@on_the_engine
def test_a_post_can_be_scheduled_exactly_three_years_ahead(schedules, clock, a_post):
    furthest = clock() + PLANNING_HORIZON
    with pytest.raises(TooFarAhead):
        schedules.schedule(a_post(due_at=furthest + timedelta(milliseconds=1)))
    assert schedules.schedule(a_post(due_at=furthest)).settled


@on_the_engine
@pytest.mark.parametrize(
    ("ahead", "refusal", "message"),
    [
        (timedelta(hours=-1), TooSoon, "has passed"),
        (timedelta(0), TooSoon, "has passed"),
        (timedelta(seconds=1), TooSoon, "is too soon"),
        (timedelta(days=4 * 365), TooFarAhead, "too far ahead"),
    ],
)
def test_an_instant_outside_the_time_limits_is_refused_and_nothing_is_written(
    schedules, ledger, schedule_names, clock, a_post, ahead, refusal, message
):
    with pytest.raises(refusal, match=message):
        schedules.schedule(a_post(due_at=clock() + ahead))
    assert ledger.get(a_post().post_id) is None
    assert schedule_names() == []


@on_the_engine
def test_a_refusal_names_the_earliest_time(make_schedules, clock, a_post):
    on_aws = make_schedules(notice=timedelta(minutes=2))
    with pytest.raises(TooSoon) as refusal:
        on_aws.schedule(a_post(due_at=clock() + timedelta(seconds=119)))
    assert refusal.value.earliest == clock() + timedelta(minutes=2)
    assert "Mon 2 Nov 2026, 13:02 Europe/Berlin" in refusal.value.hint
    assert on_aws.schedule(a_post(due_at=refusal.value.earliest)).settled


@on_the_engine
def test_a_text_that_is_too_large_is_refused_and_nothing_is_written(schedules, ledger, a_post):
    for action in (schedules.schedule, schedules.post_now):
        with pytest.raises(PayloadTooLarge):
            action(a_post(text="x" * 200_000))
    assert ledger.get(a_post().post_id) is None
    plan = schedules.schedule(a_post())
    with pytest.raises(PayloadTooLarge):
        schedules.edit(plan, plan.post.model_copy(update={"text": "x" * 200_000}))
    assert schedules.plan(plan.post.post_id) == plan


@on_the_engine
def test_an_ended_series_cannot_be_restored(schedules, clock, a_series):
    rule = Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=2))
    plan = schedules.schedule(a_series(repeat=rule))
    schedules.cancel(plan)
    clock.move(days=3)
    with pytest.raises(SeriesEnded):
        schedules.undo_cancel(schedules.plan(plan.post.post_id))


@on_the_engine
def test_a_post_that_was_never_planned_is_unknown(schedules):
    with pytest.raises(UnknownPost):
        schedules.plan("000000000000")


# Changes


def test_an_edit_changes_content_and_destinations_under_the_same_name(schedules, assert_synced, schedule_names, a_post):
    plan = schedules.schedule(a_post())
    media = Media(reference="a" * 64, kind="picture", content_type="image/png", size=1, alt="A heron")
    content = {"text": "Better", "destinations": ("outbox", "webhook:sales"), "media": (media,)}
    content["variants"] = {"webhook:sales": "Cheaper"}
    ignored = {"wall": "2031-01-01T00:00:00", "zone": "Asia/Tokyo"}
    edited = schedules.edit(plan, plan.post.model_copy(update=content | ignored))
    assert edited.post == plan.post.model_copy(update=content | {"revision": 2})
    assert schedule_names() == [plan.schedule_name]
    assert_synced(plan.post.post_id)


def test_a_new_time_gives_a_new_name_and_deletes_the_old_schedule(schedules, assert_synced, schedule_names, a_post):
    plan = schedules.schedule(a_post())
    due_at = datetime(2026, 12, 24, 8, tzinfo=UTC)
    rescheduled = schedules.reschedule(plan, due_at=due_at, wall="2026-12-24T17:00:00", zone="Asia/Tokyo")
    assert (rescheduled.post.due_at, rescheduled.post.wall, rescheduled.post.zone) == (
        due_at,
        "2026-12-24T17:00:00",
        "Asia/Tokyo",
    )
    assert schedule_names() == ["post-20261224T080000Z-k3v9q2m4cx7a"]
    assert_synced(plan.post.post_id)


def test_a_rule_that_has_ended_or_begins_too_late_is_refused_and_changes_nothing(schedules, ledger, a_series, clock):
    plan = schedules.schedule(a_series())
    for limit, error in (({"ends_at": -1}, SeriesEnded), ({"starts_at": 9 * 365}, TooFarAhead)):
        dates = {name: clock() + timedelta(days=days) for name, days in limit.items()}
        with pytest.raises(error):
            schedules.change_rule(
                plan, repeat=Repeat(expression="cron(30 7 * * ? *)", **dates), wall="2026-11-03T07:30:00", zone="UTC"
            )
    assert ledger.get(plan.post.post_id) == plan


def test_a_cancelled_series_returns_with_another_rule(schedules, assert_synced, a_series, clock):
    ended = a_series(repeat=Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=1)))
    cancelled = schedules.cancel(schedules.schedule(ended))
    clock.move(days=2)
    rule = Repeat(expression="cron(30 18 ? * FRI *)")
    assert schedules.change_rule(cancelled, repeat=rule, wall="2026-11-06T18:30:00", zone="UTC").desired == "active"
    assert_synced(cancelled.post.post_id)


def test_the_rule_of_a_series_can_be_changed(schedules, assert_synced, read_schedule, a_series):
    plan = schedules.schedule(a_series())
    rule = Repeat(expression="cron(30 18 ? * FRI *)")
    schedules.change_rule(plan, repeat=rule, wall="2026-11-06T18:30:00", zone="Europe/London")
    found = read_schedule("repeat-k3v9q2m4cx7a")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "cron(30 18 ? * FRI *)",
        "Europe/London",
    )
    assert_synced(plan.post.post_id)


@pytest.mark.parametrize("kind", ["a_post", "a_series"])
def test_a_paused_post_has_a_disabled_schedule_until_it_resumes(schedules, assert_synced, request, kind):
    plan = schedules.schedule(request.getfixturevalue(kind)())
    paused = schedules.pause(plan)
    assert paused.desired == "paused"
    assert_synced(plan.post.post_id)
    edited = schedules.edit(paused, paused.post.model_copy(update={"text": "Better"}))
    assert edited.desired == "paused"
    assert_synced(plan.post.post_id)
    assert schedules.resume(edited).desired == "active"
    assert_synced(plan.post.post_id)


def test_a_rescheduled_paused_post_stays_paused(schedules, assert_synced, clock, a_post):
    paused = schedules.pause(schedules.schedule(a_post()))
    due_at = clock() + timedelta(days=1)
    rescheduled = schedules.reschedule(paused, due_at=due_at, wall="2026-11-03T13:00:00", zone="Europe/Berlin")
    assert (rescheduled.desired, rescheduled.post.due_at) == ("paused", due_at)
    assert_synced(rescheduled.post.post_id)
    with pytest.raises(TooSoon):
        schedules.reschedule(rescheduled, due_at=clock(), wall="2026-11-02T13:00:00", zone="Europe/Berlin")


@pytest.mark.parametrize("kind", ["a_post", "a_series"])
def test_a_cancelled_post_has_no_schedule_until_undo_restores_it(
    schedules, assert_synced, schedule_names, request, kind
):
    plan = schedules.schedule(request.getfixturevalue(kind)())
    cancelled = schedules.cancel(plan)
    assert cancelled.desired == "cancelled"
    assert schedule_names() == []
    restored = schedules.undo_cancel(cancelled)
    assert (restored.desired, restored.post.revision) == ("active", 3)
    assert_synced(plan.post.post_id)


@on_the_engine
def test_undo_brings_a_paused_post_back_paused(schedules, a_post):
    schedules.cancel(schedules.pause(schedules.schedule(a_post())))
    restored = schedules.undo_cancel(schedules.plan(a_post().post_id))
    assert restored.desired == "paused"
    assert schedules.undo_cancel(restored).desired == "paused"  # a second click


@on_the_engine
def test_a_cancellation_is_idempotent(schedules, a_post):
    cancelled = schedules.cancel(schedules.schedule(a_post()))
    assert schedules.cancel(cancelled) == cancelled


@on_the_engine
def test_an_overdue_post_can_be_rescheduled_but_not_resumed_or_restored(schedules, clock, a_post):
    cancelled = schedules.cancel(schedules.schedule(a_post(post_id="0" * 12)))
    paused = schedules.pause(schedules.schedule(a_post(post_id="1" * 12)))
    clock.move(hours=2)
    with pytest.raises(TooSoon, match="has passed"):
        schedules.undo_cancel(cancelled)
    with pytest.raises(TooSoon, match="has passed"):
        schedules.resume(paused)
    due_at = clock() + timedelta(hours=1)
    assert schedules.reschedule(cancelled, due_at=due_at, wall="2026-11-02T16:00:00", zone="Europe/Berlin").settled


@on_the_engine
def test_a_cancelled_post_cannot_be_changed(schedules, ledger, a_post):
    plan = schedules.schedule(a_post())
    cancelled = schedules.cancel(plan)
    better = plan.post.model_copy(update={"text": "Better"})
    edit = partial(schedules.edit, post=better)
    for change in (schedules.pause, schedules.resume, schedules.send_now, edit):
        with pytest.raises(PostCancelled):
            change(cancelled)
    with pytest.raises(ChangedElsewhere):
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert ledger.get(plan.post.post_id) == cancelled


@on_the_engine
def test_shortly_before_the_due_instant_a_post_can_be_rescheduled_and_paused_but_not_edited(schedules, clock, a_post):
    post = a_post(due_at=clock() + timedelta(seconds=10))
    plan = schedules.schedule(post)
    clock.move(seconds=8)
    plan = schedules.edit(plan, plan.post.model_copy(update={"text": "In time"}))
    clock.move(seconds=1)
    with pytest.raises(TooLateToChange):
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert schedules.plan(post.post_id) == plan
    rescheduled = schedules.reschedule(
        plan, due_at=clock() + timedelta(hours=1), wall="2026-11-02T14:00:19", zone="Europe/Berlin"
    )
    assert rescheduled.settled
    assert schedules.pause(rescheduled).settled


@on_the_engine
def test_a_post_that_has_just_fired_cannot_be_edited(schedules, clock, a_post):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=10)))
    clock.move(seconds=11)
    with pytest.raises(TooLateToChange) as refused:
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert "If it is not published yet" in refused.value.hint
    assert schedules.plan(plan.post.post_id).post.revision == 1


@on_the_engine
def test_a_claimed_post_cannot_be_changed(schedules, ledger, claimed, assert_synced, a_post, clock):
    plan = schedules.schedule(a_post())
    claimed(plan.post)
    later = clock() + timedelta(hours=2)
    changes = (
        lambda: schedules.cancel(plan),
        lambda: schedules.pause(plan),
        lambda: schedules.send_now(plan),
        lambda: schedules.edit(plan, plan.post.model_copy(update={"text": "Better"})),
        lambda: schedules.reschedule(plan, due_at=later, wall="2026-11-02T15:00:00", zone="Europe/Berlin"),
    )
    for change in changes:
        with pytest.raises(AlreadyGoingOut):
            change()
    assert ledger.get(plan.post.post_id) == plan


@on_the_engine
def test_a_series_cannot_be_rescheduled_or_sent_now(schedules, a_series, clock):
    plan = schedules.schedule(a_series())
    with pytest.raises(PostRepeats):
        schedules.send_now(plan)
    with pytest.raises(PostRepeats):
        schedules.reschedule(plan, due_at=clock() + timedelta(days=1), wall=plan.post.wall, zone=plan.post.zone)
    assert schedules.plan(plan.post.post_id) == plan


# Post now


def test_post_now_invokes_the_relay_without_a_schedule(
    schedules, lambda_client, schedule_names, assert_synced, clock, a_post
):
    plan = schedules.post_now(a_post())
    (payload,) = lambda_client.payloads
    assert (payload.due_at, payload.revision, payload.text) == (clock(), 1, a_post().text)
    assert plan.post.wall == "2026-11-02T13:00:00"
    assert schedule_names() == []
    assert_synced(plan.post.post_id)


@on_the_engine
def test_post_now_is_idempotent(schedules, lambda_client, clock, a_post):
    first = schedules.post_now(a_post())
    clock.move(seconds=1)
    assert schedules.post_now(a_post()) == first
    assert len(lambda_client.payloads) == 1


@on_the_engine
def test_a_scheduled_post_can_be_posted_now_with_another_text(schedules, lambda_client, assert_synced, clock, a_post):
    schedules.schedule(a_post())
    plan = schedules.post_now(a_post(text="Better"))
    assert [(payload.revision, payload.text) for payload in lambda_client.payloads] == [(2, "Better")]
    assert_synced(plan.post.post_id)


def test_a_post_that_is_sent_now_loses_its_schedule(
    schedules, lambda_client, schedule_names, assert_synced, clock, a_post
):
    plan = schedules.send_now(schedules.schedule(a_post()))
    (payload,) = lambda_client.payloads
    assert (payload.due_at, payload.revision) == (clock(), 2)
    assert schedule_names() == []
    assert_synced(plan.post.post_id)


@on_the_engine
def test_a_paused_post_can_be_sent_now(schedules, lambda_client, schedule_names, clock, a_post):
    schedules.send_now(schedules.pause(schedules.schedule(a_post())))
    assert [payload.revision for payload in lambda_client.payloads] == [3]
    assert schedule_names() == []


@on_the_engine
def test_post_now_stores_an_invocation_in_the_engine(make_schedules, clients, store, clock, a_post):
    make_schedules(lambda_client=clients.functions).post_now(a_post())
    assert store.next_due() == clock()


# Retry


@on_the_engine
def test_a_retry_ignores_lateness(schedules, lambda_client, ledger, claimed, ended, clock, a_post):
    plan = schedules.schedule(a_post())
    payload, _ = claimed(plan.post)
    ended(payload, "refused")
    clock.move(days=3, seconds=59)
    schedules.retry(payload, ["outbox"])
    (again,) = lambda_client.payloads
    assert again.due + timedelta(minutes=again.late_after_minutes) >= clock() + timedelta(hours=1)
    assert again.model_copy(update={"late_after_minutes": 60}) == payload
    assert claimed(plan.post)[1].verdict == "granted"


@on_the_engine
def test_a_post_that_was_missed_because_of_a_wrong_clock_can_be_retried_before_its_time(
    schedules, lambda_client, ledger, clock, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(hours=5)))
    payload = invocation_of(plan.post, plan.post.due_at)
    ledger.record(payload, Receipt(kind="missed", at=clock() + timedelta(days=1), revision=1))
    schedules.retry(payload, ["outbox"])
    (again,) = lambda_client.payloads
    assert again.late_after_minutes > 60


@on_the_engine
def test_a_retry_that_cannot_invoke_the_relay_keeps_the_result(
    make_schedules, schedules, ledger, claimed, ended, a_post
):
    class Unreachable:
        def invoke(self, **_):
            raise OSError("the connection was lost")

    plan = schedules.schedule(a_post())
    payload, _ = claimed(plan.post)
    ended(payload, "refused")
    with pytest.raises(OSError, match="connection"):
        make_schedules(lambda_client=Unreachable()).retry(payload, ["outbox"])
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "refused"


@on_the_engine
def test_a_cancelled_missed_post_cannot_be_retried(schedules, lambda_client, ledger, clock, a_post):
    plan = schedules.schedule(a_post())
    payload = invocation_of(plan.post, plan.post.due_at)
    ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    schedules.cancel(plan)
    with pytest.raises(ChangedElsewhere):
        schedules.retry(payload, ["outbox"])
    assert lambda_client.payloads == []


@on_the_engine
def test_a_confirmed_publication_has_the_time_of_its_attempt(schedules, ledger, claimed, ended, clock, a_post):
    plan = schedules.schedule(a_post())
    clock.move(hours=1)
    payload, _ = claimed(plan.post)
    ended(payload, "unconfirmed")
    attempted_at = clock()
    clock.move(hours=5)
    schedules.confirm(payload, "outbox")
    found = outcome(ledger.occurrence(payload.occurrence_key))
    assert (found.state, found.published_at) == ("published", attempted_at)
    assert claimed(plan.post)[1].verdict == "published"


@on_the_engine
def test_the_group_is_created_once(scheduler):
    ensure_group(scheduler, "punctual")
    groups = scheduler.list_schedule_groups(NamePrefix="punctual")["ScheduleGroups"]
    assert [group["Name"] for group in groups] == ["punctual"]


@on_the_engine
def test_a_post_that_another_posting_server_has_taken_cannot_be_cancelled_and_restored(
    schedules, ledger, a_post, clock
):
    """A stale page offers it, and the post would go out twice."""
    plan = schedules.schedule(a_post())
    clock.now = plan.post.due_at
    taken = Receipt(kind="handed_over", at=clock(), revision=plan.post.revision)
    ledger.record(invocation_of(plan.post, plan.post.due_at), taken)
    with pytest.raises(AlreadyGoingOut):
        schedules.cancel(plan)
    assert [each.key for each in ledger.history(after=None, limit=10)] == [plan.post.post_id]
