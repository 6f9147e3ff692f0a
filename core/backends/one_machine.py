"""The backend of one machine without an AWS account: the embedded engine and SQLite in one home."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import takewhile

from core.accounts.file import FileAccounts
from core.accounts.port import Accounts
from core.aws_errors import ScheduleGroupNotFound, translate_aws_errors
from core.backends.engine_dead_letters import EngineDeadLetters
from core.backends.lane_of_post import lane_of
from core.drafts.port import Drafts
from core.drafts.sqlite import SqliteDrafts
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.runner import POLL_SECONDS, Runner
from core.engine.store import Store
from core.labels.port import Labels
from core.labels.sqlite import SqliteLabels
from core.ledger.history import all_runs
from core.ledger.port import Ledger
from core.ledger.sqlite import SqliteLedger, open_database
from core.media.folder import FolderMedia
from core.media.port import MediaStore
from core.outbox.port import Outbox
from core.outbox.sqlite import SqliteOutbox
from core.posts.payload import REPEAT_PREFIX, TargetSettings, write_invocation
from core.publishing.kept_uploads.memory import UploadsInMemory
from core.publishing.kept_uploads.port import UploadStore
from core.scheduling.caution_settings.file import FileCautionSettings
from core.scheduling.caution_settings.port import CautionSettingsStore
from core.scheduling.dead_letters import DeadLetterStore
from core.scheduling.hold.port import HoldStore
from core.scheduling.hold.sqlite import SqliteHold
from core.settings import MAX_LATE_LIMIT, Settings
from core.storage.database import Database
from core.storage.home import Home
from core.storage.manifest import note_restoration
from core.storage.processes import Presence
from core.storage.recovery import last_damaged_at
from core.time.instants import Clock, epoch_ms
from core.timetable.port import PostingTimes
from core.timetable.sqlite import SqlitePostingTimes
from core.worker.control import wake
from core.worker.record import WorkerFiles, WorkerRecord

REGION = "us-east-1"
"""The engine's region, which only its ARNs show."""
MINIMUM_NOTICE = timedelta(seconds=2)
"""The engine fires to the millisecond; this is the time to write a schedule and read it back."""
RETRIES_PAST_LATE_LIMIT = timedelta(days=1, hours=1)
"""Longer than the longest pause between two attempts, so that an attempt after the late limit records the result."""


