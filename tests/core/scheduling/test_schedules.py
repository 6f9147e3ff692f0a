"""What a person does with posts, on the engine and on moto."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.ledger.port import AlreadyGoingOut, ChangedElsewhere, Receipt, UnknownPost
from core.ledger.states import outcome
from core.posts.models import Media, Repeat
from core.posts.payload import PayloadTooLarge, invocation_of
from core.scheduling.refusals import Cancelled, Over, Repeats, TooFarAhead, TooLateToChange, TooSoon
from core.scheduling.schedules import FURTHEST_AHEAD

on_the_engine = pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
"""For what is decided before the scheduler is asked."""


@pytest.fixture
def claimed(ledger, clock):
    """Claim a post's publication, as the posting server does when it is due."""

    def claim(post, destination="outbox", **changed):
        payload = invocation_of(post, changed.pop("occurrence", post.due_at))
        asked = {"deduplicates": False, "prepared": None, "lease_until": clock() + timedelta(seconds=35)}
        return payload, ledger.claim(payload, destination, **asked, now=clock())

    return claim


@pytest.fixture
def ended(ledger, clock):
    """Say how a claimed publication ended."""

    def end(payload, kind, destination="outbox"):
        receipt = Receipt(kind=kind, at=clock(), revision=payload.revision, destination=destination)
        ledger.finish(payload, receipt)

    return end


# Scheduling


def test_what_is_scheduled_was_read_back_and_is_noted(schedules, agrees, a_post, names):
    plan = schedules.schedule(a_post(due_at=datetime(2026, 11, 24, 8, tzinfo=UTC)))
    assert plan.settled
    assert names() == ["post-20261124T080000Z-k3v9q2m4cx7a"]
    agrees(plan.post.post_id)


def test_a_series_is_scheduled_under_its_own_name(schedules, agrees, a_series, names):
    schedules.schedule(a_series())
    assert names() == ["repeat-k3v9q2m4cx7a"]
    agrees(a_series().post_id)


def test_a_double_click_schedules_once(schedules, names, a_post):
    first = schedules.schedule(a_post())
    assert schedules.schedule(a_post()) == first
    assert len(names()) == 1


@on_the_engine
def test_a_second_click_in_the_last_moment_is_not_too_soon(schedules, clock, a_post):
    post = a_post(due_at=clock() + timedelta(seconds=3))
    first = schedules.schedule(post)
    clock.move(seconds=2)
    assert schedules.schedule(post) == first


def test_a_draft_that_was_scheduled_already_is_changed_and_not_ignored(schedules, agrees, a_post):
    schedules.schedule(a_post())
    again = schedules.schedule(a_post(text="Better", due_at=a_post().due_at + timedelta(hours=1)))
    assert (again.post.text, again.post.revision) == ("Better", 2)
    agrees(again.post.post_id)


def test_a_draft_that_was_cancelled_meanwhile_is_scheduled_again(schedules, agrees, a_post):
    schedules.cancel(schedules.schedule(a_post()))
    again = schedules.schedule(a_post())
    assert again.wish == "active"
    agrees(again.post.post_id)


@on_the_engine
def test_a_post_is_planned_up_to_three_years_ahead_to_the_millisecond(schedules, clock, a_post):
    furthest = clock() + FURTHEST_AHEAD
    with pytest.raises(TooFarAhead):
        schedules.schedule(a_post(due_at=furthest + timedelta(milliseconds=1)))
    assert schedules.schedule(a_post(due_at=furthest)).settled


@on_the_engine
@pytest.mark.parametrize(
    ("ahead", "refusal", "words"),
    [
        (timedelta(hours=-1), TooSoon, "has passed"),
        (timedelta(0), TooSoon, "has passed"),
        (timedelta(seconds=1), TooSoon, "only a moment ahead"),
        (timedelta(days=4 * 365), TooFarAhead, "too far ahead"),
    ],
)
def test_an_instant_that_cannot_be_met_is_refused_and_nothing_is_written(
    schedules, ledger, names, clock, a_post, ahead, refusal, words
):
    with pytest.raises(refusal, match=words):
        schedules.schedule(a_post(due_at=clock() + ahead))
    assert ledger.get(a_post().post_id) is None
    assert names() == []


