"""The services that reach other servers. Few commands need one, and all of them take 0.15 to 0.2 s to load."""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from core.accounts.port import Accounts
from core.backends.port import Backend
from core.ledger.port import Ledger
from core.maintenance.zone_changes import ZoneChanges
from core.media.port import MediaStore
from core.notifications.deliveries import Deliveries
from core.outbox.port import Outbox
from core.publishing.lag_metrics import LagMetrics
from core.scheduling.listing import ScheduleListing
from core.scheduling.post_views import PostViews
from core.scheduling.shared_reads import SharedReads
from core.scheduling.upcoming import destinations_due
from core.settings import Settings
from core.storage.home import Home
from core.time.instants import Clock

if TYPE_CHECKING:  # each service imports its modules when it is built
    from core.maintenance.account_checks import AccountChecks
    from core.notifications.channels import Channels
    from core.notifications.notifier import Notifier
    from core.notifications.sender import Sender
    from core.publishing.link_cards.cards import LinkCards
    from core.publishing.preparer import Preparer
    from core.publishing.publisher import Publisher
    from core.publishing.registry import Networks
    from core.publishing.second_look import SecondLook


class OutwardServices:
    """Builds each service that reaches other servers when it is first used, from the parts that a subclass sets."""

    settings: Settings
    clock: Clock
    home: Home
    backend: Backend
    ledger: Ledger
    accounts: Accounts
    media: MediaStore
    outbox: Outbox
    listing: ScheduleListing
    views: PostViews
    lag_metrics: LagMetrics
    shared_reads: SharedReads
    zone_changes: ZoneChanges
    deliveries: Deliveries

    close_publisher: Callable[[], None] = staticmethod(lambda: None)
    """Wait for the posts that are under way. Without a publisher, there are none."""

    def build_outward_services(self) -> None:
        """Build every service, and load every network."""
        for name, member in vars(OutwardServices).items():
            if isinstance(member, cached_property):
                getattr(self, name)
        self.networks.load()

    @cached_property
    def networks(self) -> "Networks":
        """Every network."""
        from core.publishing.network import NetworkDependencies
        from core.publishing.registry import Networks

        return Networks(NetworkDependencies(outbox=self.outbox, clock=self.clock, uploads=self.backend.uploads))

    @cached_property
    def preparer(self) -> "Preparer":
        """What uploads the media of posts."""
        from core.publishing.preparer import Preparer

        return Preparer(self.accounts, self.networks, self.media)

    @cached_property
    def publisher(self) -> "Publisher":
        """What publishes; `close` waits for the posts that are under way."""
        from core.publishing.bulkheads import Bulkheads
        from core.publishing.fence import Fence
        from core.publishing.http.client import DEADLINE_SECONDS
        from core.publishing.publisher import Publisher

        fence = Fence(self.ledger, self.media, self.clock, self.lag_metrics.record, self.backend.hold)
        bulkheads = Bulkheads.for_workers(self.settings.workers)
        publisher = Publisher(fence, self.accounts, self.networks, bulkheads)
        self.close_publisher = partial(publisher.close, within_seconds=DEADLINE_SECONDS)
        return publisher

    @cached_property
    def link_cards(self) -> "LinkCards":
        """The cards of links, fetched in the background."""
        from core.publishing.link_cards.fetching import link_cards

        return link_cards(self.media, self.clock)

    @cached_property
    def second_look(self) -> "SecondLook":
        """What warns of a post before it is scheduled."""
        from core.publishing.link_checks import LinkChecks
        from core.publishing.second_look import SecondLook

        store, links = self.backend.caution_settings, LinkChecks(self.clock)
        return SecondLook(store, self.views, self.accounts, links, self.shared_reads, self.clock)

    @cached_property
    def account_checks(self) -> "AccountChecks":
        """What asks the networks whether the accounts may publish."""
        from core.maintenance.account_checks import AccountChecks
        from core.maintenance.faces import Faces

        return AccountChecks(
            self.accounts,
            self.networks,
            Faces(self.accounts, self.networks, self.media),
            partial(destinations_due, self.listing, self.ledger),
            self.home.account_checks,
            self.clock,
        )

    @cached_property
    def channels(self) -> "Channels":
        """The channels of notifications."""
        from core.notifications.channels import Channels

        return Channels(self.home.channels)

    @cached_property
    def sender(self) -> "Sender":
        """What sends a notification to a channel."""
        from core.notifications.sender import Sender

        return Sender(self.clock)

    @cached_property
    def notifier(self) -> "Notifier":
        """What notifies of problems."""
        from core.notifications.notifier import Notifier

        return Notifier(
            ledger=self.ledger,
            listing=self.listing,
            account_checks=lambda: self.account_checks.failing().values(),
            zone_changes=self.zone_changes.all,
            channels=self.channels,
            deliveries=self.deliveries,
            sender=self.sender,
            late_after=timedelta(minutes=self.settings.late_after_minutes),
            lock=self.home.notifications.with_suffix(".lock"),
            clock=self.clock,
        )
