"""The requests of pages and actions on AWS: how many there are, however many posts there are."""

from datetime import timedelta

import pytest

from core.bulk.batches import batch_scheduling
from core.ledger.port import Receipt
from core.posts.models import Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.timetable.timetable import suggested

POSTS = 40


def a_post(due_at, **changed):
    members = {
        "text": "Good morning",
        "destinations": ("outbox",),
        "zone": "Europe/Berlin",
        "due_at": due_at,
        **changed,
    }
    return Post(post_id=new_post_id(), wall="2026-11-02T14:00:00", **members)


@pytest.fixture
def application(serialized_moto, application_on_aws):
    return application_on_aws


@pytest.fixture
def posts(application, clock):
    """Plan posts of two days and a series, and record posts that were refused."""
    coming = [a_post(clock() + timedelta(hours=1 + number)) for number in range(POSTS)]
    series = a_post(None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    results = batch_scheduling(application).schedule([*coming, series])
    assert all(each.plan.settled for each in results.values())
    for hours in range(1, 11):
        due_at = clock() - timedelta(hours=hours)
        payload = invocation_of(a_post(due_at), due_at)
        refused = Receipt(kind="refused", at=clock(), revision=1, destination=payload.destinations[0])
        application.ledger.record(payload, refused)
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    return coming


@pytest.fixture
def requests(posts, fault_injector):
    """Return the operations of the requests to AWS since the last `clear`."""
    fault_injector.requests.clear()
    return fault_injector.requests


@pytest.mark.parametrize(("page", "most"), [("queue", 110), ("calendar", 150), ("compose", 95)])
def test_a_page_needs_no_request_for_each_post(requests, browse, page, most):
    browse(page)
    assert len(requests) <= most
    assert requests.count("GetSchedule") == 0


def test_actions_need_no_request_for_each_post(requests, browse, posts, clock):
    queue = browse("queue")
    clock.move(seconds=10)
    requests.clear()
    queue.text_input(key="search").set_value("nothing has this").run()
    assert len(requests) <= 50
    queue.text_input(key="search").set_value("").run()
    requests.clear()
    queue.click("cancel", posts[0].post_id)
    assert len(requests) <= 120
    assert [requests.count(each) for each in ("DeleteSchedule", "PutItem")] == [1, 2]


def test_scheduling_writes_each_item_once(requests, browse, clock):
    compose = browse("compose")
    compose.write("Good morning")
    clock.move(seconds=10)
    requests.clear()
    compose.schedule()
    assert "Scheduled" in compose.shown
    assert len(requests) <= 130
    assert [requests.count(each) for each in ("CreateSchedule", "GetSchedule")] == [1, 1]
    assert requests.count("PutItem") + requests.count("TransactWriteItems") == 4  # claim, plan, its arming, draft