@on_the_engine
def test_the_earliest_time_is_named(make_schedules, clock, a_post):
    on_aws = make_schedules(notice=timedelta(minutes=2))
    with pytest.raises(TooSoon) as refusal:
        on_aws.schedule(a_post(due_at=clock() + timedelta(seconds=119)))
    assert refusal.value.earliest == clock() + timedelta(minutes=2)
    assert "Mon 2 Nov 2026, 13:02 Europe/Berlin" in refusal.value.hint
    assert on_aws.schedule(a_post(due_at=refusal.value.earliest)).settled


@on_the_engine
def test_a_text_that_does_not_fit_is_refused_and_nothing_is_written(schedules, ledger, a_post):
    for act in (schedules.schedule, schedules.post_now):
        with pytest.raises(PayloadTooLarge):
            act(a_post(text="x" * 200_000))
    assert ledger.get(a_post().post_id) is None
    plan = schedules.schedule(a_post())
    with pytest.raises(PayloadTooLarge):
        schedules.edit(plan, plan.post.model_copy(update={"text": "x" * 200_000}))
    assert schedules.plan(plan.post.post_id) == plan


@on_the_engine
def test_a_series_whose_last_date_has_passed_is_refused(schedules, clock, a_series):
    rule = Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=2))
    plan = schedules.schedule(a_series(repeat=rule))
    schedules.cancel(plan)
    clock.move(days=3)
    with pytest.raises(Over):
        schedules.undo_cancel(schedules.plan(plan.post.post_id))


@on_the_engine
def test_what_was_never_planned_is_unknown(schedules):
    with pytest.raises(UnknownPost):
        schedules.plan("000000000000")


# Changes


def test_what_goes_out_and_where_changes_under_the_same_name(schedules, agrees, names, a_post):
    plan = schedules.schedule(a_post())
    media = Media(reference="a" * 64, kind="picture", content_type="image/png", size=1, alt="A heron")
    said = {"text": "Better", "destinations": ("outbox", "webhook:sales"), "media": (media,)}
    said["variants"] = {"webhook:sales": "Cheaper"}
    elsewhen = {"wall": "2031-01-01T00:00:00", "zone": "Asia/Tokyo"}
    edited = schedules.edit(plan, plan.post.model_copy(update=said | elsewhen))
    assert edited.post == plan.post.model_copy(update=said | {"revision": 2})
    assert names() == [plan.schedule_name]
    agrees(plan.post.post_id)


def test_another_time_is_another_name_and_the_old_one_is_gone(schedules, agrees, names, a_post):
    plan = schedules.schedule(a_post())
    due_at = datetime(2026, 12, 24, 8, tzinfo=UTC)
    moved = schedules.reschedule(plan, due_at=due_at, wall="2026-12-24T17:00:00", zone="Asia/Tokyo")
    assert (moved.post.due_at, moved.post.wall, moved.post.zone) == (due_at, "2026-12-24T17:00:00", "Asia/Tokyo")
    assert names() == ["post-20261224T080000Z-k3v9q2m4cx7a"]
    agrees(plan.post.post_id)


def test_a_series_gets_another_rule(schedules, agrees, held, a_series):
    plan = schedules.schedule(a_series())
    rule = Repeat(expression="cron(30 18 ? * FRI *)")
    schedules.change_rule(plan, repeat=rule, wall="2026-11-06T18:30:00", zone="Europe/London")
    found = held("repeat-k3v9q2m4cx7a")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "cron(30 18 ? * FRI *)",
        "Europe/London",
    )
    agrees(plan.post.post_id)


@pytest.mark.parametrize("kind", ["a_post", "a_series"])
def test_a_paused_post_is_held_but_does_not_fire(schedules, agrees, request, kind):
    plan = schedules.schedule(request.getfixturevalue(kind)())
    paused = schedules.pause(plan)
    assert paused.wish == "paused"
    agrees(plan.post.post_id)
    edited = schedules.edit(paused, paused.post.model_copy(update={"text": "Better"}))
    assert edited.wish == "paused"
    agrees(plan.post.post_id)
    assert schedules.resume(edited).wish == "active"
    agrees(plan.post.post_id)


