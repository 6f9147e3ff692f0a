"""Accounts in AWS Systems Manager Parameter Store."""

import json
import re
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from pydantic import ValidationError

from core.accounts.port import OUTBOX, Account, UnknownDestination, find_account, with_plain_credentials
from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.time.instants import Clock

CACHED_FOR = timedelta(seconds=30)
"""Age at which accounts are read again. Parameter Store allows 40 requests a second in total, fewer than pages and
posts need."""


class ParameterUnreadable(PunctualError):
    """A parameter under the accounts path holds no account, or an account of a newer version."""

    hint = "Deploy the stack again with this version, or delete the parameter and connect the account again."

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} cannot be read as an account.")


class ParameterStoreAccounts:
    """The accounts port on Parameter Store: one SecureString per account under a common path.

    Changes of other processes are visible within CACHED_FOR. Every method raises the errors of core.aws_errors; `all`
    and `get` also raise ParameterUnreadable.
    """

    def __init__(self, client: Any, path: str, clock: Clock) -> None:
        """`client` is a boto3 `ssm` client; `path` begins with a slash and ends without one."""
        self._client = client
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._cached: list[Account] = []
        self._read_at: datetime | None = None

    def all(self) -> list[Account]:
        """Return every account, the outbox first."""
        with self._lock:
            now = self._clock()
            if self._read_at is None or not timedelta() <= now - self._read_at < CACHED_FOR:
                self._cached = self._read()
                self._read_at = now
            return [OUTBOX, *self._cached]

    def get(self, destination: str) -> Account:
        """Return one account. An unknown one is looked up again without the cache. Raises UnknownDestination."""
        try:
            return find_account(destination, self.all())
        except UnknownDestination:
            self._invalidate()  # another process may have connected it a moment ago
            return find_account(destination, self.all())

    def connect(self, account: Account) -> None:
        """Store an account. It replaces an account with the same destination."""
        with translate_aws_errors():
            self._client.put_parameter(
                Name=self._parameter(account.destination),
                Value=json.dumps(with_plain_credentials(account)),
                Type="SecureString",
                Tier="Intelligent-Tiering",  # values above 4 KB need the advanced tier, which costs a little
                Overwrite=True,
            )
        self._invalidate()

    def remove(self, destination: str) -> None:
        """Delete an account and its credentials."""
        with translate_aws_errors():
            self._client.delete_parameters(Names=[self._parameter(destination)])
        self._invalidate()

    def _read(self) -> list[Account]:
        pages = self._client.get_paginator("get_parameters_by_path").paginate(Path=self._path, WithDecryption=True)
        with translate_aws_errors():
            found = [parameter for page in pages for parameter in page["Parameters"]]
        return sorted(map(_account, found), key=lambda account: account.destination)

    def _invalidate(self) -> None:
        with self._lock:
            self._read_at = None

    def _parameter(self, destination: str) -> str:
        """Return the name of an account's parameter. Illegal characters become hex codes: `webhook_3a_sales`."""
        return f"{self._path}/{re.sub('[^A-Za-z0-9.-]', lambda match: f'_{ord(match[0]):x}_', destination)}"


def _account(parameter: dict[str, Any]) -> Account:
    try:
        return Account.model_validate_json(parameter["Value"])
    except ValidationError:
        raise ParameterUnreadable(parameter["Name"]) from None  # the cause quotes the credentials
