import stat
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from core.accounts.file import AccountsUnreadable, FileAccounts
from core.accounts.port import Account


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.json"


@pytest.fixture
def accounts(path):
    return FileAccounts(path)


def webhook(name, **changed):
    members = {"label": name, "address": "https://example.org", "credentials": {"secret": SecretStr("hunter2")}}
    return Account(destination=f"webhook:{name}", **{**members, **changed})


def test_only_the_owner_may_read_the_file(accounts, path):
    accounts.connect(webhook("sales"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_removed_account_leaves_no_credentials_in_the_file(accounts, path):
    accounts.connect(webhook("sales"))
    accounts.remove("webhook:sales")
    assert "hunter2" not in path.read_text()


def test_accounts_that_are_connected_concurrently_are_all_stored(path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: FileAccounts(path).connect(webhook(f"n{number}")), range(16)))
    assert len(FileAccounts(path).all()) == 17


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]]",
        b'[{"destination":"x"}]',
        b'[{"credentials":{"secret":"hunter2"},"destination":1}]',
        b"\0",
        b'[{"credentials":{"secret":"hunter2\xff',
    ],
)
def test_a_damaged_file_is_named_unchanged_and_not_quoted(accounts, path, content):
    path.write_bytes(content)
    with pytest.raises(AccountsUnreadable, match=str(path)) as refusal:
        accounts.all()
    with pytest.raises(AccountsUnreadable):
        accounts.connect(webhook("sales"))
    assert path.read_bytes() == content
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))