def test_a_paused_post_that_gets_another_time_stays_paused(schedules, agrees, clock, a_post):
    paused = schedules.pause(schedules.schedule(a_post()))
    due_at = clock() + timedelta(days=1)
    moved = schedules.reschedule(paused, due_at=due_at, wall="2026-11-03T13:00:00", zone="Europe/Berlin")
    assert (moved.wish, moved.post.due_at) == ("paused", due_at)
    agrees(moved.post.post_id)
    with pytest.raises(TooSoon):
        schedules.reschedule(moved, due_at=clock(), wall="2026-11-02T13:00:00", zone="Europe/Berlin")


@pytest.mark.parametrize("kind", ["a_post", "a_series"])
def test_a_cancelled_post_is_gone_and_undo_brings_it_back(schedules, agrees, names, request, kind):
    plan = schedules.schedule(request.getfixturevalue(kind)())
    cancelled = schedules.cancel(plan)
    assert cancelled.wish == "cancelled"
    assert names() == []
    back = schedules.undo_cancel(cancelled)
    assert (back.wish, back.post.revision) == ("active", 3)
    agrees(plan.post.post_id)


@on_the_engine
def test_a_cancellation_made_twice_is_one(schedules, a_post):
    cancelled = schedules.cancel(schedules.schedule(a_post()))
    assert schedules.cancel(cancelled) == cancelled


@on_the_engine
def test_once_the_time_has_passed_neither_undo_nor_resume_brings_a_post_back(schedules, clock, a_post):
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
def test_what_was_cancelled_in_another_tab_is_not_changed(schedules, ledger, a_post):
    plan = schedules.schedule(a_post())
    cancelled = schedules.cancel(plan)
    better = plan.post.model_copy(update={"text": "Better"})
    rule = {"repeat": Repeat(expression="cron(0 9 * * ? *)"), "wall": plan.post.wall, "zone": plan.post.zone}
    edit, change_rule = partial(schedules.edit, post=better), partial(schedules.change_rule, **rule)
    for change in (schedules.pause, schedules.resume, schedules.send_now, edit, change_rule):
        with pytest.raises(Cancelled):
            change(cancelled)
    with pytest.raises(ChangedElsewhere):
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert ledger.get(plan.post.post_id) == cancelled


@on_the_engine
def test_in_the_last_moment_the_text_is_fixed_but_the_post_can_still_be_stopped_or_moved(schedules, clock, a_post):
    post = a_post(due_at=clock() + timedelta(seconds=10))
    plan = schedules.schedule(post)
    clock.move(seconds=8)
    plan = schedules.edit(plan, plan.post.model_copy(update={"text": "In time"}))
    clock.move(seconds=1)
    with pytest.raises(TooLateToChange):
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert schedules.plan(post.post_id) == plan
    moved = schedules.reschedule(
        plan, due_at=clock() + timedelta(hours=1), wall="2026-11-02T14:00:19", zone="Europe/Berlin"
    )
    assert moved.settled
    assert schedules.pause(moved).settled


@on_the_engine
def test_the_text_of_a_post_that_has_just_fired_is_not_changed_under_its_relay(schedules, clock, a_post):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=10)))
    clock.move(seconds=11)
    with pytest.raises(TooLateToChange) as refused:
        schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert "If it is not out yet" in refused.value.hint
    assert schedules.plan(plan.post.post_id).post.revision == 1


@on_the_engine
def test_once_it_is_claimed_nothing_is_changed(schedules, ledger, claimed, agrees, a_post, clock):
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
def test_a_series_has_no_single_time(schedules, a_series, clock):
    plan = schedules.schedule(a_series())
    with pytest.raises(Repeats):
        schedules.send_now(plan)
    with pytest.raises(Repeats):
        schedules.reschedule(plan, due_at=clock() + timedelta(days=1), wall=plan.post.wall, zone=plan.post.zone)
    assert schedules.plan(plan.post.post_id) == plan


# At once


def test_post_now_hands_over_without_a_schedule(schedules, functions, names, agrees, clock, a_post):
    plan = schedules.post_now(a_post())
    (payload,) = functions.payloads
    assert (payload.due_at, payload.revision, payload.text) == (clock(), 1, a_post().text)
    assert plan.post.wall == "2026-11-02T13:00:00"
    assert names() == []
    agrees(plan.post.post_id)


