"""The health check of the connected accounts."""

import pytest
from pydantic import SecretStr

from core.accounts.port import Account


@pytest.fixture
def ada(application, monkeypatch):
    """Connect an account whose last account check failed."""
    account = Account(destination="mastodon:ada", label="@ada", credentials={"token": SecretStr("s3cret")})
    application.accounts.connect(account)
    monkeypatch.setattr(application.networks["mastodon"], "check", lambda _: "The token was revoked.")
    application.account_checks.check("mastodon:ada")
    return account


def test_the_outbox_alone_is_good(check):
    assert check("Accounts").message == "Only the built-in outbox is connected."


def test_a_failing_account_is_bad_and_named(check, ada):
    result = check("Accounts")
    assert (result.status, result.message) == ("bad", "Cannot publish to @ada: The token was revoked.")
    assert "Accounts" in result.remedy


def test_a_disabled_account_is_no_problem(check, application, ada):
    application.accounts.connect(ada.model_copy(update={"enabled": False}))
    result = check("Accounts")
    assert (result.status, result.message) == ("good", "No known problem with 0 accounts; 1 disabled.")
