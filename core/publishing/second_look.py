"""The second look at a post: its warnings, with the settings, the accounts and the checks of its links."""

from collections.abc import Mapping
from datetime import timedelta

from core.accounts.port import Accounts
from core.posts.models import Post, Revision
from core.publishing.link_checks import SETTLED, LinkChecks
from core.publishing.links import find_links
from core.scheduling.caution_settings.port import CautionSettings, CautionSettingsStore
from core.scheduling.cautions import Caution, CautionFacts, cautions
from core.scheduling.post_views import PostViews
from core.scheduling.shared_reads import SharedReads
from core.time.instants import Clock

LINKS_LIMIT = 10
"""The links of one post that are checked."""
SETTINGS_KEPT = timedelta(seconds=15)
"""How long the settings may be out of date, where another machine has changed them."""


class SecondLook:
    """The warnings about posts. Any thread may use it."""

    def __init__(
        self,
        store: CautionSettingsStore,
        views: PostViews,
        accounts: Accounts,
        links: LinkChecks,
        reads: SharedReads,
        clock: Clock,
    ) -> None:
        """Look at posts with these parts. `reads` keeps the settings."""
        self._store = store
        self._views = views
        self._accounts = accounts
        self._links = links
        self._reads = reads
        self._clock = clock

    def settings(self) -> CautionSettings:
        """Return the settings. Raises UnreadableCautionSettings."""
        return self._reads.get("caution settings", self._store.read, kept_for=SETTINGS_KEPT)

    def save(self, settings: CautionSettings) -> None:
        """Replace the settings."""
        self._store.save(settings)
        self._reads.forget("caution settings")

    def cautions(self, post: Post, *, settled: timedelta = SETTLED) -> list[Caution]:
        """Return the warnings that are known now. Links are checked in the background; see LinkChecks.broken."""
        is_off = "links" in self.settings().off
        broken = {} if is_off else self._links.broken(_links(post), settled=settled)
        return cautions(post, self._views, self.facts(broken))

    def facts(self, broken_links: Mapping[str, int]) -> CautionFacts:
        """Return what warnings depend on now, with the links that are known to be broken."""
        names = {account.destination: account.label for account in self._accounts.all()}
        return CautionFacts(settings=self.settings(), now=self._clock(), names=names, broken_links=broken_links)

    def after_links(self, post: Post, *, seconds: float) -> list[Caution]:
        """Return the warnings after the links were checked, at most so many seconds later."""
        self.cautions(post, settled=timedelta())
        self._links.wait(_links(post), seconds=seconds)
        return self.cautions(post)

    def is_checking(self, post: Post) -> bool:
        """Return whether the result of a link of the post is still to come."""
        return self._links.unknown(_links(post))


def _links(post: Revision) -> list[str]:
    texts = [post.text_for(each) for each in post.destinations]
    found = dict.fromkeys(link.url for text in texts for link in find_links(text) if link.public)
    return list(found)[:LINKS_LIMIT]
