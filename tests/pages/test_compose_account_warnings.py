"""Warnings in Compose about accounts that would not get the post."""

import pytest

from core.accounts.port import Account
from core.publishing.network import PostingPermission

SALES = Account(destination="webhook:sales", label="sales (webhook)", address="https://sales.example")


@pytest.fixture
def sales(application):
    """Connect an account for sales and return its network."""
    application.accounts.connect(SALES)
    return application.networks["webhook"]


@pytest.fixture
def compose(browse, sales):
    """Open Compose with the account and the outbox selected."""
    page = browse("compose")
    page.address("outbox", "webhook:sales")
    return page


def destinations(page):
    return page.pills(key=f"destinations-{page.draft}")


def warnings(page):
    return " ".join(found.value for found in page.warning).replace("\\", "")


def disable(application):
    application.accounts.connect(SALES.model_copy(update={"enabled": False}))


def test_a_working_account_has_no_warning(compose, application, sales, monkeypatch):
    monkeypatch.setattr(sales, "check", lambda _: PostingPermission())
    application.account_checks.check("webhook:sales")
    compose.run()
    assert "sales" not in warnings(compose)


def test_a_failing_account_has_a_warning_while_it_is_selected(compose, application, sales, monkeypatch, clock):
    monkeypatch.setattr(sales, "check", lambda _: PostingPermission(problem="The token was revoked."))
    application.account_checks.check("webhook:sales")
    clock.move(hours=2)
    compose.run()
    assert "**sales (webhook)**: The token was revoked. First seen 2 hours ago." in warnings(compose)
    compose.address("outbox")
    assert "sales" not in warnings(compose)


def offered(session):
    """Return the accounts that can be chosen, without their faces."""
    return [option.split(") ", 1)[1] for option in destinations(session).options]


def test_a_disabled_account_is_not_offered(browse, sales, application):
    disable(application)
    assert offered(browse("compose")) == ["Outbox (built in)"]


def test_a_selected_account_that_is_disabled_has_a_warning_and_is_refused(compose, application):
    disable(application)
    compose.run()
    assert "**sales (webhook)** is disabled." in warnings(compose)
    assert destinations(compose).value == ["outbox", "webhook:sales"]
    compose.write("Hello")
    compose.schedule()
    assert "sales (webhook) is disabled." in compose.error[0].value.replace("\\", "")
    compose.address("outbox")
    assert destinations(compose).value == ["outbox"]
    assert offered(compose) == ["Outbox (built in)"]
