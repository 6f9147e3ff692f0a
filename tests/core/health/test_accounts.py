"""The health check of the connected accounts."""

import pytest
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.network import PostingPermission


@pytest.fixture
def ada(application, monkeypatch):
    """Connect an account whose last account check failed."""
    account = Account(destination="mastodon:ada", label="@ada", credentials={"token": SecretStr("s3cret")})
    application.accounts.connect(account)
    monkeypatch.setattr(
        application.networks["mastodon"], "check", lambda _: PostingPermission(problem="The token was revoked.")
    )
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


def test_an_account_whose_permission_was_not_checked_is_named(check, application, ada, monkeypatch):
    permission = PostingPermission(unchecked="It was not checked.")
    monkeypatch.setattr(application.networks["mastodon"], "check", lambda _: permission)
    application.account_checks.check("mastodon:ada")
    result = check("Accounts")
    assert result.status == "good"
    assert result.message == "No known problem with 1 account. @ada: It was not checked."


@pytest.mark.parametrize(
    ("month", "status", "words"),
    [(4, "good", "5 more months"), (5, "warning", "ends in 4 months"), (10, "warning", "has ended")],
)
def test_the_end_of_a_networks_api_version_is_announced_months_before(check, application, clock, month, status, words):
    assert check("API versions").status == "good"
    application.accounts.connect(Account(destination="linkedin:abc", label="Ada"))
    clock.now = clock.now.replace(year=2027, month=month)
    result = check("API versions")
    assert (result.status, words in result.message) == (status, True)
