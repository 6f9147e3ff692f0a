"""Reports problems to every channel, each once, with retries for channels that fail."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from core.ledger.port import Ledger
from core.maintenance.account_checks import AccountCheck
from core.maintenance.zone_changes import ZoneChange
from core.notifications.channels import Channel, Channels
from core.notifications.deliveries import ChannelState, Deliveries, Scan
from core.notifications.digest import digest_day, digest_message
from core.notifications.message import DeliveryFailed, Message
from core.notifications.problems import Problem, account_problems, post_problems, problems_message
from core.notifications.sender import Sender
from core.notifications.zone_problems import zone_problems
from core.scheduling.listing import ScheduleListing
from core.time.instants import Clock

log = logging.getLogger(__name__)

LOOKBACK = timedelta(days=2)
"""How far before now the scanned period of due instants starts, in addition to the late policy. A later result comes
from a person's retry, and that person sees it."""
CATCH_UP_SPEED = 24
"""After a pause of Punctual, the scanned period still starts before the pause, because posts that were due in the pause
get their results only now. While Punctual runs, the start then advances this many times as fast as the clock."""
MAX_SCAN_GAP = timedelta(minutes=5)
"""A longer gap between two scans is a pause of Punctual."""
MAX_BACKLOG = timedelta(days=14)
"""How long a failing channel holds back the start of the scanned period, so that it receives the backlog later."""
CHANNELS_AT_ONCE = 8
"""Channels that are notified side by side, so that none waits for another one's slow server."""
RETRY_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""The pause after each consecutive failure of a channel."""


class Notifier:
    """Scans ledger and account checks for problems, and reports new ones to every channel.

    Reports are recorded, so a message is sent once, unless a crash comes between sending and recording. One process of
    a home reports at a time. A failing channel is retried with growing pauses; the other channels go on.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        listing: ScheduleListing,
        account_checks: Callable[[], Iterable[AccountCheck]],
        zone_changes: Callable[[], Iterable[ZoneChange]] = lambda: (),
        channels: Channels,
        deliveries: Deliveries,
        sender: Sender,
        late_after: timedelta,
        lock: Path,
        clock: Clock,
    ) -> None:
        """Take the stores. `account_checks` returns the last checks, `zone_changes` the posts moved by new zone rules.

        `late_after` is the late policy of new posts.
        """
        self._ledger = ledger
        self._listing = listing
        self._account_checks = account_checks
        self._zone_changes = zone_changes
        self._channels = channels
        self._deliveries = deliveries
        self._sender = sender
        self._lookback = LOOKBACK + late_after
        self._lock = FileLock(lock)
        self._clock = clock

    def notify(self) -> None:
        """Report new problems to every channel. Raises the errors of ledger and files, never those of a channel."""
        channels = self._channels.all()
        if not channels:
            return
        try:
            with self._lock.acquire(timeout=0):
                problems = self._scan(channels)
                with ThreadPoolExecutor(max_workers=CHANNELS_AT_ONCE, thread_name_prefix="channels") as pool:
                    list(pool.map(lambda channel: self._notify_channel(channel, problems), channels))
        except Timeout:
            return  # another process reports

    def channel_states(self) -> dict[str, ChannelState]:
        """Return the state of every channel, by name."""
        return {each.name: self._deliveries.channel_state(each.name, self._clock()) for each in self._channels.all()}

    def send_test(self, channel: Channel) -> None:
        """Send a test message; its success ends the channel's retry pause. Raises DeliveryFailed."""
        self._sender.send_test(channel)
        self._deliveries.record_success(channel.name, [], self._clock())

    def change_channel(self, name: str, channel: Channel) -> None:
        """Replace the channel of this name; it reports no problem twice. Raises ChannelNameTaken."""
        with self._lock:  # a message in flight is recorded under the old name first
            self._channels.save(channel, replaces=name)
            if channel.name != name:
                self._deliveries.rename_channel(name, channel.name)

    def remove_channel(self, name: str) -> None:
        """Delete a channel and its records."""
        with self._lock:  # a message in flight is recorded first, and its record deleted with the others
            self._channels.remove(name)
            self._deliveries.delete_channel(name)

    def _scan(self, channels: Iterable[Channel]) -> list[Problem]:
        now, last = self._clock(), self._deliveries.last_scan()
        due_since = now - self._lookback
        if last is not None:
            due_since = min(due_since, last.due_since + CATCH_UP_SPEED * min(now - last.at, MAX_SCAN_GAP))
            if any(self._deliveries.channel_state(channel.name, now).failures for channel in channels):
                due_since = min(due_since, max(last.due_since, now - MAX_BACKLOG))
        problems = post_problems(self._ledger, due_since=due_since, now=now)
        self._deliveries.record_scan(Scan(at=now, due_since=due_since))
        return problems + account_problems(self._account_checks()) + zone_problems(self._zone_changes())

    def _notify_channel(self, channel: Channel, problems: Sequence[Problem]) -> None:
        now = self._clock()
        state = self._deliveries.channel_state(channel.name, now)
        if now < state.retry_at:
            return
        candidates = [problem for problem in problems if problem.at >= state.since]
        unreported = self._deliveries.unreported(channel.name, [problem.id for problem in candidates])
        new_problems = [problem for problem in candidates if problem.id in unreported]
        if new_problems:
            if not self._send(channel, state, problems_message(new_problems)):
                return
            self._deliveries.record_success(channel.name, unreported, now)
        self._send_digest(channel, state, now)

    def _send_digest(self, channel: Channel, state: ChannelState, now: datetime) -> None:
        if channel.digest is None:
            return
        day = digest_day(channel.digest, now)
        if state.digest_on is None:  # the first digest is the next one that becomes due
            self._deliveries.record_digest(channel.name, day)
        elif day > state.digest_on:
            message = digest_message(self._ledger, self._listing, channel.digest.zone, now)
            if self._send(channel, state, message):
                self._deliveries.record_success(channel.name, [], now)
                self._deliveries.record_digest(channel.name, day)

    def _send(self, channel: Channel, state: ChannelState, message: Message) -> bool:
        """Send a message and return whether it succeeded; record a failure."""
        try:
            self._sender.send(channel, message)
        except DeliveryFailed as error:
            log.warning("%s", error)
            pause = RETRY_PAUSES[min(state.failures, len(RETRY_PAUSES) - 1)]
            self._deliveries.record_failure(channel.name, str(error), self._clock() + pause)
            return False
        return True
