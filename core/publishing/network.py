"""The port of a network: the contract of every `networks/<name>/network.py`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from core.accounts.port import Account
from core.errors import PunctualError
from core.outbox.port import Outbox
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.kept_uploads.memory import UploadsInMemory
from core.publishing.kept_uploads.port import UploadStore
from core.publishing.link_cards.attached_card import AttachedCard
from core.publishing.options import Option, OptionValues
from core.time.instants import Clock


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One post, or one part of a thread, to be published to one account.

    `occurrence_key` is the idempotency key, and `part` the number of the part in its thread, from 1. If `attempt` is
    above 1, an earlier attempt may have arrived. `prepared` is the return value of `prepare`. `earlier_references` are
    the known references of the parts before this one in its thread. `card` is the link card, for a network that shows
    cards (`ShowsCards`) and a post without media. `options` are the values of the account's options
    that its network declares; without a value, the default counts. `upload_id` comes from the RetryLater of the
    previous attempt. `belongs_to_another` returns whether a reference is that of another publication to the account; a
    post with such a reference is not the one of an earlier attempt.
    """

    occurrence_key: str
    post_id: str
    account: Account
    text: str
    due_at: datetime
    media: tuple[Attachment, ...] = ()
    card: AttachedCard | None = None
    options: OptionValues = field(default_factory=dict)
    attempt: int = 1
    part: int = 1
    prepared: dict[str, Any] | None = None
    earlier_references: tuple[dict[str, Any], ...] = ()
    upload_id: str | None = None
    belongs_to_another: Callable[[Mapping[str, Any]], bool] = field(
        default=lambda reference: False, compare=False, repr=False
    )

    @property
    def uploads(self) -> tuple[Attachment, ...]:
        """The files that a network is sent before the post: the media, or the picture of the card."""
        picture = self.card.picture if self.card is not None else None
        return self.media or ((picture,) if picture is not None else ())

    @property
    def video(self) -> Attachment | None:
        """The video, which is always the only attachment; None if there is none."""
        return next((each for each in self.media if each.media.kind == "video"), None)


@dataclass(frozen=True, kw_only=True)
class Published:
    """The network published the post. `reference` is the JSON that identifies it for replies on this network."""

    at: datetime
    url: str | None = None
    reference: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The network rejects the post. A retry is useless until a person changes something."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RetryLater:
    """The attempt may be repeated: the post was not published, or the next attempt detects that it was.

    `in_doubt` is True if this attempt may have arrived. `upload_id` is the network's ID of an uploaded video, which the
    next attempt uses instead of a new upload. It is not a secret.
    """

    reason: str
    retry_after: timedelta | None = None
    in_doubt: bool = False
    upload_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unconfirmed:
    """The post may have been published, and the network offers no way to check."""

    reason: str


NetworkResult = Published | Refused | RetryLater | Unconfirmed


class PreparationFailed(PunctualError):
    """An upload failed, so the post is not sent. `result` is recorded as the result of the attempt."""

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
    """The length of a text in the network's units, and the network's limit, None if it has none."""

    count: int
    limit: int | None
    unit: str = "characters"

    @property
    def excess(self) -> int:
        """The number of units above the limit; 0 if the text fits."""
        return max(0, self.count - self.limit) if self.limit is not None else 0


@dataclass(frozen=True, kw_only=True)
class PostingPermission:
    """Whether an account may publish. It may, as far as the network tells, if there is no `problem`.

    `problem` is the reason why it may not. `unchecked` is what the check could not verify.
    """

    problem: str | None = None
    unchecked: str | None = None


ThreadForm = Literal["replies", "messages"]


class CannotConnect(PunctualError):
    """An account cannot be connected. The message gives the reason, with the network's own message if it sent one."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class Network(Protocol):
    """One network. A restart may lose any state that it keeps between calls.

    An ambiguous attempt may be repeated for an account with `deduplicates`: the network detects a repeat by the data
    from `prepare`, or `publish` looks for the post of an earlier attempt before it sends the post again.
    """

    label: str
    """The network's public name, such as "Signed webhook"."""
    fields: tuple[FormField, ...]
    """The fields of the connection form; empty if no account can be connected, as with the outbox."""
    threads: ThreadForm | None
    """How the parts of a thread stay together: as replies, or as messages of a channel. None if they do not."""
    options: tuple[Option, ...]
    """The options of a post; empty if there are none."""
    post_link: re.Pattern[str] | None
    """The link to a post, whose first group is the ID for replies to it. None if a link does not name that ID."""

    def connect(self, form: Mapping[str, str]) -> Account:
        """Log in if the network has logins, and return the account, not yet stored. Raises CannotConnect."""
        ...

    def check(self, account: Account) -> PostingPermission:
        """Ask the network whether the account may publish, by a request that publishes nothing. Never raises."""
        ...

    def measure(self, text: str, account: Account) -> TextLength:
        """Return the length of a text for this account. Of several limits, use the one that leaves least room."""
        ...

    def media_limits(self, account: Account) -> MediaLimits:
        """Return the account's limits for pictures and videos. `publication.media` is within them."""
        ...

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        """Do the repeatable work, such as uploads, and return the JSON that `publish` needs.

        It is called before every claim, so that a crash in it leaves no doubt about the post. If the account
        deduplicates, all attempts use the JSON of the first one, which is stored with its claim, so that the network
        detects a repeat. Otherwise each attempt uses its own. The fence treats errors as follows:

        - PreparationFailed, if an upload failed: its result is recorded.
        - CannotAttach, if the network rejects a picture or video: the post is refused.
        - Another PunctualError, if a necessary query failed: nothing is claimed, and the post is tried again.
        """
        ...

    def publish(self, publication: Publication) -> NetworkResult:
        """Publish once, within `transfer_time.publication_seconds` of the media, and return the result.

        Return errors of the server and of the connection as results; do not raise them.
        """
        ...


@runtime_checkable
class UploadsFirst(Protocol):
    """A network to which pictures and videos are sent before the post that shows them."""

    def upload(self, publication: Publication) -> None:
        """Upload the media of a post before it is due, for `prepare` and `publish`.

        What is already uploaded is not sent again. Raises PunctualError; the uploads that ended are kept.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class NetworkDependencies:
    """The objects that networks are built from."""

    outbox: Outbox
    clock: Clock
    uploads: UploadStore = field(default_factory=UploadsInMemory)