@on_the_engine
def test_post_now_clicked_twice_is_handed_over_once(schedules, functions, clock, a_post):
    first = schedules.post_now(a_post())
    clock.move(seconds=1)
    assert schedules.post_now(a_post()) == first
    assert len(functions.payloads) == 1


@on_the_engine
def test_a_post_that_could_not_be_scheduled_in_time_can_be_posted_now(schedules, functions, agrees, clock, a_post):
    schedules.schedule(a_post())
    plan = schedules.post_now(a_post(text="Better"))
    assert [(payload.revision, payload.text) for payload in functions.payloads] == [(2, "Better")]
    agrees(plan.post.post_id)


def test_a_queued_post_is_sent_now_and_leaves_the_queue(schedules, functions, names, agrees, clock, a_post):
    plan = schedules.send_now(schedules.schedule(a_post()))
    (payload,) = functions.payloads
    assert (payload.due_at, payload.revision) == (clock(), 2)
    assert names() == []
    agrees(plan.post.post_id)


@on_the_engine
def test_a_paused_post_is_sent_now_as_well(schedules, functions, names, clock, a_post):
    schedules.send_now(schedules.pause(schedules.schedule(a_post())))
    assert [payload.revision for payload in functions.payloads] == [3]
    assert names() == []


@on_the_engine
def test_the_engine_takes_what_is_posted_now(make_schedules, clients, store, clock, a_post):
    make_schedules(functions=clients.functions).post_now(a_post())
    assert store.next_due() == clock()


# Trying again


@on_the_engine
def test_a_retry_goes_out_however_late_it_is(schedules, functions, ledger, claimed, ended, clock, a_post):
    plan = schedules.schedule(a_post())
    payload, _ = claimed(plan.post)
    ended(payload, "refused")
    clock.move(days=3, seconds=59)
    schedules.retry(payload, ["outbox"])
    (again,) = functions.payloads
    assert again.due + timedelta(minutes=again.late_after_minutes) >= clock() + timedelta(hours=1)
    assert again.model_copy(update={"late_after_minutes": 60}) == payload
    assert claimed(plan.post)[1].verdict == "yours"


@on_the_engine
def test_what_was_missed_by_a_clock_that_was_ahead_can_be_retried_before_its_time(
    schedules, functions, ledger, clock, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(hours=5)))
    payload = invocation_of(plan.post, plan.post.due_at)
    ledger.record(payload, Receipt(kind="missed", at=clock() + timedelta(days=1), revision=1))
    schedules.retry(payload, ["outbox"])
    (again,) = functions.payloads
    assert again.late_after_minutes > 60


@on_the_engine
def test_a_retry_that_cannot_be_handed_over_leaves_what_is_known(
    make_schedules, schedules, ledger, claimed, ended, a_post
):
    class Away:
        def invoke(self, **_):
            raise OSError("the line is down")

    plan = schedules.schedule(a_post())
    payload, _ = claimed(plan.post)
    ended(payload, "refused")
    with pytest.raises(OSError, match="line"):
        make_schedules(functions=Away()).retry(payload, ["outbox"])
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "refused"


@on_the_engine
def test_a_missed_post_that_was_cancelled_is_not_retried(schedules, functions, ledger, clock, a_post):
    plan = schedules.schedule(a_post())
    payload = invocation_of(plan.post, plan.post.due_at)
    ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    schedules.cancel(plan)
    with pytest.raises(ChangedElsewhere):
        schedules.retry(payload, ["outbox"])
    assert functions.payloads == []


@on_the_engine
def test_what_a_person_saw_is_published_at_the_time_it_was_tried(schedules, ledger, claimed, ended, clock, a_post):
    plan = schedules.schedule(a_post())
    clock.move(hours=1)
    payload, _ = claimed(plan.post)
    ended(payload, "unconfirmed")
    tried_at = clock()
    clock.move(hours=5)
    schedules.confirm(payload, "outbox")
    found = outcome(ledger.occurrence(payload.occurrence_key))
    assert (found.state, found.published_at) == ("published", tried_at)
    assert claimed(plan.post)[1].verdict == "published"


@on_the_engine
def test_the_group_is_made_once(schedules, scheduler):
    schedules.ensure_group()
    groups = scheduler.list_schedule_groups(NamePrefix="punctual")["ScheduleGroups"]
    assert [group["Name"] for group in groups] == ["punctual"]
