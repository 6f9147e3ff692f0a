"""The backend on AWS: EventBridge Scheduler, and DynamoDB, S3, SQS and Parameter Store if the deployment has them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from core.accounts.file import FileAccounts
from core.accounts.parameter_store import ParameterStoreAccounts
from core.accounts.port import Accounts
from core.aws_errors import translate_aws_errors
from core.backends.deployed_functions import DeployedFunctions
from core.backends.deployment import Deployment, find_deployment
from core.backends.sqs_dead_letters import SqsDeadLetters
from core.drafts.dynamodb import DynamoDrafts
from core.drafts.port import Drafts
from core.drafts.sqlite import SqliteDrafts
from core.labels.dynamodb import DynamoLabels
from core.labels.port import Labels
from core.labels.sqlite import SqliteLabels
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import Ledger
from core.ledger.sqlite import SqliteLedger, open_database
from core.maintenance.uploads_ahead import AHEAD
from core.media.folder import FolderMedia
from core.media.port import MediaStore
from core.media.s3 import S3Media
from core.outbox.dynamodb import DynamoOutbox
from core.outbox.port import Outbox
from core.outbox.sqlite import SqliteOutbox
from core.posts.payload import TargetSettings
from core.posts.series import runs_of
from core.publishing.kept_uploads.dynamodb import DynamoUploads
from core.publishing.kept_uploads.memory import UploadsInMemory
from core.publishing.kept_uploads.port import UploadStore
from core.scheduling.caution_settings.dynamodb import DynamoCautionSettings
from core.scheduling.caution_settings.file import FileCautionSettings
from core.scheduling.caution_settings.port import CautionSettingsStore
from core.scheduling.dead_letters import DeadLetterStore
from core.scheduling.hold.dynamodb import DynamoHold
from core.scheduling.hold.port import HoldStore
from core.scheduling.hold.sqlite import SqliteHold
from core.settings import Settings
from core.storage.database import Database
from core.storage.home import Home
from core.storage.processes import Presence
from core.time.earlier_cron import EARLIER
from core.time.instants import Clock
from core.timetable.dynamodb import DynamoPostingTimes
from core.timetable.port import PostingTimes
from core.timetable.sqlite import SqlitePostingTimes

LEAD = timedelta(seconds=60)
"""EventBridge Scheduler fires within a minute after an at() time. So schedules are this early, and the relay waits."""
NOTICE = timedelta(seconds=60)
"""The shortest time from now to the at() time of a schedule."""
RELAY_GROUP = "punctual"
"""The schedule group of Punctual's relay, without a stack and a setting."""
DEFAULT_GROUP = "default"
"""The schedule group of another function, without a stack and a setting. It exists in every account."""
UPLOADS_AHEAD_EVERY = AHEAD / 2
"""The pause is half of AHEAD, so each post is found before it is due. Each read of the series costs money."""
SERIES_READ = 200
"""The most series whose next run is looked for."""
ADAPTIVE_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 4},
    max_pool_connections=32,
    connect_timeout=3,
    read_timeout=5,
)
"""For most requests. It slows down when AWS throttles, because pages and threads share one account's quota.

A request that AWS does not answer fails within half a minute.
"""
TRANSFER_CONFIG = ADAPTIVE_CONFIG.merge(Config(read_timeout=20))
"""For files: a slow connection may pause for longer."""
QUICK_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=32,
    connect_timeout=3,
    read_timeout=5,
)
"""For requests that a page waits for, and for the ledger's table, which has its own retries."""


