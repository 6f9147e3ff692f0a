"""The port of a network: the contract of every `networks/<name>/network.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.accounts.port import Account
from core.errors import PunctualError
from core.outbox.port import Outbox
from core.publishing.attachments import Attachment, MediaLimits
from core.time.instants import Clock


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One post, or one part of a thread, on its way to one account.

    `occurrence_key` is the idempotency key. If `attempt` is above 1, an earlier attempt may have arrived. `prepared`
    is the return value of `prepare`. `earlier_references` are the known references of the preceding parts of the
    thread. `upload_id` comes from the RetryLater of the previous attempt.
    """

    occurrence_key: str
    post_id: str
    account: Account
    text: str
    due_at: datetime
    media: tuple[Attachment, ...] = ()
    attempt: int = 1
    prepared: dict[str, Any] | None = None
    earlier_references: tuple[dict[str, Any], ...] = ()
    upload_id: str | None = None

    @property
    def video(self) -> Attachment | None:
        """The video, which is always the only attachment; None if there is none."""
        return next((each for each in self.media if each.media.kind == "video"), None)


@dataclass(frozen=True, kw_only=True)
class Published:
    """The post is out. `reference` identifies it for replies, in the network's terms, as JSON."""

    at: datetime
    url: str | None = None
    reference: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The network rejects the post. A retry is useless until a person changes something."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RetryLater:
    """The attempt may be repeated: the post is not out, or the next attempt detects an earlier one.

    `in_doubt` is True if this attempt may have arrived. `upload_id` is the network's id of an uploaded video, not a
    secret; the next attempt does not upload the video again.
    """

    reason: str
    retry_after: timedelta | None = None
    in_doubt: bool = False
    upload_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unconfirmed:
    """The post may be out, and the network offers no way to check."""

    reason: str


NetworkResult = Published | Refused | RetryLater | Unconfirmed


class PreparationFailed(PunctualError):
    """An upload failed, so the post is not sent. `result` is recorded instead."""

    hint = "See History for the result."

    def __init__(self, result: NetworkResult) -> None:
        super().__init__("A picture or video was not uploaded.")
        self.result = result


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of the form that connects an account. The value of a checkbox is `yes` or empty."""

    name: str
    label: str
    help: str
    secret: bool = False
    required: bool = True
    checkbox: bool = False


@dataclass(frozen=True, kw_only=True)
class TextLength:
    """The length of a text in the network's units, and the network's limit (None: no limit)."""

    count: int
    limit: int | None
    unit: str = "characters"

    @property
    def excess(self) -> int:
        """The number of units above the limit; 0 if the text fits."""
        return max(0, self.count - self.limit) if self.limit is not None else 0


class CannotConnect(PunctualError):
    """An account cannot be connected. The message gives the reason, quoting the network where it sent one."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class Network(Protocol):
    """One network. It keeps no state between calls that a restart would lose.

    An account with `deduplicates` may be published to again after an ambiguous attempt: the network detects a repeat
    by the data from `prepare`, or `publish` looks for an earlier attempt before it sends the post again.
    """

    label: str
    """The network's public name, such as "Signed webhook"."""
    fields: tuple[FormField, ...]
    """The fields of the connection form; empty if no account can be connected, as with the outbox."""

    def connect(self, form: Mapping[str, str]) -> Account:
        """Log in if the network has logins, and return the account, not yet stored. Raises CannotConnect."""
        ...

    def check(self, account: Account) -> str | None:
        """Return the reason why the account cannot publish, or None if it can. Never raises."""
        ...

    def measure(self, text: str, account: Account) -> TextLength:
        """Return the length of a text for this account. Of several limits, use the one closest to being exceeded."""
        ...

    def media_limits(self, account: Account) -> MediaLimits:
        """Return the account's limits for pictures and videos. `publication.media` is within them."""
        ...

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        """Do the repeatable work, such as uploads, and return the JSON that `publish` needs.

        Called before every claim, so that a crash here leaves no doubt. If the account deduplicates, the JSON of the
        first attempt is stored with its claim and used by all attempts, so that the network detects a repeat;
        otherwise each attempt uses its own. Raises PreparationFailed if an upload failed, and CannotAttach if the
        network rejects a picture: the post is refused. Raises another PunctualError if a necessary query failed:
        nothing is claimed, and the post is tried again.
        """
        ...

    def publish(self, publication: Publication) -> NetworkResult:
        """Publish once, within DEADLINE_SECONDS, and return the result.

        Errors of the server and of the connection are results, not exceptions.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class NetworkDependencies:
    """The objects that networks are built from."""

    outbox: Outbox
    clock: Clock
