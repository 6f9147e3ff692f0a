"""An open ledger for the commands that only read it. They open nothing else, so that monitoring may run them often."""

from contextlib import ExitStack
from typing import Protocol

from core.ledger.port import Ledger
from core.ledger.sqlite import SqliteLedger, open_database
from core.scheduling.hold.port import Hold
from core.scheduling.hold.sqlite import SqliteHold
from core.settings import Settings
from core.storage.home import Home
from core.storage.manifest import note_restoration
from core.storage.processes import Presence
from core.time.instants import Clock, real_clock
from core.worker.lock import worker_runs
from core.worker.record import WorkerFiles


class LedgerReader(Protocol):
    """An open ledger. The whole application is one too."""

    ledger: Ledger
    clock: Clock

    def hold(self) -> Hold | None:
        """Return the pause of all posts, if there is one."""
        ...

    def lacks_worker(self) -> bool:
        """Return whether this machine publishes its posts, and no worker does it."""
        ...

    def close(self) -> None:
        """Close every file."""
        ...


class HomeLedger:
    """The ledger of one machine, without its engine, networks and notifications."""

    def __init__(self, settings: Settings, clock: Clock = real_clock) -> None:
        """Open the ledger of the home. Raises HomeUnusable, StorageError or NewerDatabase."""
        self.clock = clock
        home = Home(settings.home)
        self._worker = WorkerFiles(home.path)
        note_restoration(home.path, clock())
        with ExitStack() as opening:
            presence = Presence(home.processes)
            opening.callback(presence.leave)
            database = open_database(home.database, now=clock())
            opening.callback(database.close)
            self.ledger: Ledger = SqliteLedger(database, presence)
            self.hold = SqliteHold(database).read
            self._closing = opening.pop_all()

    def lacks_worker(self) -> bool:
        """Return whether no worker runs."""
        return not worker_runs(self._worker)

    def close(self) -> None:
        """Close the ledger."""
        self._closing.close()


def open_ledger(settings: Settings) -> LedgerReader:
    """Open the ledger of the mode that the settings name."""
    if settings.mode == "local":
        return HomeLedger(settings)
    from core.application import Application  # here, because the ledger of this machine needs no other part

    return Application(settings)
