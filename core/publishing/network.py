"""What every network promises. A network is one file in `networks/`; adding one is adding that file."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.accounts.port import Account
from core.errors import PunctualError
from core.outbox.port import Outbox
from core.publishing import networks
from core.publishing.attachments import Attachment, MediaLimits
from core.time.instants import Clock

DEADLINE_SECONDS = 25.0
"""The longest that a network may take to answer; claims are leased for longer, the relay waits longer still."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One publication: this text, with these pictures and videos in their order, to this account, under this key.

    From the second `attempt` on an earlier one may have arrived, whatever it was told. `prepared` is what `prepare`
    made. `earlier` are the references of the parts that stand before this one in a thread, as far as known. `upload` is
    what the attempt before this one left in its `Later`.
    """

    occurrence_key: str
    post_id: str
    account: Account
    text: str
    due_at: datetime
    media: tuple[Attachment, ...] = ()
    attempt: int = 1
    prepared: dict[str, Any] | None = None
    earlier: tuple[dict[str, Any], ...] = ()
    upload: str | None = None

    @property
    def video(self) -> Attachment | None:
        """The video, beside which there is nothing else; None where there is none."""
        return next((each for each in self.media if each.media.kind == "video"), None)


@dataclass(frozen=True, kw_only=True)
class Published:
    """It is out. `reference` is how the network names it to those who reply, as JSON takes it."""

    at: datetime
    url: str | None = None
    reference: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The network will not take it; trying again changes nothing until a person does something."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Later:
    """It may be tried again: it is not out, or the network knows a repeat, or is looked through before one.

    `doubt` says that this attempt may have arrived. `upload` is the network's name, no secret, of a video that it has:
    the next attempt need not send it again.
    """

    reason: str
    retry_after: timedelta | None = None
    doubt: bool = False
    upload: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unconfirmed:
    """It may be out or not, and the network cannot be asked."""

    reason: str


Result = Published | Refused | Later | Unconfirmed


class Unprepared(PunctualError):
    """What a post shows is not with the network, so the post is not sent: `result` is what becomes of it instead."""

    hint = "Look into History to see what becomes of it."

    def __init__(self, result: Result) -> None:
        super().__init__("A picture or video is not with the network.")
        self.result = result


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that a person is asked for to connect an account; `yes_no` answers are `yes` or empty."""

    name: str
    label: str
    help: str
    secret: bool = False
    required: bool = True
    yes_no: bool = False


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a text is as the network counts it, and the most that it takes (None: no limit)."""

    count: int
    limit: int | None
    unit: str = "characters"

    @property
    def over(self) -> int:
        """By how much the text is too long; 0 if it fits."""
        return max(0, self.count - self.limit) if self.limit is not None else 0


class CannotConnect(PunctualError):
    """An account could not be connected; the message says why, in the network's words where it has some."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class Network(Protocol):
    """One network. It keeps no state between calls that a restart would miss.

    An account that `deduplicates` may be published to again after an unclear outcome: either the network knows a
    repeat by what `prepare` made, or `publish` looks whether an earlier attempt arrived before it tries again.
    """

    label: str
    """The name that people know, e.g. "Signed webhook"."""
    fields: tuple[Field, ...]
    """What a person is asked for to connect; empty where nothing can be connected, as with the outbox."""

    def connect(self, answers: Mapping[str, str]) -> Account:
        """Log in where the network has a log-in, and return the account, not yet kept. Raises CannotConnect."""
        ...

    def check(self, account: Account) -> str | None:
        """Return what keeps the account from being published to, in words; None if nothing does. Never raises."""
        ...

    def measure(self, text: str, account: Account) -> Length:
        """Return how long a text is for this account; of several limits the one that is nearest to being passed."""
        ...

    def media_limits(self, account: Account) -> MediaLimits:
        """Return what this account takes of pictures and videos; `outgoing.media` is within it."""
        ...

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        """Do what may be repeated without harm, such as uploads, and return what `publish` needs of it, in JSON.

        Called before every claim, so that no process which ends meanwhile leaves a doubt. Where the account
        deduplicates, what the first attempt prepared is kept with its claim and counts, so that a repeat is recognised;
        elsewhere it is this attempt's. Raises Unprepared where something is not uploaded, CannotAttach where the
        network will not take a picture: the post is refused. Raises another PunctualError where the network must be
        asked for something and cannot be: nothing is claimed then, and the post is tried again.
        """
        ...

    def publish(self, outgoing: Outgoing) -> Result:
        """Publish once, within DEADLINE_SECONDS, and tell how it ended. Never raises for the other side or the line."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What networks are built from."""

    outbox: Outbox
    clock: Clock


def all_networks(parts: Parts) -> dict[str, Network]:
    """Return every network there is, by the name that stands before the colon: the name of its folder."""
    return {
        module.name: importlib.import_module(f"{networks.__name__}.{module.name}.network").network(parts)
        for module in pkgutil.iter_modules(networks.__path__)
    }
