"""The connected accounts of one machine, in a file of the home."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.accounts.port import OUTBOX, Account, named, with_credentials
from core.errors import PunctualError
from core.storage.home import write_private
from core.storage.locks import locked

_FILE = TypeAdapter(list[Account])


class AccountsUnreadable(PunctualError):
    """The accounts file is not as it was written."""

    hint = "Correct the file, or rename it and connect the accounts again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read.")


class FileAccounts:
    """The accounts port on a file that only this user can read.

    Every method raises AccountsUnreadable where the file is damaged; those that write also raise HomeUnusable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Account]:
        return [OUTBOX, *self._read()]

    def get(self, destination: str) -> Account:
        return named(destination, self.all())

    def connect(self, account: Account) -> None:
        with locked(self._path):
            others = [each for each in self._read() if each.destination != account.destination]
            self._write([*others, account])

    def remove(self, destination: str) -> None:
        with locked(self._path):
            self._write([each for each in self._read() if each.destination != destination])

    def _read(self) -> list[Account]:
        try:
            return _FILE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (ValidationError, OSError):
            raise AccountsUnreadable(self._path) from None  # the error behind it would quote the file, secrets and all

    def _write(self, accounts: list[Account]) -> None:
        write_private(self._path, json.dumps([with_credentials(account) for account in accounts], indent=1))