class AwsBackend:
    """The backend of one deployment on AWS. boto3 finds the credentials and the region in its usual places."""

    def __init__(self, settings: Settings, home: Home, clock: Clock, session: "boto3.Session | None" = None) -> None:
        """Find the deployment's resources and open the files of this machine.

        Raises the errors of `find_deployment`, NoCredentials, StorageError or NewerDatabase, and then leaves no file
        open.
        """
        self._clock = clock
        self._settings = settings
        self._home = home
        self._client_lock = Lock()
        self._quick_clients: dict[str, Any] = {}
        with translate_aws_errors():
            self.session = session or boto3.Session()
            self.deployment = find_deployment(configured_members(settings), settings.stack, self._cloudformation)
            self.scheduler_client, self.lambda_client = self.client("scheduler"), self.client("lambda")
        self.functions = DeployedFunctions(self.deployment, self.quick_client("lambda"), clock)
        if not self.functions.is_known:
            for operation in ("CreateSchedule", "UpdateSchedule"):
                event = f"before-parameter-build.scheduler.{operation}"
                self.scheduler_client.meta.events.register(event, self.functions.confirm)
        lead = LEAD if self.functions.is_relay else timedelta()  # another function does not wait for the due instant
        self.minimum_notice = lead + NOTICE
        self.target = TargetSettings(
            group=self.deployment.group or (RELAY_GROUP if self.functions.is_relay else DEFAULT_GROUP),
            function_arn=self.deployment.function_arn,
            role_arn=self.deployment.role_arn,
            dead_letter_arn=self.deployment.dead_letter_arn,
            lead=lead,
            repeat_lead=lambda: EARLIER if self.functions.reads_lead() else timedelta(),
            precision=NOTICE,
        )
        self.name = f"{self.deployment.region}:{self.deployment.account}:schedule-group/{self.target.group}"
        self.shared_ledger = not self.deployment.is_small
        self._closing = ExitStack()
        self.databases: list[Database] = []
        self._table: Table | None = None
        with ExitStack() as opening:
            opening.enter_context(self._closing)
            self.ledger, self.outbox, self.drafts, self.labels, self.posting_times, self.hold = self._stores()
            self.caution_settings: CautionSettingsStore = (
                DynamoCautionSettings(self._table) if self._table else FileCautionSettings(home.cautions)
            )
            self.accounts, self.media, self.uploads = self._accounts(), self._media(), self._uploads()
            dead_letters = SqsDeadLetters(self.quick_client("sqs"), self.deployment.dead_letter_urls)
            self.dead_letters: DeadLetterStore = dead_letters
            # The posting function finds uploads in the table. Another server may not use them.
            finds_uploads = self.deployment.posting_function_arn and self._table
            self.uploads_ahead_every: timedelta | None = UPLOADS_AHEAD_EVERY if finds_uploads else None
            opening.pop_all()  # from now on, `close` closes them

    def client(self, service: str, config: Config = ADAPTIVE_CONFIG) -> Any:
        """Return a boto3 client in the region of the deployment."""
        with self._client_lock:  # a client is thread-safe, a session is not
            return self.session.client(service, region_name=self.deployment.region, config=config)

    def quick_client(self, service: str) -> Any:
        """Return a client for requests that a page waits for: two attempts of a few seconds each."""
        if service not in self._quick_clients:
            self._quick_clients[service] = self.client(service, QUICK_CONFIG)
        return self._quick_clients[service]

    def signing_secrets(self) -> Sequence[str]:
        """Return the configured signing secrets, else those of the home. `store-secret` gives them to the functions."""
        return self._home.signing_secrets(self._settings.signing_secret)

    def runs_due(self, begin: datetime, end: datetime, limit: int) -> list[tuple[str, datetime]]:
        """Return runs of repeating posts with media by their rules, because AWS returns no next run of a schedule."""
        found = [
            (plan.schedule_name, run)
            for plan in self.ledger.series(limit=SERIES_READ)
            if plan.post.files and plan.schedule_name
            for run in runs_of(plan.post, after=begin, count=1)
            if run < end
        ]
        return sorted(found, key=lambda each: each[1])[:limit]

    def unread_members(self) -> frozenset[str]:
        """Return the members of payloads that the posting function, or the relay without one, does not read."""
        return self.functions.unread_members()

    def change_count(self) -> tuple[int, ...]:
        """Count the writes of this process to the table; AWS has no cheap count of the writes of others."""
        in_table = (self._table.change_count,) if self._table else ()
        return (*in_table, *(database.change_count() for database in self.databases))

    def start(self, posting_url: Callable[[], str]) -> None:
        """Start nothing: EventBridge Scheduler fires, and the deployment sets the relay's posting URL."""

    def close(self) -> None:
        """Close the open files of this machine."""
        self._closing.close()

    def _stores(self) -> tuple[Ledger, Outbox, Drafts, Labels, PostingTimes, HoldStore]:
        """Return the stores in the deployment's table, else those of this machine."""
        if self.deployment.table:
            self._table = table = Table(self.quick_client("dynamodb"), self.deployment.table, self._clock)
            return (
                DynamoLedger(table),
                DynamoOutbox(table),
                DynamoDrafts(table),
                DynamoLabels(table),
                DynamoPostingTimes(table),
                DynamoHold(table),
            )
        presence = Presence(self._home.processes)
        self._closing.callback(presence.leave)
        database = open_database(self._home.database, now=self._clock())
        self._closing.callback(database.close)
        self.databases.append(database)
        return (
            SqliteLedger(database, presence),
            SqliteOutbox(database),
            SqliteDrafts(database),
            SqliteLabels(database),
            SqlitePostingTimes(database),
            SqliteHold(database),
        )

    def _accounts(self) -> Accounts:
        if self.deployment.accounts_path:
            return ParameterStoreAccounts(self.quick_client("ssm"), self.deployment.accounts_path, self._clock)
        return FileAccounts(self._home.accounts)

    def _media(self) -> MediaStore:
        if self.deployment.media_bucket:
            return S3Media(self.client("s3", TRANSFER_CONFIG), self.deployment.media_bucket)
        return FolderMedia(self._home.media)

    def _uploads(self) -> UploadStore:
        return DynamoUploads(self._table, self._clock) if self._table is not None else UploadsInMemory()

    def _cloudformation(self) -> Any:
        return self.session.client("cloudformation", config=QUICK_CONFIG)


def configured_members(settings: Settings) -> dict[str, str]:
    """Return the members of a Deployment that have a setting of their own, with its value."""
    named = settings.model_dump(include=set(Deployment.model_fields) & settings.model_fields_set)
    return {name: value for name, value in named.items() if value is not None}
