"""One machine, no AWS account: the embedded engine and SQLite, in one home."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import takewhile

from core.accounts.file import FileAccounts
from core.accounts.port import Accounts
from core.aws_errors import ScheduleGroupNotFound, translate_aws_errors
from core.backends.engine_dead_letters import EngineDeadLetters
from core.backends.relay_host import RelayHost
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.runner import Runner
from core.engine.store import Store
from core.ledger.history import everything
from core.ledger.port import Ledger
from core.ledger.sqlite import SqliteLedger, open_database
from core.media.folder import FolderMedia
from core.media.port import MediaStore
from core.outbox.port import Outbox
from core.outbox.sqlite import SqliteOutbox
from core.posts.payload import TargetSettings, write_invocation
from core.scheduling.dead_letters import DeadLetterStore
from core.settings import Settings
from core.storage.database import last_damaged_at
from core.storage.home import Home
from core.storage.processes import Presence
from core.time.instants import Clock

REGION = "us-east-1"
"""The engine's; it appears in its ARNs and nowhere else."""
MINIMUM_NOTICE = timedelta(seconds=2)
"""The engine fires to the millisecond; this is only time enough to write and read a schedule back."""
PAUSE_AND_MORE = timedelta(days=1, hours=1)
"""Longer than the longest pause between two attempts: so one comes when it is too late, and says so."""
LONGEST_LATE = timedelta(days=30)
"""The longest late limit that can be set: what was due before that is not tried any more."""


class OneMachineBackend:
    """The place of a home. Several processes may open one; each may fire, and none fires what another has claimed."""

    minimum_notice = MINIMUM_NOTICE

    def __init__(self, settings: Settings, home: Home, clock: Clock) -> None:
        """Open every file of the home; damaged ones are set aside. Raises StorageFault or NewerDatabase, all closed."""
        self._settings = settings
        self._home = home
        self._clock = clock
        with ExitStack() as opening:
            self.presence = Presence(home.processes)
            opening.callback(self.presence.leave)
            database = open_database(home.database, now=clock())
            opening.callback(database.close)
            ledger = SqliteLedger(database, self.presence)
            self.ledger: Ledger = ledger
            self.outbox: Outbox = SqliteOutbox(database)
            self.accounts: Accounts = FileAccounts(home.accounts)
            self.media: MediaStore = FolderMedia(home.media)
            self.store = Store(home.engine_database, now=clock())
            opening.callback(self.store.close)
            self._closing = opening.pop_all()
        self.databases = [database, self.store.database]
        self.dead_letters: DeadLetterStore = EngineDeadLetters(self.store)
        self.api = Api(self.store, clock, account=settings.local_account, region=REGION)
        clients = local_clients(self.api)
        self.scheduler_client, self.lambda_client = clients.scheduler, clients.functions
        self.target = TargetSettings(
            group=settings.group,
            function_arn=f"arn:aws:lambda:{REGION}:{settings.local_account}:function:punctual-relay",
            role_arn=f"arn:aws:iam::{settings.local_account}:role/punctual-scheduler",
            dead_letter_arn=None,
            lead=timedelta(0),
        )
        if not self._holds_our_group():
            ledger.unsettle_all(now=clock())
            self._hand_over_what_had_begun()
        self.name = f"{home.path} ({home.get_or_create_secret('identity', lambda: secrets.token_hex(8))})"
        self._own_url: Callable[[], str] | None = None
        self._runner: Runner | None = None

    def _holds_our_group(self) -> bool:
        """Tell whether the engine knows our schedule group.

        If not, its file is new: this home is, or the file was damaged and set aside, or somebody deleted it. Nothing
        that was armed is there then, and the caretaker arms it again.
        """
        try:
            with translate_aws_errors():
                self.scheduler_client.get_schedule_group(Name=self.target.group)
        except ScheduleGroupNotFound:
            return False
        return True

    def _hand_over_what_had_begun(self) -> None:
        """Invoke the relay once more for what had begun and not ended: further attempts were in the lost file alone.

        Whether it is too late for that is the relay's to say, and the fence knows what is out.
        """
        since = self._clock() - LONGEST_LATE
        for run in takewhile(lambda run: run.due_at >= since, everything(self.ledger)):
            if run.outcome.under_way:
                body = write_invocation(run.payload).encode()
                with translate_aws_errors():
                    self.lambda_client.invoke(FunctionName=self.target.function_arn, InvocationType="Event", Payload=body)

    def posting_url(self) -> str | None:
        """Return where posts are handed over: as configured, else this process's own server, if it serves one."""
        return self._settings.posting_url or (self._own_url() if self._own_url else None)

    def signing_secrets(self) -> Sequence[str]:
        """Return the configured secrets, else the home's own."""
        return self._home.signing_secrets(self._settings.signing_secret)

    def start(self, posting_url: Callable[[], str]) -> None:
        """Fire what is due from now on. `posting_url` is asked at each hand-over; a configured one goes before it."""
        self._own_url = posting_url
        host = RelayHost(
            self.ledger,
            posting_url=lambda: self._settings.posting_url or posting_url(),
            secrets=self.signing_secrets,
            clock=self._clock,
            fence_lost_at=last_damaged_at(self._home.database),
        )
        self._runner = Runner(
            self.store,
            self.presence,
            {self.target.function_arn: host},
            self._clock,
            workers=self._settings.workers,
            retry_delays=self._settings.retry_delays,
            redelivery_seconds=self._settings.redelivery_seconds,
            max_event_age=timedelta(minutes=self._settings.late_after_minutes) + PAUSE_AND_MORE,
            on_rest=host.close_connection,
        )
        self._runner.start()

    def running(self) -> bool:
        """Tell whether any live process, this one or another, fires for this home."""
        return self.store.running(self.presence)

    def close(self) -> None:
        """Stop firing and close every file; what is under way is finished or freed for another process."""
        if self._runner is not None:
            self._runner.stop()
        self._closing.close()
