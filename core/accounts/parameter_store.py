"""The connected accounts of a deployment, in AWS's Parameter Store."""

import json
import re
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from pydantic import ValidationError

from core.accounts.port import OUTBOX, Account, UnknownDestination, named, with_credentials
from core.aws_errors import translated
from core.errors import PunctualError
from core.time.instants import Clock

FRESH_FOR = timedelta(seconds=30)
"""Pages and posts ask for accounts more often than Parameter Store answers (40 times a second in all)."""


class ParameterUnreadable(PunctualError):
    """A parameter below the path of the accounts holds none, or one of a newer version."""

    hint = "Deploy the stack again with this version, or delete the parameter and connect the account again."

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} cannot be read as an account.")


class ParameterAccounts:
    """The accounts port on Parameter Store: below one path a SecureString for each account.

    What somebody else changes is seen within FRESH_FOR. Every method raises the errors of core.aws_errors; those that read
    also raise ParameterUnreadable.
    """

    def __init__(self, client: Any, path: str, clock: Clock) -> None:
        """`client` is a boto3 `ssm` client; `path` begins with a slash and ends without one."""
        self._client = client
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._known: list[Account] = []
        self._read_at: datetime | None = None

    def all(self) -> list[Account]:
        with self._lock:
            now = self._clock()
            if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
                self._known = self._read()
                self._read_at = now
            return [OUTBOX, *self._known]

    def get(self, destination: str) -> Account:
        try:
            return named(destination, self.all())
        except UnknownDestination:
            self._forget()  # somebody may have connected it a moment ago
            return named(destination, self.all())

    def connect(self, account: Account) -> None:
        with translated():
            self._client.put_parameter(
                Name=self._parameter(account.destination),
                Value=json.dumps(with_credentials(account)),
                Type="SecureString",
                Tier="Intelligent-Tiering",  # what is above 4 KB costs a little
                Overwrite=True,
            )
        self._forget()

    def remove(self, destination: str) -> None:
        with translated():
            self._client.delete_parameters(Names=[self._parameter(destination)])
        self._forget()

    def _read(self) -> list[Account]:
        pages = self._client.get_paginator("get_parameters_by_path").paginate(Path=self._path, WithDecryption=True)
        with translated():
            found = [parameter for page in pages for parameter in page["Parameters"]]
        return sorted(map(_account, found), key=lambda account: account.destination)

    def _forget(self) -> None:
        with self._lock:
            self._read_at = None

    def _parameter(self, destination: str) -> str:
        """Return where an account lies: what a name may not hold is written as its code, as in `webhook_3a_sales`."""
        return f"{self._path}/{re.sub('[^A-Za-z0-9.-]', lambda match: f'_{ord(match[0]):x}_', destination)}"


def _account(parameter: dict[str, Any]) -> Account:
    try:
        return Account.model_validate_json(parameter["Value"])
    except ValidationError:
        raise ParameterUnreadable(parameter["Name"]) from None  # the error behind it would quote the credentials
