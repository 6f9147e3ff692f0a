"""Connected accounts, and where their credentials lie."""

import stat
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from core.accounts import OUTBOX, Account, Accounts, AccountsUnreadable, UnknownDestination


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.json"


@pytest.fixture
def accounts(path):
    return Accounts(path)


def webhook(name, **changed):
    members = {"label": name, "address": "https://example.org", "credentials": {"secret": SecretStr("hunter2")}}
    return Account(destination=f"webhook:{name}", **{**members, **changed})


def test_the_outbox_is_always_there(accounts):
    assert accounts.all() == [OUTBOX]
    assert accounts.get("outbox") == OUTBOX


def test_an_account_is_kept_with_all_that_belongs_to_it(accounts, path):
    account = webhook("sales", identity="did:plc:1", limits={"characters": 500}, deduplicates=True)
    accounts.connect(account)
    assert Accounts(path).get("webhook:sales") == account
    assert Accounts(path).get("webhook:sales").credentials["secret"].get_secret_value() == "hunter2"
    assert account.network == "webhook"


def test_the_file_is_this_users_alone(accounts, path):
    accounts.connect(webhook("sales"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_account_that_is_connected_again_is_replaced(accounts):
    accounts.connect(webhook("sales", label="old"))
    accounts.connect(webhook("support"))
    accounts.connect(webhook("sales", label="new"))
    assert sorted(account.label for account in accounts.all()[1:]) == ["new", "support"]


def test_a_removed_account_is_gone_with_its_credentials(accounts, path):
    accounts.connect(webhook("sales"))
    accounts.remove("webhook:sales")
    accounts.remove("webhook:sales")
    assert "hunter2" not in path.read_text()
    with pytest.raises(UnknownDestination, match="webhook:sales") as refusal:
        accounts.get("webhook:sales")
    assert "outbox" in refusal.value.hint


def test_accounts_that_are_connected_at_the_same_moment_are_all_kept(path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Accounts(path).connect(webhook(f"n{number}")), range(16)))
    assert len(Accounts(path).all()) == 17


@pytest.mark.parametrize(
    "content", ["{", "[]]", '[{"destination":"x"}]', '[{"credentials":{"secret":"hunter2"},"destination":1}]', "\0"]
)
def test_a_file_that_was_damaged_is_named_left_alone_and_not_quoted(accounts, path, content):
    path.write_text(content)
    with pytest.raises(AccountsUnreadable, match=str(path)) as refusal:
        accounts.all()
    with pytest.raises(AccountsUnreadable):
        accounts.connect(webhook("sales"))
    assert path.read_text() == content
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


def test_credentials_are_not_shown():
    assert "hunter2" not in repr(webhook("sales"))
    assert "hunter2" not in webhook("sales").model_dump_json()
