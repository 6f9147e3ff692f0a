"""The backend port: everything that differs between one machine and AWS."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.accounts.port import Accounts
from core.drafts.port import Drafts
from core.labels.port import Labels
from core.ledger.port import Ledger
from core.media.port import MediaStore
from core.outbox.port import Outbox
from core.posts.payload import TargetSettings
from core.publishing.kept_uploads.port import UploadStore
from core.scheduling.caution_settings.port import CautionSettingsStore
from core.scheduling.dead_letters import DeadLetterStore
from core.scheduling.hold.port import HoldStore
from core.storage.database import Database
from core.timetable.port import PostingTimes


class Backend(Protocol):
    """The open clients and stores of one deployment. Any thread may use them."""

    name: str
    """A readable name that is unique to this deployment."""
    scheduler_client: Any
    """A boto3 `scheduler` client."""
    lambda_client: Any
    """A boto3 `lambda` client."""
    target: TargetSettings
    minimum_notice: timedelta
    """The shortest time from now to the due instant of a post that is scheduled or changed."""
    ledger: Ledger
    shared_ledger: bool
    """Whether the ledger is in a table on AWS, which other machines share."""
    outbox: Outbox
    drafts: Drafts
    posting_times: PostingTimes
    labels: Labels
    hold: HoldStore
    caution_settings: CautionSettingsStore
    accounts: Accounts
    media: MediaStore
    uploads: UploadStore
    dead_letters: DeadLetterStore

    uploads_ahead_every: timedelta | None
    """The pause between two uploads of media ahead. None if the process that publishes would not find the uploads."""
    databases: list[Database]
    """The open database files of this machine, the ledger's first; none if the ledger is shared."""

    def signing_secrets(self) -> Sequence[str]:
        """Return the active signing secrets, the current one first. They may change while Punctual runs."""
        ...

    def runs_due(self, begin: datetime, end: datetime, limit: int) -> Iterable[tuple[str, datetime]]:
        """Return the schedule names and the runs of repeating posts due in a period, at most `limit`, soonest first."""
        ...

    def unread_members(self) -> frozenset[str]:
        """Return the members of payloads that deployed functions do not read, because they are older than this program.

        Posts with such a member fail. Raises the errors of `core.aws_errors`.
        """
        ...

    def change_count(self) -> tuple[int, ...]:
        """Return numbers that differ after each change of a post by this process, and where possible by others."""
        ...

    def start(self, posting_url: Callable[[], str]) -> None:
        """Start to run due schedules, if that is this process's task. `posting_url` returns its server's URL."""
        ...

    def close(self) -> None:
        """Stop running schedules and close every file."""
        ...
