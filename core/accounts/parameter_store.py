"""Accounts in AWS Systems Manager Parameter Store."""

import json
import re
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from pydantic import ValidationError

from core.accounts.port import OUTBOX, Account, Face, UnknownDestination, find_account, with_plain_credentials
from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.time.instants import Clock

CACHED_FOR = timedelta(seconds=30)
"""Age at which accounts are read again. Parameter Store allows 40 requests a second in total, fewer than pages and
posts need."""


_ENABLED = "/enabled"
"""The end of the name of a parameter that enables or disables an account. No account's own parameter has a slash."""
_FACE = f"/face{_ENABLED}"
"""The end of the name of a parameter with the face of an account. A version without faces ignores a name with this end,
and refuses an account with further members."""


class ParameterUnreadable(PunctualError):
    """A parameter under the accounts path holds no account, or an account of a newer version."""

    hint = "Deploy the stack again with this version, or delete the parameter and connect the account again."

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} cannot be read as an account.")


class ParameterStoreAccounts:
    """The accounts port on Parameter Store: one SecureString per account under a common path.

    Parameter Store has no conditional write. So `set_enabled` writes a parameter of its own, `<account>/enabled`, which
    takes precedence, and never writes credentials that another process may have replaced. The face is a parameter of
    its own, too.

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
        with self._lock:
            now = self._clock()
            if self._read_at is None or not timedelta() <= now - self._read_at < CACHED_FOR:
                self._cached = self._read()
                self._read_at = now
            return [OUTBOX, *self._cached]

    def get(self, destination: str) -> Account:
        try:
            return find_account(destination, self.all())
        except UnknownDestination:
            self._invalidate()  # another process may have connected it a moment ago
            return find_account(destination, self.all())

    def connect(self, account: Account) -> None:
        name = self._parameter(account.destination)
        with translate_aws_errors():
            self._client.put_parameter(
                Name=name,
                Value=json.dumps(_without_face(account)),
                Type="SecureString",
                Tier="Intelligent-Tiering",  # values above 4 KB need the advanced tier, which costs a little
                Overwrite=True,
            )
            self._client.delete_parameters(Names=[name + _ENABLED, name + _FACE])
        if account.face != Face():
            self._write(name + _FACE, account.face.model_dump_json())
        self._invalidate()

    def set_enabled(self, destination: str, enabled: bool) -> None:
        self.get(destination)
        self._write(self._parameter(destination) + _ENABLED, "yes" if enabled else "no")
        self._invalidate()

    def set_face(self, destination: str, face: Face) -> None:
        self.get(destination)
        self._write(self._parameter(destination) + _FACE, face.model_dump_json())
        self._invalidate()

    def remove(self, destination: str) -> None:
        name = self._parameter(destination)
        with translate_aws_errors():
            self._client.delete_parameters(Names=[name, name + _ENABLED, name + _FACE])
        self._invalidate()

    def _write(self, name: str, value: str) -> None:
        """Write a parameter that is no secret."""
        with translate_aws_errors():
            self._client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def _read(self) -> list[Account]:
        paginator = self._client.get_paginator("get_parameters_by_path")
        pages = paginator.paginate(Path=self._path, WithDecryption=True, Recursive=True)
        with translate_aws_errors():
            found = {each["Name"]: each["Value"] for page in pages for each in page["Parameters"]}
        accounts = [
            _account(name, value, found.get(name + _ENABLED), found.get(name + _FACE))
            for name, value in found.items()
            if not name.endswith(_ENABLED)
        ]
        return sorted(accounts, key=lambda account: account.destination)

    def _invalidate(self) -> None:
        with self._lock:
            self._read_at = None

    def _parameter(self, destination: str) -> str:
        """Return the name of an account's parameter. Illegal characters become hex codes: `webhook_3a_sales`."""
        return f"{self._path}/{re.sub('[^A-Za-z0-9.-]', lambda match: f'_{ord(match[0]):x}_', destination)}"


def _without_face(account: Account) -> dict[str, Any]:
    return {name: each for name, each in with_plain_credentials(account).items() if name not in Face.model_fields}


def _account(name: str, value: str, enabled: str | None, face: str | None) -> Account:
    """Return the account in a parameter. `enabled` and `face` are the values of its other parameters, if they exist."""
    try:
        account = Account.model_validate_json(value)
        shown = Face.model_validate_json(face) if face is not None else Face()
    except ValidationError:
        raise ParameterUnreadable(name) from None  # the cause quotes the credentials
    return account.model_copy(
        update={
            "name": shown.name,
            "handle": shown.handle,
            "avatar": shown.avatar,
            **({"enabled": enabled == "yes"} if enabled is not None else {}),
        }
    )
