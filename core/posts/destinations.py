"""Destinations: an account on a network, or one part of a thread there."""

import re
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

PARTS_LIMIT = 50
"""The most parts of one thread."""

_TEXT = r"^[a-z]+(:[^\s<>\x00-\x1f]{1,200})?$"
_PART = re.compile(r"(?P<account>.+)#(?P<part>[2-9]|[1-9][0-9])")


class Destination(str):
    """An account, such as `outbox`, `webhook:sales` or `bluesky:ada.example`, and the part of a thread, from 1.

    Each part of a thread is a destination of its own and is published after the part before it. Part 1 is written as
    the account alone, part 2 as `bluesky:ada.example#2`. The value is a `str` in this stored form: SQL parameters,
    DynamoDB attributes, JSON members and keys, log lines and comparisons with stored text need no conversion.
    """

    __slots__ = ("_account", "part")

    _account: "Destination | None"
    part: int
    """The number of the part, from 1."""

    def __new__(cls, account: str, part: int = 1) -> Self:
        """Return the destination of one part. Raises ValueError if `account` itself names a part."""
        if part == 1 and _PART.fullmatch(account):
            raise ValueError(f"{account} names a part of a thread; use Destination.parse")
        return cls._build(account, part)

    def __getnewargs__(self) -> tuple[str, int]:  # type: ignore[override]
        return str(self.account), self.part

    @property
    def account(self) -> "Destination":
        """The account, which is the destination of part 1."""
        return self if self._account is None else self._account

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the destination that a stored text names. Never raises.

        Only the last number is a part: `a:b#2#3` is part 3 of `a:b#2`. Models refuse it, because no account
        has such a name.
        """
        match = _PART.fullmatch(text)
        return cls._build(match["account"], int(match["part"])) if match else cls._build(text, 1)

    @classmethod
    def _build(cls, account: str, part: int) -> Self:
        destination = super().__new__(cls, account if part == 1 else f"{account}#{part}")
        destination._account = None if part == 1 else cls._build(account, 1)
        destination.part = part
        return destination

    @classmethod
    def _validated(cls, text: str) -> Self:
        destination = cls.parse(text)
        if destination.part > 1 and _PART.fullmatch(destination.account):
            raise ValueError(f"{text} names two parts of a thread; write the account and one part")
        return destination

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls._validated, core_schema.str_schema(pattern=_TEXT))
