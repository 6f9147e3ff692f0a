"""The filters in the address, on the Queue page."""

import pytest

from core.accounts.port import Account


@pytest.fixture
def sales(application):
    """Connect a second account."""
    application.accounts.connect(
        Account(destination="webhook:sales", label="Sales team", credentials={"url": "https://a.example", "secret": ""})
    )


@pytest.fixture
def open_address(application, new_session):
    """Open the Queue at an address with these parameters."""

    def open_queue(**parameters):
        session = new_session()
        for name, value in parameters.items():
            session.query_params[name] = value
        return session.open("queue")

    return open_queue


def test_a_bookmarked_view_is_back_with_its_filters(open_address, plan, sales):
    plan("Coffee at nine", destinations=("webhook:sales",))
    plan("Tea at ten", destinations=("webhook:sales",))
    plan("Coffee in the outbox")
    queue = open_address(search="coffee", account=["Sales team"], state=["Scheduled"])
    assert queue.texts == ["Coffee at nine"]
    assert queue.multiselect(key="account").value == ["webhook:sales"]


def test_broken_values_in_the_address_exclude_nothing(open_address, plan):
    plan("Coffee at nine")
    queue = open_address(account=["nobody", "\ud7ff<b>"], state=["Drunk"], label=["gone"], search="")
    assert queue.texts == ["Coffee at nine"]


def test_the_queue_begins_with_the_day_in_the_address(open_address, plan):
    plan("Today")
    plan("In three days", minutes=3 * 24 * 60)
    plan("In twelve days", minutes=12 * 24 * 60)
    queue = open_address(**{"from": "2026-11-05"})
    assert queue.texts == ["In three days", "In twelve days"]
    queue.segmented_control(key="window").set_value("7 days").run()
    assert queue.texts == ["In three days"]
    queue.click("show-all")
    assert queue.texts == ["Today", "In three days", "In twelve days"]


def test_the_filter_button_counts_what_the_address_sets(open_address, plan, monkeypatch):
    monkeypatch.setattr("ui.posts.queue_list.PAGE", 2)
    for day in range(4):
        plan(f"Day {day}", minutes=60 + day * 24 * 60)
    plan("Far", minutes=30 * 24 * 60)
    queue = open_address(window="7 days", state="Scheduled")
    assert [
        each.proto.popover.label for each in queue.get("popover") if each.proto.popover.label.startswith("Filter")
    ] == ["Filter (2)"]
    assert "5 posts, 4 shown" in queue.shown


def test_the_density_and_the_page_are_in_the_address(open_address, plan, monkeypatch):
    monkeypatch.setattr("ui.posts.queue_list.PAGE", 2)
    for minutes in range(10, 15):
        plan(f"Post {minutes}\n2\n3\n4", minutes=minutes)
    queue = open_address(rows="Dense", page="3")
    assert queue.texts == ["Post 14\n2 …"]
    assert "in 14 minutes" not in queue.shown


@pytest.mark.parametrize("number", ["0", "-1", "9z", "½", "99999999999999999999"])
def test_a_page_that_does_not_exist_is_another_one(open_address, plan, number):
    plan("Only one")
    assert open_address(page=number).texts == ["Only one"]


def test_the_number_of_posts_and_of_those_shown_is_named(open_address, plan):
    for text in ("Coffee", "Coffee again", "Tea"):
        plan(text)
    assert "**3 posts**" in open_address().shown
    assert "**3 posts, 2 shown**" in open_address(search="COFFEE").shown
