"""Accounts in a file of the home."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.accounts.port import OUTBOX, Account, Face, find_account, with_plain_credentials
from core.errors import PunctualError
from core.storage.cached_file import CachedFile
from core.storage.home_errors import translate_home_errors
from core.storage.locks import locked
from core.storage.private_files import write_private

_FILE = TypeAdapter(list[Account])


class AccountsUnreadable(PunctualError):
    """The accounts file is damaged."""

    hint = "Correct the file, or rename it and connect the accounts again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no list of accounts.")


class FileAccounts:
    """The accounts port on a JSON file, mode 0600.

    Every method raises AccountsUnreadable for a damaged file, MachineShortage while it cannot be read or written for
    lack of file handles, memory or disk space, and HomeUnusable while it cannot for another reason.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = CachedFile(path, self._parse)  # each post to an account looks it up

    def all(self) -> list[Account]:
        return [OUTBOX, *self._read()]

    def get(self, destination: str) -> Account:
        return find_account(destination, self.all())

    def connect(self, account: Account) -> None:
        with locked(self._path):
            others = [each for each in self._read() if each.destination != account.destination]
            self._write([*others, account])

    def set_enabled(self, destination: str, enabled: bool) -> None:
        self._update(destination, {"enabled": enabled})

    def set_face(self, destination: str, face: Face) -> None:
        self._update(destination, {"name": face.name, "handle": face.handle, "avatar": face.avatar})

    def remove(self, destination: str) -> None:
        with locked(self._path):
            self._write([each for each in self._read() if each.destination != destination])

    def _update(self, destination: str, changed: dict[str, Any]) -> None:
        with locked(self._path):
            accounts = self._read()
            account = find_account(destination, accounts)
            updated = account.model_copy(update=changed)
            self._write([updated if each is account else each for each in accounts])

    def _read(self) -> Sequence[Account]:
        with translate_home_errors(self._path):
            try:
                return self._file.read()
            except FileNotFoundError:
                return ()

    def _parse(self, content: bytes) -> Sequence[Account]:
        try:
            return tuple(_FILE.validate_json(content))
        except ValidationError:
            raise AccountsUnreadable(self._path) from None  # the cause quotes the file with its secrets

    def _write(self, accounts: list[Account]) -> None:
        write_private(self._path, json.dumps([with_plain_credentials(account) for account in accounts], indent=1))
