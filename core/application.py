"""Punctual put together: from the settings to everything that pages and commands use."""

from collections.abc import Callable
from datetime import timedelta

from core import relay_host
from core.accounts import Accounts
from core.caretaker import Caretaker
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.runner import Runner
from core.engine.store import Store
from core.home import Home
from core.ledger.sqlite import SqliteLedger, open_database
from core.moments import Clock, real_clock
from core.outbox import Outbox
from core.processes import Presence
from core.publishing.fence import Fence
from core.publishing.network import Parts, all_networks
from core.publishing.publisher import Publisher
from core.queue import Queue
from core.schedules import Schedules
from core.settings import Settings
from core.wire import TargetSettings

REGION = "us-east-1"
"""The engine's; it appears in its ARNs and nowhere else."""
NOTICE = timedelta(seconds=2)
"""The engine fires to the millisecond; this is only time enough to write and read a schedule back."""


class Application:
    """One home, opened. Everything in it may be used from any thread; several processes may open one home."""

    def __init__(self, settings: Settings, clock: Clock = real_clock) -> None:
        """Open the home of the settings. Raises HomeUnusable, NewerDatabase, StorageFault."""
        self.settings = settings
        self.clock = clock
        self.home = Home(settings.home)
        self.signing_secrets = lambda: self.home.signing_secrets(settings.signing_secret)
        self.presence = Presence(self.home.processes)
        self.database = open_database(self.home.database, now=clock())
        self.ledger = SqliteLedger(self.database, self.presence)
        self.outbox = Outbox(self.database)
        self.accounts = Accounts(self.home.accounts)
        self.networks = all_networks(Parts(outbox=self.outbox, clock=clock))
        self.publisher = Publisher(Fence(self.ledger, clock), self.accounts, self.networks)
        self.store = Store(self.home.engine_database, now=clock())
        self.api = Api(self.store, clock, account=settings.local_account, region=REGION)
        clients = local_clients(self.api)
        target = TargetSettings(
            group=settings.group,
            function_arn=f"arn:aws:lambda:{REGION}:{settings.local_account}:function:punctual-relay",
            role_arn=f"arn:aws:iam::{settings.local_account}:role/punctual-scheduler",
            dead_letter_arn=None,
            lead=timedelta(0),
        )
        self._function_arn = target.function_arn
        self.queue = Queue(clients.scheduler, settings.group)
        self.schedules = Schedules(
            scheduler=clients.scheduler,
            functions=clients.functions,
            ledger=self.ledger,
            target=target,
            notice=NOTICE,
            clock=clock,
        )
        self.schedules.ensure_group()
        self._runner: Runner | None = None
        self._caretaker: Caretaker | None = None

    def start_engine(self, posting_url: Callable[[], str]) -> None:
        """Begin to fire what is due, and to take care of what was left half done.

        `posting_url` answers where this process's own posting server is; a configured one goes before it.
        """
        host = relay_host.RelayHost(
            self.ledger,
            posting_url=lambda: self.settings.posting_url or posting_url(),
            secrets=self.signing_secrets,
            clock=self.clock,
        )
        self._runner = Runner(
            self.store,
            self.presence,
            {self._function_arn: host},
            self.clock,
            workers=self.settings.workers,
            retry_delays=self.settings.retry_delays,
            redelivery_seconds=self.settings.redelivery_seconds,
        )
        self._runner.start()
        duties = {
            "finish half-done changes": self.schedules.repair,
            "delete what is over 400 days old": lambda: self.ledger.prune(now=self.clock()),
        }
        self._caretaker = Caretaker(duties)
        self._caretaker.start()

    def close(self) -> None:
        """Stop firing and close every file; what is under way is finished or freed for another process."""
        if self._caretaker is not None:
            self._caretaker.stop()
        if self._runner is not None:
            self._runner.stop()
        self.store.close()
        self.database.close()
        self.presence.leave()
