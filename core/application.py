"""Punctual put together: from the settings to everything that pages and commands use."""

from collections.abc import Callable

from core.aws.place import Aws
from core.caretaker import Caretaker
from core.dead_letters.port import DeadLetters
from core.home import Home
from core.moments import Clock, real_clock
from core.one_machine import OneMachine
from core.place import Place
from core.publishing.fence import Fence
from core.publishing.network import Parts, all_networks
from core.publishing.publisher import Publisher
from core.queue import Queue
from core.schedules import Schedules
from core.settings import Settings


class Application:
    """Everything a page or a command needs. It may be used from any thread; several processes may open one home.

    `place` is where everything is kept. It is `engine` on one machine and `aws` on AWS; the other one is None.
    """

    def __init__(self, settings: Settings, clock: Clock = real_clock) -> None:
        """Open what the settings name.

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
        )
        self.dead_letters = DeadLetters(self.place.dead_letters, self.schedules)
        if self.engine is not None:  # on AWS the group belongs to the stack, and is not the dashboard's to make
            self.schedules.ensure_group()
        self._caretaker: Caretaker | None = None

    def start_engine(self, posting_url: Callable[[], str]) -> None:
        """Begin to fire what is due, where that is our work, and to take care of what was left half done.

        `posting_url` answers where this process's own posting server is; a configured one goes before it.
        """
        self.place.start(posting_url)
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
        self.place.close()
