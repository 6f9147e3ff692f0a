"""Many posts are planned and armed together, with the same results as one by one."""

from datetime import timedelta

import pytest

from core.aws_errors import AwsUnavailable, InvalidScheduleRequest, ScheduleNameTaken
from core.backends.engine_schedules import EngineSchedules
from core.posts.series import runs_of
from core.scheduling.arming import schedule_request
from core.scheduling.batch import BatchScheduling
from core.scheduling.many_schedules import ConcurrentSchedules
from core.scheduling.refusals import TooSoon


@pytest.fixture
def many(scheduler, request):
    """Return the port on the scheduler of the test."""
    on_engine = request.node.callspec.params["scheduler"] == "engine"
    return EngineSchedules(request.getfixturevalue("api")) if on_engine else ConcurrentSchedules(scheduler)


@pytest.fixture
def batch(schedules, ledger, many, target, clock):
    return BatchScheduling(schedules, ledger, many, target=target, notice=timedelta(seconds=1), clock=clock)


@pytest.fixture
def posts(a_post, a_series):
    """Return posts at several instants, and a series."""
    due = a_post().due_at
    found = [a_post(post_id=f"{number:012d}", due_at=due + timedelta(hours=number)) for number in range(5)]
    return [*found, a_series(post_id="9" * 12)]


def ids(posts):
    return [post.post_id for post in posts]


def test_posts_are_armed_together_as_one_by_one(batch, posts, assert_synced):
    results = batch.schedule(posts)
    assert {post_id: result.error for post_id, result in results.items()} == dict.fromkeys(ids(posts))
    for post in posts:
        assert results[post.post_id].plan.post == post
        assert_synced(post.post_id)


def test_a_known_post_is_left_out_and_stays_as_it_is(batch, posts, schedules, ledger):
    edited = schedules.schedule(posts[0].model_copy(update={"text": "Edited"}))
    assert list(batch.schedule(posts)) == ids(posts[1:])
    assert ledger.get(posts[0].post_id) == edited


def test_a_post_that_is_too_soon_does_not_keep_the_others_back(batch, posts, ledger, clock, assert_synced):
    soon = posts[0].model_copy(update={"due_at": clock()})
    results = batch.schedule([soon, *posts[1:]])
    assert isinstance(results[soon.post_id].error, TooSoon)
    assert ledger.get(soon.post_id) is None
    assert_synced(posts[1].post_id)


def test_a_name_that_is_taken_by_another_schedule_is_overwritten(batch, posts, scheduler, target, clock, assert_synced):
    other = schedule_request(posts[0].model_copy(update={"text": "Another"}), target, clock(), enabled=True)
    scheduler.create_schedule(**other | {"ClientToken": "another"})
    assert not [each.error for each in batch.schedule(posts).values() if each.error]
    assert_synced(posts[0].post_id)


def test_a_post_that_is_cancelled_meanwhile_has_no_schedule(batch, posts, many, schedules, schedule_names, monkeypatch):
    create = many.create

    def cancelled_after(requests):
        errors = create(requests)
        schedules.cancel(schedules.plan(posts[0].post_id))
        return errors

    monkeypatch.setattr(many, "create", cancelled_after)
    results = batch.schedule(posts)
    assert results[posts[0].post_id].plan.desired == "cancelled"
    assert not [name for name in schedule_names() if name.endswith(posts[0].post_id)]


def test_a_post_that_becomes_due_before_its_schedule_is_created_is_invoked(
    batch, posts, ledger, clock, lambda_client, monkeypatch
):
    plan_all = ledger.plan_all

    def slow(found, *, now):
        planned = plan_all(found, now=now)
        clock.move(minutes=90)
        return planned

    monkeypatch.setattr(ledger, "plan_all", slow)
    assert batch.schedule(posts)[posts[0].post_id].plan.settled
    assert [payload.post_id for payload in lambda_client.payloads] == [posts[0].post_id]


def test_a_run_that_passes_before_the_schedule_of_its_series_is_created_is_invoked(
    batch, a_series, many, clock, lambda_client, monkeypatch
):
    series = a_series()
    (run,) = runs_of(series, after=clock(), count=1)
    create = many.create

    def late(requests):
        clock.now = run + timedelta(seconds=2)
        return create(requests)

    clock.now = run - timedelta(seconds=2)
    monkeypatch.setattr(many, "create", late)
    assert batch.schedule([series])[series.post_id].plan.settled
    assert [payload.due for payload in lambda_client.payloads] == [run]


def test_after_an_outage_the_plans_are_armed_by_the_repair(
    batch, posts, many, schedules, clock, monkeypatch, assert_synced
):
    with monkeypatch.context() as broken:
        broken.setattr(many, "create", lambda requests: [AwsUnavailable("It is down.")] * len(requests))
        results = batch.schedule(posts)
    assert {str(each.error) for each in results.values()} == {"It is down."}
    clock.move(minutes=5)
    assert schedules.repair() == []
    for post in posts:
        assert_synced(post.post_id)


@pytest.mark.parametrize("scheduler", ["moto"], indirect=True)
def test_after_an_outage_no_further_request_is_sent(scheduler):
    sent = []

    class Down:
        def create_schedule(self, **request):
            sent.append(request["Name"])
            raise AwsUnavailable("It is down.")

    errors = ConcurrentSchedules(Down()).create([{"Name": str(number)} for number in range(200)])
    assert len(errors) == 200
    assert all(errors)
    assert len(sent) < 200


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_the_engine_refuses_single_requests_of_a_batch(many, posts, schedules, target, clock):
    good, bad, taken = (schedule_request(post, target, clock(), enabled=True) for post in posts[:3])
    schedules.schedule(posts[2])
    errors = many.create([good, bad | {"ScheduleExpression": "at(never)"}, taken | {"ClientToken": "another"}])
    assert [type(error) for error in errors] == [type(None), InvalidScheduleRequest, ScheduleNameTaken]
    assert list(many.stored(good["GroupName"], [good["Name"], bad["Name"]])) == [good["Name"]]
