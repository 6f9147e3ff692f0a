"""Builds the post that a draft becomes."""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.accounts.port import Account, Accounts
from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.models import Post
from core.publishing.composing import compose
from core.publishing.network import Network, TextLength
from core.publishing.threads import split_and_number, split_text
from core.time.instants import instants, wall_time


class NoProposedTime(PunctualError):
    """The draft has no time."""

    hint = "Open it, choose a time, then click Schedule."

    def __init__(self) -> None:
        super().__init__("The draft has no proposed time.")


def drafted_post(
    draft_id: str,
    content: DraftContent,
    *,
    accounts: Accounts,
    networks: Mapping[str, Network],
    late_after_minutes: int,
) -> Post:
    """Return the content as a post at its proposed time.

    Raises NoProposedTime, CannotSplit or the errors of `compose`.
    """
    if content.proposed_wall is None:
        raise NoProposedTime
    variants: dict[str, str] = dict(content.variants.items())
    post = compose(
        post_id=draft_id,
        text=content.text,
        destinations=content.destinations,
        wall=content.proposed_wall,
        zone=content.zone,
        which=content.which,
        late_after_minutes=late_after_minutes,
        accounts=accounts,
        networks=networks,
        variants=variants,
        threads=_parts(content, accounts, networks),
        media=content.media,
        repeat=content.repeat,
        labels=content.labels,
    )
    return post.model_copy(update={"replaces": content.replaces})


def at_instant(content: DraftContent, at: datetime) -> DraftContent:
    """Return a content whose proposed time is an instant, once, in its zone."""
    wall = wall_time(at, content.zone).replace(tzinfo=None, microsecond=0)
    which = 1 + instants(wall, content.zone).index(at.replace(microsecond=0))
    return content.model_copy(update={"wall": wall.isoformat(), "which": which, "repeat": None})


def _parts(content: DraftContent, accounts: Accounts, networks: Mapping[str, Network]) -> dict[str, list[str]]:
    """Return the parts of each thread whose text exceeds the limit of its account."""
    found: dict[str, list[str]] = {}
    for account in accounts.all():
        name = account.destination
        if name in content.destinations and name in content.threads and has_threads(account, networks):
            text, measure = content.variants.get(name, content.text), _measure(account, networks)
            if measure(text).excess:
                split = split_and_number if content.threads[name] else split_text
                found[name] = split(text, measure)
    return found


def _measure(account: Account, networks: Mapping[str, Network]) -> Callable[[str], TextLength]:
    return lambda text: networks[account.network].measure(text, account)


def has_threads(account: Account, networks: Mapping[str, Network]) -> bool:
    """Return whether the account's network keeps the parts of a thread together."""
    network = networks.get(account.network)
    return network is not None and network.threads is not None
