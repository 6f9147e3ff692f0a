"""A redraw of a page costs few requests, however many posts it shows."""

from collections import Counter
from datetime import timedelta

import pytest

from core.application import Application
from core.ledger.history import runs
from core.ledger.port import Receipt
from core.posts.models import new_post_id
from core.posts.payload import invocation_of, write_schedule
from core.scheduling.calendar_view import calendar_view
from core.scheduling.missing_runs import missing_runs
from core.scheduling.upcoming import destinations_due, queue, upcoming, without_schedule
from core.settings import Settings
from lambda_pkg.receipts import LIST_PARTITIONS

POSTS = 12


@pytest.fixture
def on_one_machine(tmp_path, clock):
    application = Application(Settings(home=tmp_path / "home"), clock)
    yield application
    application.close()


@pytest.fixture(params=["on_one_machine", "open_application"], ids=["one machine", "aws"])
def application(request, deployed):
    """Return an application with some scheduled posts, a repeating one and a published one."""
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, Application) else found()


@pytest.fixture
def posts(application, a_post, a_series, clock):
    plan = application.schedules.schedule
    plans = [plan(a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=n + 1))) for n in range(POSTS)]
    plan(a_series(post_id=new_post_id()))
    for hours in range(1, 4):
        payload = invocation_of(plans[0].post, clock() - timedelta(hours=hours))
        published = Receipt(kind="published", at=clock(), revision=1, destination=payload.destinations[0])
        payload = payload.model_copy(update={"post_id": new_post_id()})
        application.ledger.record(payload, published)
        application.ledger.record(payload, Receipt(kind="handed_over", at=clock(), revision=1))
    return plans


@pytest.fixture
def requests(application, posts, monkeypatch):
    """Count the requests by operation: to AWS or to the engine, and the reads of the ledger's file."""
    counted = Counter()
    scheduler, database = application.backend.scheduler_client, application.backend.databases
    clients = [scheduler] if database else [scheduler, application.ledger._table._client]
    for client in clients:
        client.meta.events.register("before-call", lambda model, **_: counted.update([model.name]))
    for name in ("read", "snapshot") if database else ():
        method = getattr(database[0], name)
        noted = lambda *arguments, method=method: (counted.update(["read"]), method(*arguments))[1]  # noqa: E731
        monkeypatch.setattr(database[0], name, noted)
    return counted


def test_the_queue_is_one_listing_and_one_read_of_the_plans(application, posts, requests, clock):
    found = upcoming(application.listing, application.ledger, clock(), clock() + timedelta(days=9), limit=100)
    assert [each.text for each in found.entries] == [posts[0].post.text] * (POSTS + 1)
    due_and_series, plans = {"Query": 2 * LIST_PARTITIONS}, {"BatchGetItem": 2}
    assert requests == {"ListSchedules": 1} | ({"read": 3} if application.one_machine else {**due_and_series, **plans})


def test_posts_without_a_schedule_cost_one_read_of_each_list(application, posts, requests, clock):
    queue(application.listing, application.ledger, clock(), clock() + timedelta(days=9), limit=100)
    aws = {"Query": 4 * LIST_PARTITIONS, "BatchGetItem": 2}
    assert requests == {"ListSchedules": 1} | ({"read": 5} if application.one_machine else aws)


def test_the_accounts_of_the_next_posts_are_read_from_the_ledger(application, posts, requests, clock):
    assert destinations_due(application.listing, application.ledger, clock(), clock() + timedelta(days=1)) == {"outbox"}
    assert requests == {"ListSchedules": 1} | ({"read": 1} if application.one_machine else {"BatchGetItem": 1})


def test_a_month_reads_the_receipts_of_a_published_post_once(application, posts, requests, clock):
    month = clock() - timedelta(days=2), clock() + timedelta(days=2)
    first = calendar_view(application.listing, application.ledger, *month, clock())
    requests.clear()
    assert calendar_view(application.listing, application.ledger, *month, clock()) == first
    aws = {"Query": 4 * LIST_PARTITIONS, "BatchGetItem": 3}
    assert requests == {"ListSchedules": 1} | ({"read": 5} if application.one_machine else aws)


def test_history_shows_a_retry_of_a_run_that_was_read_before(application, clock, a_post):
    payload = invocation_of(a_post(), clock())
    refused = Receipt(kind="refused", at=clock(), revision=1, destination=payload.destinations[0])
    application.ledger.record(payload, refused)
    application.ledger.record(payload, Receipt(kind="handed_over", at=clock(), revision=1))
    assert [run.state for run in runs(application.ledger, limit=5)] == ["refused"]
    published = Receipt(kind="published", at=clock(), revision=1, attempt=2, destination=payload.destinations[0])
    application.ledger.record(payload, published)
    assert [run.state for run in runs(application.ledger, limit=5)] == ["published"]


def test_a_schedule_that_the_ledger_does_not_know_is_read_once(application, posts, requests, clock, a_post):
    post, target = a_post(post_id=new_post_id(), text="From elsewhere"), application.backend.target
    application.backend.scheduler_client.create_schedule(**write_schedule(post, target, enabled=True))
    for _ in range(3):
        found = upcoming(application.listing, application.ledger, clock(), clock() + timedelta(days=9), limit=100)
        assert "From elsewhere" in {each.text for each in found.entries}
    assert requests["GetSchedule"] == 1


def test_posts_that_wait_for_a_person_are_read_together(application, requests, clock, a_post):
    for hours in range(1, 21):
        payload = invocation_of(a_post(post_id=new_post_id()), clock() - timedelta(hours=hours))
        refused = Receipt(kind="refused", at=clock(), revision=1, destination=payload.destinations[0])
        application.ledger.record(payload, refused)
    requests.clear()
    assert len(application.waiting.read().posts) == 20
    lists_and_receipts = 5 * LIST_PARTITIONS + 23
    aws = {"Query": lists_and_receipts, "BatchGetItem": 3}
    assert requests == ({"read": 6} if application.one_machine else aws)


def test_the_missing_runs_of_many_series_are_found_in_two_reads(application, requests, clock, a_series):
    series = [a_series(post_id=new_post_id()) for _ in range(20)]
    application.ledger.settle_all([*application.ledger.plan_all(series, now=clock()).values()], now=clock())
    clock.move(days=2)
    plans = application.ledger.series(limit=100)
    requests.clear()
    assert len(missing_runs(application.ledger, plans, clock())) == len(plans) == 21
    assert requests == ({"read": 2} if application.one_machine else {"BatchGetItem": 2})


def test_many_posts_without_a_schedule_cost_no_more_than_one(application, requests, clock, a_post):
    unarmed = [a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=1)) for _ in range(20)]
    application.ledger.plan_all(unarmed, now=clock())
    clock.move(seconds=15)
    requests.clear()
    assert len(without_schedule(application.ledger, clock())) == 20
    assert requests == ({"read": 3} if application.one_machine else {"Query": 2 * LIST_PARTITIONS, "BatchGetItem": 2})


def test_many_plans_of_a_period_are_read_up_to_the_limit(application, posts, requests, clock):
    begin, end = clock(), clock() + timedelta(days=1)
    assert len(application.ledger.due(due_from=begin, due_before=end, limit=3)) == 3
    assert requests == ({"read": 1} if application.one_machine else {"Query": LIST_PARTITIONS, "BatchGetItem": 1})
