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
