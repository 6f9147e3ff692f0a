"""All sessions of a process share their reads, which are repeated when the data change or grow old."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from core.application import Application
from core.ledger.port import Receipt
from core.posts.models import new_post_id
from core.posts.payload import invocation_of
from core.scheduling.post_views import OFTEN, SELDOM
from core.scheduling.shared_reads import KEPT, SharedReads
from core.settings import Settings


@pytest.fixture
def one_machine(tmp_path, clock):
    application = Application(Settings(home=tmp_path / "home"), clock)
    yield application
    application.close()


@pytest.fixture
def listings(one_machine):
    """Return a list that grows with each ListSchedules request."""
    sent = []
    events = one_machine.backend.scheduler_client.meta.events
    events.register("before-call.scheduler.ListSchedules", lambda **_: sent.append(1))
    return sent


@pytest.fixture
def plan(one_machine, a_post, clock):
    def schedule(minutes):
        return one_machine.schedules.schedule(
            a_post(post_id=new_post_id(), due_at=clock() + timedelta(minutes=minutes))
        )

    return schedule


@pytest.fixture
def look(one_machine, clock):
    """Read the queue as one browser tab does."""
    end = clock() + timedelta(days=9)
    return lambda: one_machine.views.upcoming(end, limit=20).entries


def test_twenty_tabs_cost_one_read(plan, look, listings):
    plan(60)
    assert len(look()) == 1
    listings.clear()
    for _ in range(20):
        look()
    assert listings == []


def test_tabs_that_look_at_once_wait_for_one_read(clock):
    together, reads = Barrier(8), []
    shared = SharedReads(lambda: 0, clock)

    def tab(_):
        together.wait()
        return shared.get("key", lambda: reads.append(1) or len(reads), kept_for=SELDOM)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tab, range(8))) == [1] * 8


def test_a_change_by_this_process_is_read_at_once(plan, look, one_machine):
    first = plan(60)
    assert len(look()) == 1
    plan(70)
    assert len(look()) == 2
    one_machine.schedules.cancel(first)
    assert len(look()) == 1


def test_a_change_by_another_process_on_this_machine_is_read_at_once(plan, look, one_machine, clock):
    first = plan(60)
    look()
    other = Application(one_machine.settings, clock)
    other.schedules.cancel(first)
    other.close()
    assert look() == []


def test_a_schedule_that_fires_is_read_at_once(plan, look, one_machine, clock):
    target = one_machine.settings.group
    first = plan(60)
    look()
    one_machine.backend.scheduler_client.delete_schedule(Name=first.schedule_name, GroupName=target)
    assert look() == []


def test_on_aws_the_writes_of_this_process_are_noticed(open_application, a_post):
    application = open_application()
    before = application.backend.change_count()
    assert application.backend.change_count() == before
    application.schedules.schedule(a_post(post_id=new_post_id()))
    assert application.backend.change_count() != before


def test_an_old_read_is_repeated(plan, look, listings, clock):
    plan(60)
    look()
    listings.clear()
    clock.move(seconds=SELDOM.total_seconds() - 1)
    look()
    asked = len(listings)
    clock.move(seconds=1)
    look()
    assert len(listings) > asked


def test_pages_are_refreshed_often_only_while_a_post_is_due_within_a_minute(plan, one_machine, clock, fire_and_publish):
    assert one_machine.views.refresh_interval() == SELDOM
    first = plan(10)
    assert one_machine.views.refresh_interval() == SELDOM
    clock.move(minutes=9, seconds=1)
    assert one_machine.views.refresh_interval() == OFTEN
    fire_and_publish(first)
    assert one_machine.views.refresh_interval() == SELDOM


@pytest.fixture
def fire_and_publish(one_machine, clock):
    def fire(plan):
        client, group = one_machine.backend.scheduler_client, one_machine.settings.group
        client.delete_schedule(Name=plan.schedule_name, GroupName=group)
        payload = invocation_of(plan.post, plan.post.due_at)
        for destination in payload.destinations:
            published = Receipt(kind="published", at=clock(), revision=1, destination=destination)
            one_machine.ledger.record(payload, published)

    return fire


def test_a_repeating_post_that_runs_within_a_minute_counts(one_machine, a_series, clock):
    clock.move(hours=19, minutes=59, seconds=20)  # 08:59:20 in Berlin
    one_machine.schedules.schedule(a_series(post_id=new_post_id()))
    assert one_machine.views.refresh_interval() == OFTEN


def test_an_error_is_not_kept(clock):
    shared = SharedReads(lambda: 0, clock)
    with pytest.raises(ZeroDivisionError):
        shared.get("key", lambda: 1 / 0, kept_for=SELDOM)
    assert shared.get("key", lambda: 1, kept_for=SELDOM) == 1


def test_the_reads_used_longest_ago_make_room(clock):
    shared, reads = SharedReads(lambda: 0, clock), []
    for key in [*range(KEPT), 0, KEPT, 0, 1]:
        shared.get(key, lambda key=key: reads.append(key), kept_for=SELDOM)
    assert reads == [*range(KEPT), KEPT, 1]


def test_a_search_reads_the_plans_again_only_after_a_change_of_the_ledger(one_machine, plan, clock, monkeypatch):
    plan(60)
    asked = []
    due_with = one_machine.ledger.due_with
    monkeypatch.setattr(
        one_machine.ledger,
        "due_with",
        lambda words, **period: asked.append(period["limit"]) or due_with(words, **period),
    )
    end = clock() + timedelta(days=9)
    views = one_machine.views
    assert len(views.searchable(end).entries) == 1
    clock.move(minutes=2)
    one_machine.backend.scheduler_client.create_schedule_group(Name="another")
    assert len(views.searchable(end).entries) == 1
    assert asked == [views.searched]
    plan(90)
    assert len(views.searchable(end).entries) == 2


def test_a_search_on_one_machine_reads_only_the_posts_with_its_words(one_machine, plan, clock):
    plan(60)
    end = clock() + timedelta(days=9)
    text = one_machine.views.searchable(end).entries[0].text
    word = text.split()[0].casefold()
    assert [each.text for each in one_machine.views.searchable(end, words=(word,)).entries] == [text]
    assert one_machine.views.searchable(end, words=(word, "winter")).entries == []


def test_a_search_does_not_return_posts_whose_time_has_passed(one_machine, plan, clock):
    plan(60)
    end = clock() + timedelta(days=9)
    assert one_machine.views.searchable(end).entries
    clock.move(minutes=65)
    assert not one_machine.views.searchable(end).entries
