"""Punctual put together: from the settings to everything that pages and commands use."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

from core.backends.aws import Aws
from core.backends.one_machine import OneMachine
from core.backends.port import Place
from core.maintenance.account_checks import AccountWatch, destinations_due
from core.maintenance.caretaker import Caretaker, at_most_every
from core.maintenance.media_sweep import Sweeper
from core.notifications.channels import Channels
from core.notifications.deliveries import Memory, open_memory
from core.notifications.notifier import Notifier
from core.notifications.sender import Sender
from core.publishing.fence import Fence
from core.publishing.network import Parts, all_networks
from core.publishing.publisher import Publisher
from core.scheduling.dead_letters import DeadLetters
from core.scheduling.listing import Queue
from core.scheduling.schedules import Schedules
from core.scheduling.upsert import UNHURRIED, Waiting
from core.settings import Settings
from core.storage.backup import back_up
from core.storage.home import Home
from core.time.instants import Clock, real_clock


class Application:
    """Everything a page or a command needs. It may be used from any thread; several processes may open one home.

    `place` is where everything is kept. It is `engine` on one machine and `aws` on AWS; the other one is None.
    """

    def __init__(self, settings: Settings, clock: Clock = real_clock, waiting: Waiting = UNHURRIED) -> None:
        """Open what the settings name. `waiting` is how to wait for AWS, and whom to tell, where that takes long.

        Raises HomeUnusable, NewerDatabase or StorageFault, and on AWS what `core.aws` raises.
        """
        self.settings = settings
        self.clock = clock
        self.home = Home(settings.home)
        self.engine: OneMachine | None = None
        self.aws: Aws | None = None
        self.place: Place
        if settings.mode == "aws":
            self.place = self.aws = Aws(settings, self.home, clock)
        else:
            self.place = self.engine = OneMachine(settings, self.home, clock)
        self.ledger, self.outbox, self.accounts = self.place.ledger, self.place.outbox, self.place.accounts
        self.signing_secrets = self.place.signing_secrets
        self.networks = all_networks(Parts(outbox=self.outbox, clock=clock))
        self.media = self.place.media
        self.publisher = Publisher(Fence(self.ledger, self.media, clock), self.accounts, self.networks)
        self.queue = Queue(self.place.scheduler, self.place.target.group)
        self.schedules = Schedules(
            scheduler=self.place.scheduler,
            functions=self.place.functions,
            ledger=self.ledger,
            target=self.place.target,
            notice=self.place.notice,
            clock=clock,
            waiting=waiting,
        )
        self.dead_letters = DeadLetters(self.place.dead_letters, self.schedules, self.ledger, clock)
        if self.engine is not None:  # on AWS the group belongs to the stack, and is not the dashboard's to make
            self.schedules.ensure_group()
        self.account_watch = AccountWatch(
            self.accounts, self.networks, partial(destinations_due, self.queue), self.home.account_checks, clock
        )
        self.channels, self.sender = Channels(self.home.channels), Sender(clock)
        self._told = open_memory(self.home.notices, now=clock())
        self.notifier = self._notifier(self._told)
        self._closing = Event()
        self._caretaker: Caretaker | None = None
        self._errands: Caretaker | None = None

    def start_engine(self, posting_url: Callable[[], str]) -> None:
        """Begin to fire what is due, where that is our work, and to take care of what was left half done.

        `posting_url` answers where this process's own posting server is; a configured one goes before it.
        """
        self.place.start(posting_url)
        duties = {
            "finish half-done changes": lambda: self.schedules.repair(self._closing.is_set),
            "delete what is over 400 days old": lambda: self.ledger.prune(now=self.clock()),
        }
        sweeper = Sweeper(self.media, self.ledger, self.queue, self.clock)
        errands = {
            "check the accounts": at_most_every(timedelta(minutes=5), self.account_watch.look, self.clock),
            "tell of troubles": at_most_every(timedelta(minutes=1), self.notifier.tell, self.clock),
            "sweep unused pictures": at_most_every(timedelta(days=1), sweeper.sweep, self.clock),
        }
        self._caretaker, self._errands = Caretaker(duties), Caretaker(errands, name="errands")
        self._caretaker.start()
        self._errands.start()

    def back_up(self, folder: Path) -> None:
        """Copy everything that this machine keeps into a folder, while it is in use. Raises what `back_up` raises."""
        back_up(self.home, [*self.place.databases, self._told.database], folder)

    def close(self) -> None:
        """Stop firing and close every file; what is under way is finished or freed for another process."""
        self._closing.set()
        if self._caretaker is not None:
            self._caretaker.stop()
        if self._errands is not None:
            self._errands.stop(within_seconds=5)  # it may be waiting for somebody else's server
        self._told.close()
        self.place.close()

    def _notifier(self, memory: Memory) -> Notifier:
        return Notifier(
            ledger=self.ledger,
            queue=self.queue,
            checks=lambda: self.account_watch.found().values(),
            channels=self.channels,
            memory=memory,
            sender=self.sender,
            late_after=timedelta(minutes=self.settings.late_after_minutes),
            lock=self.home.notices.with_suffix(".lock"),
            clock=self.clock,
        )
