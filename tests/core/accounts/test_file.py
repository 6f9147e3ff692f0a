import errno
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.accounts.file import AccountsUnreadable, FileAccounts
from core.accounts.port import Account
from core.errors import MachineShortage
from core.storage.home_errors import HomeUnusable


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


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EBUSY])
def test_a_file_that_cannot_be_read_for_a_shortage_is_not_called_damaged_and_is_read_afterwards(
    accounts, monkeypatch, code
):
    accounts.connect(webhook("sales"))

    def fail(path):
        raise OSError(code, "not now")

    with monkeypatch.context() as short:
        short.setattr(Path, "read_bytes", fail)
        for use in (accounts.all, lambda: accounts.get("webhook:sales"), lambda: accounts.connect(webhook("shop"))):
            with pytest.raises(MachineShortage, match="This machine is short of"):
                use()
    assert [account.destination for account in accounts.all()] == ["outbox", "webhook:sales"]


def test_a_full_disk_leaves_the_accounts_unchanged(accounts, monkeypatch):
    accounts.connect(webhook("sales"))

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as short:
        short.setattr("os.fsync", fail)
        with pytest.raises(MachineShortage, match="short of disk space"):
            accounts.connect(webhook("shop"))
    assert [account.destination for account in accounts.all()] == ["outbox", "webhook:sales"]


def test_a_file_that_may_not_be_read_is_named_with_the_reason(accounts, path):
    path.mkdir()
    with pytest.raises(HomeUnusable, match=r"accounts\.json cannot be used: Is a directory"):
        accounts.all()
