"""The application: builds every service that pages and commands use from the settings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from core.backends.port import Backend
from core.drafts.draft import Draft
from core.labels.label import Label
from core.maintenance.caretaker import Caretaker, at_most_every
from core.maintenance.zone_changes import ZoneChanges
from core.notifications.deliveries import open_deliveries
from core.outward_services import OutwardServices
from core.posts.destinations import Destination
from core.publishing.lag_metrics import LagMetrics
from core.scheduling.dead_letters import DeadLetters
from core.scheduling.free_times import FreeTimes
from core.scheduling.hold.pause_all import HeldPosts
from core.scheduling.hold.port import Hold
from core.scheduling.label_changes import LabelChanges
from core.scheduling.listing import ScheduleListing
from core.scheduling.moves import Mover
from core.scheduling.passed_while_paused import PassedPosts
from core.scheduling.payload_support import PayloadSupport
from core.scheduling.post_views import PostViews
from core.scheduling.rearranging import Rearranging
from core.scheduling.schedule_group import ensure_group
from core.scheduling.schedule_writer import DEFAULT_WAIT, WaitPolicy
from core.scheduling.schedules import Schedules
from core.scheduling.selection import Selection
from core.scheduling.shared_reads import SharedReads
from core.scheduling.waiting_posts import WaitingPosts
from core.settings import Settings
from core.storage.backup import back_up
from core.storage.home import Home
from core.time.instants import Clock, real_clock
from core.worker.lock import worker_runs
from core.worker.record import WorkerFiles

if TYPE_CHECKING:
    from core.backends.aws import AwsBackend
    from core.backends.one_machine import OneMachineBackend

STOP_SECONDS = 3.0
"""The longest wait for the end of a task that may be waiting for another server."""


class Application(OutwardServices):
    """The services of one home. Several processes may open one home, and any thread may use the services.

    A process with several threads calls `load_ahead` or `start` first, which builds the OutwardServices.
    Of `one_machine` and `aws`, the one that the mode selects is also `backend`; the other is None.
    """

    def __init__(self, settings: Settings, clock: Clock = real_clock, wait_policy: WaitPolicy = DEFAULT_WAIT) -> None:
        """Open the home and the backend of the settings. `wait_policy` sets how scheduling waits for AWS.

        Raises HomeUnusable, NewerDatabase or StorageError, and on AWS the errors of `AwsBackend`.
        """
        self.settings = settings
        self.clock = clock
        self.home = Home(settings.home)
        self.one_machine: OneMachineBackend | None = None
        self.aws: AwsBackend | None = None
        self.backend: Backend
        if settings.mode == "aws":
            self.backend = self.aws = _open_aws(settings, self.home, clock)
        else:
            self.backend = self.one_machine = _open_one_machine(settings, self.home, clock)
        self._closing = Event()
        self._caretakers: list[tuple[Caretaker, float | None]] = []
        with ExitStack() as opening:
            opening.callback(self.backend.close)
            self.deliveries = open_deliveries(self.home.notifications, now=clock())
            opening.callback(self.deliveries.close)
            self._build_services(wait_policy)
            opening.pop_all()  # from now on, `close` closes them

    def start(self, posting_url: Callable[[], str]) -> None:
        """Start the engine, if this machine has one, and the maintenance tasks.

        `posting_url` returns the URL of this process's posting server; a configured URL takes precedence.
        """
        from core.maintenance.media_sweep import MediaSweep  # here, because a command has no maintenance tasks
        from core.maintenance.series_leads import SeriesLeads
        from core.maintenance.unreported_posts import UnreportedPosts
        from core.maintenance.uploads_ahead import UploadsAhead
        from core.maintenance.zone_rule_update import ZoneRuleUpdate

        self.load_ahead()
        zone_rule_update = ZoneRuleUpdate(
            self.ledger, self.schedules, self.zone_changes, self.clock, shared_ledger=self.backend.shared_ledger
        )
        if self.one_machine is not None:
            zone_rule_update.run_urgent()  # before the engine fires what old rules made due
            self.one_machine.engine_store.derive_again(newer=True, report=zone_rule_update.record_series)
        self.backend.start(posting_url)
        repairs = {
            "finish incomplete changes": lambda: self.schedules.repair(self._closing.is_set),
            "finish an interrupted Pause all or Resume": self.held_posts.finish_interrupted,
            "delete records older than 400 days": lambda: self.ledger.prune(now=self.clock()),
            "delete drafts deleted 30 days ago": at_most_every(
                timedelta(hours=1), lambda: self.drafts.prune(now=self.clock()), self.clock
            ),
        }
        if self.aws is not None:
            leads = SeriesLeads(self.ledger, self.schedules, self.aws.scheduler_client, self.aws.target, self.clock)
            repairs["give repeating posts their lead"] = at_most_every(timedelta(hours=1), leads.run, self.clock)
        sweeper = MediaSweep(self.media, self.ledger, self.listing, self.drafts, self.accounts, self.clock)
        derive: Callable[[], object] = partial(zone_rule_update.run, self._closing.is_set)
        if self.aws is not None and self.aws.deployment.is_small:
            repairs["find posts without a result"] = UnreportedPosts(self.ledger, self.clock).run
        elif self.aws is not None:  # the table has no index of releases, so each run reads every pending post
            derive = at_most_every(timedelta(hours=6), derive, self.clock)
        self._take_care("zone-rules", {"derive the times of posts again": derive})
        self._take_care("repairs", repairs)
        check = at_most_every(timedelta(minutes=5), self.account_checks.run, self.clock)
        sweep = at_most_every(timedelta(days=1), sweeper.run, self.clock)
        self._take_care("background", {"check the accounts": check, "delete unused media": sweep}, waits=True)
        notify = at_most_every(timedelta(minutes=1), self.notifier.notify, self.clock)
        self._take_care("notifications", {"notify of problems": notify}, waits=True)
        if (pause := self.backend.uploads_ahead_every) is not None:
            ahead = UploadsAhead(self.ledger, self.preparer, self.clock, self.backend.runs_due)
            self._take_care("uploads", {"upload media ahead": at_most_every(pause, ahead.run, self.clock)}, waits=True)

    def load_ahead(self) -> None:
        """Load and build what is otherwise loaded at its first use.

        It takes 0.5 s, and fails while no file can be opened.
        """
        from core.media.pictures import load_decoders  # here, because a command reads no picture

        load_decoders()
        self.backend.lambda_client.meta  # noqa: B018 - the engine's client is made when it is first used
        self.build_outward_services()

    def wake(self) -> None:
        """Look for due posts now, if this process runs an engine."""
        if self.one_machine is not None:
            self.one_machine.wake()

    def finish(self, *, within_seconds: float) -> None:
        """Start no further post and no further change, and wait for the posts that are under way."""
        self._closing.set()
        if self.one_machine is not None:
            self.one_machine.stop(within_seconds=within_seconds)

    def check_home(self) -> None:
        """Raise HomeReplaced if the databases at their paths are not the open ones. Takes some microseconds."""
        for database in self._databases:
            database.check_identity()

    def back_up(self, folder: Path) -> None:
        """Copy the data of this machine to a folder while it is in use. Raises the errors of `core.storage.backup`."""
        back_up(self.home, self._databases, folder, now=self.clock())

    def close(self) -> None:
        """Stop all tasks and close every file. Another process repeats an unfinished delivery."""
        self._closing.set()
        for caretaker, seconds in self._caretakers:
            caretaker.stop(within_seconds=seconds)
        self.held_posts.stop(within_seconds=STOP_SECONDS)
        self.deliveries.close()
        if self.one_machine is not None:
            self.one_machine.stop()
        self.close_publisher()
        self.backend.close()

    def lacks_worker(self) -> bool:
        """Return whether this machine publishes its posts, and no worker does it."""
        return self.one_machine is not None and not worker_runs(WorkerFiles(self.home.path))

    def draft_count(self) -> int:
        """Return the number of drafts, at most a minute old where another machine changed it."""
        return self.shared_reads.get("drafts", self.drafts.count, kept_for=timedelta(minutes=1))

    def latest_drafts(self, limit: int) -> list[Draft]:
        """Return the drafts of the latest changes, at most some seconds old where another machine changed them."""
        return self.shared_reads.get(
            ("latest drafts", limit), lambda: self.drafts.page(limit=limit), kept_for=timedelta(seconds=10)
        )

    def free_between(self, accounts: Sequence[Destination], start: datetime, end: datetime) -> list[datetime]:
        """Return the free posting times of a period, read at most some seconds ago; see FreeTimes.between."""
        key = ("free times", tuple(accounts), start, end)
        return self.shared_reads.get(
            key, lambda: self.free_times.between(accounts, start, end), kept_for=timedelta(seconds=10)
        )

    def all_labels(self) -> tuple[Label, ...]:
        """Return the labels by name, at most some seconds old where another machine changed them."""
        return self.shared_reads.get("labels", self.labels.all, kept_for=timedelta(seconds=10))

    def hold(self) -> Hold | None:
        """Return the pause of all posts, if there is one, at most some seconds old where another machine changed it."""
        return self.shared_reads.get("hold", self.held_posts.hold, kept_for=timedelta(seconds=10))

    def _take_care(self, name: str, tasks: Mapping[str, Callable[[], object]], *, waits: bool = False) -> None:
        """Start a caretaker. One that `waits` for other servers may end with the process (STOP_SECONDS)."""
        caretaker = Caretaker(tasks, name=name, check_home=self.check_home)
        self._caretakers.append((caretaker, STOP_SECONDS if waits else None))
        caretaker.start()

    def _build_services(self, wait_policy: WaitPolicy) -> None:
        clock = self.clock
        self.ledger, self.outbox, self.accounts = self.backend.ledger, self.backend.outbox, self.backend.accounts
        self.drafts, self.labels = self.backend.drafts, self.backend.labels
        self.posting_times = self.backend.posting_times
        self.shared_reads = SharedReads(self.backend.change_count, clock)
        self.signing_secrets = self.backend.signing_secrets
        self.media = self.backend.media
        self.lag_metrics = LagMetrics()
        scheduler, target, on_aws = self.backend.scheduler_client, self.backend.target, self.aws is not None
        self.listing = ScheduleListing(scheduler, target.group, sorted_by_name=not on_aws, fires_ahead=on_aws)
        ledger_changes = self.one_machine.databases[0].change_count if self.one_machine else None
        self.views = PostViews(self.listing, self.ledger, self.backend.change_count, clock, ledger_changes)
        self.payload_support = PayloadSupport(self.backend.unread_members, clock)
        self.schedules = Schedules(
            scheduler=self.backend.scheduler_client,
            lambda_client=self.backend.lambda_client,
            ledger=self.ledger,
            target=self.backend.target,
            notice=self.backend.minimum_notice,
            clock=clock,
            hold=self.backend.hold,
            wait_policy=wait_policy,
        )
        notice = self.backend.minimum_notice
        self.free_times = FreeTimes(
            self.posting_times, self.ledger, self.schedules, notice=notice, reads=self.shared_reads, clock=clock
        )
        mover = Mover(self.schedules, self.ledger, self.posting_times, notice=notice, clock=clock)
        self.rearranging = Rearranging(self.free_times, self.posting_times, self.ledger, mover, clock)
        self.held_posts = HeldPosts(self.backend.hold, self.ledger, self.schedules, clock)
        self.selection = Selection(self.schedules, self.ledger, self.rearranging)
        self.passed_posts = PassedPosts(self.selection, self.held_posts)
        self.label_changes = LabelChanges(self.labels, self.selection, self.ledger, self.drafts, clock)
        self.waiting = _waiting_posts(self)
        self.dead_letters = DeadLetters(self.backend.dead_letters, self.schedules, self.ledger, clock)
        if self.one_machine is not None:  # on AWS, the stack creates the group
            ensure_group(self.backend.scheduler_client, self.backend.target.group)
        self.zone_changes = ZoneChanges(self.home.zone_changes)
        self._databases = [*self.backend.databases, self.deliveries.database]


def _open_aws(settings: Settings, home: Home, clock: Clock) -> "AwsBackend":
    from core.backends.aws import AwsBackend  # here, because a process on one machine needs no adapter of AWS

    return AwsBackend(settings, home, clock)


def _open_one_machine(settings: Settings, home: Home, clock: Clock) -> "OneMachineBackend":
    from core.backends.one_machine import OneMachineBackend  # here, because a process on AWS needs no engine

    return OneMachineBackend(settings, home, clock)


def _waiting_posts(application: Application) -> WaitingPosts:
    """Return the finder of posts that wait for a person. In a shared ledger, each run that it looks at is a request."""
    if application.backend.shared_ledger:
        return WaitingPosts(application.ledger, application.clock, timedelta(seconds=15), runs_looked_at=200)
    return WaitingPosts(application.ledger, application.clock, timedelta(seconds=5))
