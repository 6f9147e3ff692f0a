"""Uploads ahead: the pictures and videos of a post are at its networks before it is due."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from core.accounts.port import Account, Accounts
from core.errors import PunctualError
from core.ledger.port import Ledger, Plan
from core.media.port import MediaStore
from core.posts.destinations import Destination
from core.posts.models import Post
from core.publishing.attachments import load_attachments
from core.publishing.network import Network, Publication, UploadsFirst
from core.publishing.upload_memory import KEPT_FOR
from core.time.instants import Clock

log = logging.getLogger(__name__)

AHEAD = timedelta(minutes=10)
"""Time before the due instant at which the uploads begin: enough for 10 MB to four networks on a line of 1 Mbit/s, and
well below KEPT_FOR."""
POSTS = 50
"""The most posts that one run looks at, the soonest ones."""

assert AHEAD < KEPT_FOR


class UploadsAhead:
    """Uploads the media of one-time posts that are due soon, one after the other, in the process that publishes them.

    An upload that fails is tried again in the next run, and at the latest when the post is due.
    """

    def __init__(
        self, ledger: Ledger, accounts: Accounts, networks: Mapping[str, Network], media: MediaStore, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._networks = networks
        self._media = media
        self._clock = clock
        self._uploaded: set[tuple[str, int, Destination]] = set()

    def run(self) -> None:
        """Upload what is not uploaded yet. Raises the errors of the ledger."""
        now = self._clock()
        plans = self._ledger.due(due_from=now, due_before=now + AHEAD, limit=POSTS)
        missing = [(plan, account) for plan in plans if plan.post.media for account in _accounts(plan)]
        keys = {_key(plan, account) for plan, account in missing}
        self._uploaded &= keys
        for plan, account in missing:
            if plan.desired == "active" and _key(plan, account) not in self._uploaded:
                self._upload(plan, account)

    def _upload(self, plan: Plan, destination: Destination) -> None:
        try:
            account = self._accounts.get(destination)
            network = self._networks.get(account.network)
            if account.enabled and network is not None and isinstance(network, UploadsFirst):
                network.upload(self._publication(plan.post, account, network))
        except PunctualError as error:
            log.info("%s to %s was not uploaded ahead: %s", plan.post.post_id, destination, error)
        except Exception:  # noqa: BLE001 - a bug of one network must not end the uploads of others
            log.exception("%s to %s was not uploaded ahead", plan.post.post_id, destination)
        else:
            self._uploaded.add(_key(plan, destination))

    def _publication(self, post: Post, account: Account, network: Network) -> Publication:
        limits = network.media_limits(account)
        return Publication(
            occurrence_key=post.post_id,
            post_id=post.post_id,
            account=account,
            text=post.text_for(account.destination),
            due_at=post.due_at or self._clock(),
            media=load_attachments(post.media, self._media, limits, network.label),
        )


def _accounts(plan: Plan) -> list[Destination]:
    return list(dict.fromkeys(destination.account for destination in plan.post.destinations))


def _key(plan: Plan, account: Destination) -> tuple[str, int, Destination]:
    return plan.post.post_id, plan.post.revision, account
