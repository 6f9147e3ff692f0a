"""Tells people of troubles: each of them once on every channel, however often it has to be tried."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from core.ledger.port import Ledger
from core.maintenance.account_checks import Checked
from core.notifications.channels import Channel, Channels
from core.notifications.deliveries import Look, Memory, Standing
from core.notifications.digest import digest_day, digest_message
from core.notifications.message import Message, NotSent
from core.notifications.sender import Sender
from core.notifications.troubles import Trouble, account_troubles, told, troubles
from core.scheduling.listing import Queue
from core.time.instants import Clock

log = logging.getLogger(__name__)

LOOKED_BACK = timedelta(days=2)
"""By due instant, beyond the late policy. What is decided later than that, a person has retried, and looks at."""
CATCHING_UP = 24
"""After Punctual was off, its looks still go back to before that, since posts that were due meanwhile are decided only
now. Their far end then moves this much faster than time, as long as Punctual runs."""
RUNNING = timedelta(minutes=5)
"""More than that between two looks, and Punctual was off."""
WAITED_FOR = timedelta(days=14)
"""How long a channel that fails keeps the looks from moving on, so that it is told all once it works again."""
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""After each failure in a row of a channel."""


class Notifier:
    """Looks for new troubles in the ledger and among the accounts, and tells every channel.

    What was told is kept, so a message is sent once, but for a crash between sending and noting it. One process of a
    home tells at a time. A channel that fails is tried again with growing pauses, and holds up no other.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        queue: Queue,
        checks: Callable[[], Iterable[Checked]],
        channels: Channels,
        memory: Memory,
        sender: Sender,
        late_after: timedelta,
        lock: Path,
        clock: Clock,
    ) -> None:
        """`checks` returns what is known of the accounts; `late_after` is the late policy of new posts."""
        self._ledger = ledger
        self._queue = queue
        self._checks = checks
        self._channels = channels
        self._memory = memory
        self._sender = sender
        self._back = LOOKED_BACK + late_after
        self._lock = FileLock(lock)
        self._clock = clock

    def tell(self) -> None:
        """Tell every channel what is new to it. Raises what ledger and files raise, never what a channel does."""
        channels = self._channels.all()
        if not channels:
            return
        try:
            with self._lock.acquire(timeout=0):
                found = self._found(channels)
                for channel in channels:
                    self._tell(channel, found)
        except Timeout:
            return  # another process is at it

    def standings(self) -> dict[str, Standing]:
        """Return how it stands with each channel, by name."""
        return {each.name: self._memory.standing(each.name, self._clock()) for each in self._channels.all()}

    def test(self, channel: Channel) -> None:
        """Send a message that says it is a test; one that gets through ends a channel's pause. Raises NotSent."""
        self._sender.send_test(channel)
        self._memory.sent(channel.name, [], self._clock())

    def change(self, name: str, channel: Channel) -> None:
        """Put a channel in the place of the one of that name; it is told nothing twice. Raises NameTaken."""
        with self._lock:  # a message that is under way is noted under the name that it was sent to
            self._channels.keep(channel, instead_of=name)
            if channel.name != name:
                self._memory.rename(name, channel.name)

    def remove(self, name: str) -> None:
        """Forget a channel, and what it was told."""
        self._channels.remove(name)
        self._memory.forget(name)

    def _found(self, channels: Iterable[Channel]) -> list[Trouble]:
        now, last = self._clock(), self._memory.last_look()
        went_to = now - self._back
        if last is not None:
            went_to = min(went_to, last.went_to + CATCHING_UP * min(now - last.at, RUNNING))
            if any(self._memory.standing(channel.name, now).failures for channel in channels):
                went_to = min(went_to, max(last.went_to, now - WAITED_FOR))
        found = troubles(self._ledger, due_since=went_to, now=now)
        self._memory.looked(Look(at=now, went_to=went_to))
        return found + account_troubles(self._checks())

    def _tell(self, channel: Channel, found: Sequence[Trouble]) -> None:
        now = self._clock()
        standing = self._memory.standing(channel.name, now)
        if now < standing.try_at:
            return
        news = [trouble for trouble in found if trouble.at >= standing.since]
        untold = self._memory.untold(channel.name, [trouble.id for trouble in news])
        news = [trouble for trouble in news if trouble.id in untold]
        if news:
            if not self._sent(channel, standing, told(news)):
                return
            self._memory.sent(channel.name, untold, now)
        self._digest(channel, standing, now)

    def _digest(self, channel: Channel, standing: Standing, now: datetime) -> None:
        if channel.digest is None:
            return
        day = digest_day(channel.digest, now)
        if standing.digest_on is None:  # the first one is the next that comes due
            self._memory.digested(channel.name, day)
        elif day > standing.digest_on:
            message = digest_message(self._ledger, self._queue, channel.digest.zone, now)
            if self._sent(channel, standing, message):
                self._memory.sent(channel.name, [], now)
                self._memory.digested(channel.name, day)

    def _sent(self, channel: Channel, standing: Standing, message: Message) -> bool:
        try:
            self._sender.send(channel, message)
        except NotSent as error:
            log.warning("%s", error)
            pause = PAUSES[min(standing.failures, len(PAUSES) - 1)]
            self._memory.failed(channel.name, str(error), self._clock() + pause)
            return False
        return True