class OneMachineBackend:
    """The backend of one home. Several processes may run its schedules, but only one of them claims each run."""

    minimum_notice = MINIMUM_NOTICE
    shared_ledger = False
    uploads_ahead_every: timedelta | None = timedelta()

    def __init__(self, settings: Settings, home: Home, clock: Clock) -> None:
        """Open the files of the home and replace damaged ones.

        Raises StorageError or NewerDatabase, and then leaves no database open.
        """
        self._settings = settings
        self._home = home
        self._clock = clock
        self._restored_at = note_restoration(home.path, clock())
        with ExitStack() as opening:
            self.presence = Presence(home.processes)
            opening.callback(self.presence.leave)
            database = open_database(home.database, now=clock())
            opening.callback(database.close)
            self._ledger = SqliteLedger(database, self.presence)
            self.ledger: Ledger = self._ledger
            self.outbox: Outbox = SqliteOutbox(database)
            self.drafts: Drafts = SqliteDrafts(database)
            self.posting_times: PostingTimes = SqlitePostingTimes(database)
            self.labels: Labels = SqliteLabels(database)
            self.hold: HoldStore = SqliteHold(database)
            self.caution_settings: CautionSettingsStore = FileCautionSettings(home.cautions)
            self.accounts: Accounts = FileAccounts(home.accounts)
            self.media: MediaStore = FolderMedia(home.media)
            self.uploads: UploadStore = UploadsInMemory()  # the worker uploads and publishes
            self.engine_store = Store(home.engine_database, now=clock())
            opening.callback(self.engine_store.close)
            self._prepare(database)
            self._closing = opening.pop_all()

    def _prepare(self, database: Database) -> None:
        """Build the clients of the open engine, and bring back what a lost engine file held."""
        settings, home, clock = self._settings, self._home, self._clock
        self._worker_files = WorkerFiles(home.path)
        self.engine_store.on_due(self._wake_worker)
        self.databases = [database, self.engine_store.database]
        self.dead_letters: DeadLetterStore = EngineDeadLetters(self.engine_store)
        self.engine_api = Api(self.engine_store, clock, account=settings.local_account, region=REGION)
        clients = local_clients(self.engine_api)
        self.scheduler_client, self.lambda_client = clients.scheduler, clients.functions
        self.target = TargetSettings(
            group=settings.group,
            function_arn=f"arn:aws:lambda:{REGION}:{settings.local_account}:function:punctual-relay",
            role_arn=f"arn:aws:iam::{settings.local_account}:role/punctual-scheduler",
            dead_letter_arn=None,
            lead=timedelta(0),
        )
        if not self._has_schedule_group():
            self._ledger.unsettle_all(now=clock())
            self._redeliver_unfinished_runs()
        self.name = f"{home.path} ({home.get_or_create_secret('identity', lambda: secrets.token_hex(8))})"
        self._server_url: Callable[[], str] | None = None
        self._runner: Runner | None = None

    def _has_schedule_group(self) -> bool:
        """Return whether the engine has the schedule group.

        Without it, the engine's file is new: the home is new, or the file was damaged or deleted. Its schedules are
        gone, and the caretaker creates them again.
        """
        try:
            with translate_aws_errors():
                self.scheduler_client.get_schedule_group(Name=self.target.group)
        except ScheduleGroupNotFound:
            return False
        return True

    def _redeliver_unfinished_runs(self) -> None:
        """Invoke the relay for each unfinished occurrence, because the lost file held its further attempts.

        The relay applies the late limit, and the fence prevents a second publication. An occurrence older than
        MAX_LATE_LIMIT needs no further attempt.
        """
        since = self._clock() - MAX_LATE_LIMIT
        for run in takewhile(lambda run: run.due_at >= since, all_runs(self.ledger)):
            if run.outcome.in_progress:
                body = write_invocation(run.payload).encode()
                with translate_aws_errors():
                    self.lambda_client.invoke(
                        FunctionName=self.target.function_arn, InvocationType="Event", Payload=body
                    )

    def posting_url(self) -> str | None:
        """Return the configured posting URL, else the URL of this process's own server or of the worker, else None."""
        if self._settings.posting_url:
            return self._settings.posting_url
        if self._server_url is not None:
            return self._server_url()
        record = WorkerRecord.read(self._worker_files)
        return f"{record.url}/publish" if record else None

    def runs_due(self, begin: datetime, end: datetime, limit: int) -> list[tuple[str, datetime]]:
        """Return runs of repeating posts by the engine, which alone knows each next run without a scan."""
        return self.engine_store.runs_due(REPEAT_PREFIX, begin, end, limit)

    def unread_members(self) -> frozenset[str]:
        """Return no member: the worker publishes, not a deployed function."""
        return frozenset()

    def change_count(self) -> tuple[int, ...]:
        """Count the commits of all processes to the files of the ledger and of the engine."""
        return tuple(database.change_count() for database in self.databases)

    def signing_secrets(self) -> Sequence[str]:
        """Return the configured signing secrets, else the secrets of the home."""
        return self._home.signing_secrets(self._settings.signing_secret)

    def start(self, posting_url: Callable[[], str]) -> None:
        """Start to run due schedules. Each delivery reads `posting_url`, unless the settings name a URL."""
        from core.backends.relay_host import RelayHost  # here, because a command delivers nothing

        self._server_url = posting_url
        host = RelayHost(
            self.ledger,
            posting_url=lambda: self._settings.posting_url or posting_url(),
            secrets=self.signing_secrets,
            clock=self._clock,
            fence_lost_at=last_damaged_at(self._home.database),
            restored_at=self._restored_at,
        )
        self._runner = Runner(
            self.engine_store,
            self.presence,
            {self.target.function_arn: host},
            self._clock,
            workers=self._settings.workers,
            retry_delays=self._settings.retry_delays,
            redelivery_seconds=self._settings.redelivery_seconds,
            max_event_age=timedelta(minutes=self._settings.late_after_minutes) + RETRIES_PAST_LATE_LIMIT,
            on_idle=host.close_connection,
            lane_of=lane_of,
            on_given_up=host.give_up,
            store_receipts=self._ledger.record_all,
        )
        self._runner.start()

    def has_live_runner(self) -> bool:
        """Return whether any live process, including this one, runs the schedules of this home."""
        return self.engine_store.has_live_runner(self.presence)

    def wake(self) -> None:
        """Look for due schedules now, if this process runs them."""
        if (runner := self._runner) is not None:
            runner.wake()

    def stop(self, *, within_seconds: float = 5.0) -> None:
        """Stop running schedules, and wait for the deliveries that are under way.

        Another process repeats a delivery that is unfinished then. A second call has no effect.
        """
        if self._runner is not None:
            self._runner.stop(within_seconds)
            self._runner = None

    def _wake_worker(self, due: int) -> None:
        """Tell the worker of a new due instant, if it comes before the worker next looks by itself."""
        if due <= epoch_ms(self._clock()) + 2000 * POLL_SECONDS:
            wake(self._worker_files)

    def close(self) -> None:
        """Stop running schedules and close every file."""
        self.stop()
        self._closing.close()
