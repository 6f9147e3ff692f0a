"""Punctual put together: from the settings to everything that pages and commands use."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

from core.backends.aws import AwsBackend
from core.backends.one_machine import OneMachineBackend
from core.backends.port import Backend
from core.maintenance.account_checks import AccountChecks, destinations_due
from core.maintenance.caretaker import Caretaker, at_most_every
from core.maintenance.media_sweep import MediaSweep
from core.notifications.channels import Channels
from core.notifications.deliveries import Deliveries, open_deliveries
from core.notifications.notifier import Notifier
from core.notifications.sender import Sender
from core.publishing.fence import Fence
from core.publishing.network import Parts, all_networks
from core.publishing.publisher import Publisher
from core.scheduling.dead_letters import DeadLetters
from core.scheduling.listing import ScheduleListing
from core.scheduling.schedules import Schedules
from core.scheduling.upsert import DEFAULT_WAIT, WaitPolicy
from core.settings import Settings
from core.storage.backup import back_up
from core.storage.home import Home
from core.time.instants import Clock, real_clock


class Application:
    """Everything a page or a command needs. It may be used from any thread; several processes may open one home.

    `place` is where everything is kept. It is `engine` on one machine and `aws` on AWS; the other one is None.
    """

    def __init__(self, settings: Settings, clock: Clock = real_clock, waiting: WaitPolicy = DEFAULT_WAIT) -> None:
        """Open what the settings name. `waiting` is how to wait for AWS, and whom to tell, where that takes long.

        Raises HomeUnusable, NewerDatabase or StorageFault, and on AWS what `core.aws` raises.
        """
        self.settings = settings
        self.clock = clock
        self.home = Home(settings.home)
        self.one_machine: OneMachineBackend | None = None
        self.aws: AwsBackend | None = None
        self.backend: Backend
        if settings.mode == "aws":
            self.backend = self.aws = AwsBackend(settings, self.home, clock)
        else:
            self.backend = self.one_machine = OneMachineBackend(settings, self.home, clock)
        self.ledger, self.outbox, self.accounts = self.backend.ledger, self.backend.outbox, self.backend.accounts
        self.signing_secrets = self.backend.signing_secrets
        self.networks = all_networks(Parts(outbox=self.outbox, clock=clock))
        self.media = self.backend.media
        self.publisher = Publisher(Fence(self.ledger, self.media, clock), self.accounts, self.networks)
        self.listing = ScheduleListing(self.backend.scheduler_client, self.backend.target.group)
        self.schedules = Schedules(
            scheduler=self.backend.scheduler_client,
            functions=self.backend.lambda_client,
            ledger=self.ledger,
            target=self.backend.target,
            notice=self.backend.minimum_notice,
            clock=clock,
            waiting=waiting,
        )
        self.dead_letters = DeadLetters(self.backend.dead_letters, self.schedules, self.ledger, clock)
        if self.one_machine is not None:  # on AWS the group belongs to the stack, and is not the dashboard's to make
            self.schedules.ensure_group()
        self.account_checks = AccountChecks(
            self.accounts, self.networks, partial(destinations_due, self.listing), self.home.account_checks, clock
        )
        self.channels, self.sender = Channels(self.home.channels), Sender(clock)
        self._deliveries = open_deliveries(self.home.notices, now=clock())
        self.notifier = self._notifier(self._deliveries)
        self._closing = Event()
        self._caretaker: Caretaker | None = None
        self._errands: Caretaker | None = None

    def start_engine(self, posting_url: Callable[[], str]) -> None:
        """Begin to fire what is due, where that is our work, and to take care of what was left half done.

        `posting_url` answers where this process's own posting server is; a configured one goes before it.
        """
        self.backend.start(posting_url)
        duties = {
            "finish half-done changes": lambda: self.schedules.repair(self._closing.is_set),
            "delete what is over 400 days old": lambda: self.ledger.prune(now=self.clock()),
        }
        sweeper = MediaSweep(self.media, self.ledger, self.listing, self.clock)
        errands = {
            "check the accounts": at_most_every(timedelta(minutes=5), self.account_checks.run, self.clock),
            "tell of troubles": at_most_every(timedelta(minutes=1), self.notifier.notify, self.clock),
            "sweep unused pictures": at_most_every(timedelta(days=1), sweeper.run, self.clock),
        }
        self._caretaker, self._errands = Caretaker(duties), Caretaker(errands, name="errands")
        self._caretaker.start()
        self._errands.start()

    def back_up(self, folder: Path) -> None:
        """Copy everything that this machine keeps into a folder, while it is in use. Raises what `back_up` raises."""
        back_up(self.home, [*self.backend.databases, self._deliveries.database], folder)

    def close(self) -> None:
        """Stop firing and close every file; what is under way is finished or freed for another process."""
        self._closing.set()
        if self._caretaker is not None:
            self._caretaker.stop()
        if self._errands is not None:
            self._errands.stop(within_seconds=5)  # it may be waiting for somebody else's server
        self._deliveries.close()
        self.backend.close()

    def _notifier(self, deliveries: Deliveries) -> Notifier:
        return Notifier(
            ledger=self.ledger,
            queue=self.listing,
            checks=lambda: self.account_checks.results().values(),
            channels=self.channels,
            deliveries=deliveries,
            sender=self.sender,
            late_after=timedelta(minutes=self.settings.late_after_minutes),
            lock=self.home.notices.with_suffix(".lock"),
            clock=self.clock,
        )
