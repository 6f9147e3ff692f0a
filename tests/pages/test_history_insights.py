"""Insights on History."""

from datetime import timedelta

import pytest

from core.accounts.port import Account
from core.ledger.port import Receipt

SALES = Account(destination="webhook:sales", label="Sales", address="https://sales.example")


@pytest.fixture
def history(application, browse, plan, fire, clock):
    """Open the insights after a post that was published at one account and refused at the other."""
    application.accounts.connect(SALES)
    payload = fire(plan("To both", minutes=1, destinations=["outbox", "webhook:sales"]))
    clock.move(minutes=2)
    for destination, kind in (("outbox", "published"), ("webhook:sales", "refused")):
        receipt = Receipt(
            kind=kind,
            at=payload.due + timedelta(milliseconds=40),
            revision=1,
            destination=destination,
            detail={"reason": "No such page." if kind == "refused" else None},
        )
        application.ledger.record(payload, receipt)
    session = browse("history")
    session.segmented_control(key="view").set_value("Insights").run()
    return session


def charts(session):
    return [each.proto.alt for each in session.get("vega_lite_chart")]


def figures(session):
    return {each.label: each.value for each in session.metric}


def test_the_figures_and_charts_of_the_period(history):
    assert figures(history) == {"Published": "1", "Within a second": "100.0%", "Not published": "1"}
    assert charts(history) == [
        "Bars of the posts published each day by account: 1 post in 30 days, most of them on Mon 2 Nov 2026.",
        "Bars of how late posts were: 1 up to 0.1 s.",
        "Bars of the posts that were not published each day by reason. 1 times: No such page.",
    ]
    assert [each.key for each in history.get("download_button")] == ["csv-posts-a-day", "csv-on-time", "csv-failures"]
    assert "Europe/Berlin" in history.shown


def test_the_filter_selects_the_accounts(history):
    history.multiselect(key="account").set_value(["webhook:sales"]).run()
    assert figures(history) == {"Published": "0", "Within a second": "none", "Not published": "1"}


def test_another_period(history, clock):
    clock.move(hours=8 * 24)
    history.segmented_control(key="days").set_value("7 days").run()
    assert "No posts in these days" in history.shown


def test_back_to_the_posts(history):
    history.segmented_control(key="view").set_value("Posts").run()
    assert history.texts == ["To both"]
