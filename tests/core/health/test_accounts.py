"""Accounts that stopped working are found on Health."""

import pytest
from pydantic import SecretStr

from core.accounts.port import Account


@pytest.fixture
def ada(application, monkeypatch):
    """An account in trouble."""
    account = Account(destination="mastodon:ada", label="@ada", credentials={"token": SecretStr("s3cret")})
    application.accounts.connect(account)
    monkeypatch.setattr(application.networks["mastodon"], "check", lambda _: "The token was revoked.")
    application.account_checks.check("mastodon:ada")
    return account


def test_with_the_outbox_alone_all_is_well(look):
    assert look("Accounts").message == "Only the built-in outbox is connected."


def test_an_account_in_trouble_is_bad_and_named(look, ada):
    found = look("Accounts")
    assert (found.status, found.message) == ("bad", "Cannot be published to: @ada: The token was revoked.")
    assert "Accounts" in found.remedy


def test_an_account_that_is_disabled_is_no_trouble(look, application, ada):
    application.accounts.connect(ada.model_copy(update={"enabled": False}))
    found = look("Accounts")
    assert (found.status, found.message) == ("good", "No trouble is known with 0 accounts; 1 disabled.")
