"""Compose says of an account that a post would not go out to it."""

import pytest

from core.accounts.port import Account

SALES = Account(destination="webhook:sales", label="sales (webhook)", address="https://sales.example")


@pytest.fixture
def sales(application):
    application.accounts.connect(SALES)
    return application.networks["webhook"]


@pytest.fixture
def compose(browse, sales):
    """Compose, with the account chosen beside the outbox."""
    page = browse("compose")
    pills(page).set_value(["outbox", "webhook:sales"]).run()
    return page


def pills(page):
    return page.pills(key=f"destinations-{page.session_state['draft']}")


def warned(page):
    return " ".join(found.value for found in page.warning).replace("\\", "")


def disable(application):
    application.accounts.connect(SALES.model_copy(update={"enabled": False}))


def test_an_account_that_works_is_not_spoken_of(compose, application):
    application.account_watch.check("webhook:sales")
    assert "sales" not in warned(compose.run())


def test_an_account_in_trouble_is_flagged_while_it_is_chosen(compose, application, sales, monkeypatch, clock):
    monkeypatch.setattr(sales, "check", lambda _: "The token was revoked.")
    application.account_watch.check("webhook:sales")
    clock.move(hours=2)
    assert "**sales (webhook)**: The token was revoked. First seen 2 hours ago." in warned(compose.run())
    pills(compose).set_value(["outbox"]).run()
    assert "sales" not in warned(compose)


def test_a_disabled_account_is_not_offered(browse, sales, application):
    disable(application)
    assert pills(browse("compose")).options == ["Outbox (built in)"]


def test_an_account_that_is_disabled_while_it_is_chosen_is_flagged_refused_and_taken_off(compose, application):
    disable(application)
    page = compose.run()
    assert "**sales (webhook)** is disabled." in warned(page)
    assert pills(page).value == ["outbox", "webhook:sales"]
    page.text_area(key=f"text-{page.session_state['draft']}").set_value("Hello")
    page.button(key=f"schedule-{page.session_state['draft']}").click().run()
    assert "sales (webhook) is disabled." in " ".join(found.value for found in page.error).replace("\\", "")
    pills(page).set_value(["outbox"]).run()
    assert not page.exception
    assert pills(page).value == ["outbox"]
    assert pills(page).options == ["Outbox (built in)"]
