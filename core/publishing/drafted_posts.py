"""Builds the post that a draft becomes."""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.accounts.port import Account, Accounts
from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.models import Post
from core.publishing.composing import compose, written_thread
from core.publishing.length_split import ThreadPart, number_parts, split_parts
from core.publishing.network import Network, TextLength
from core.publishing.post_length import measure_post
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
        options=dict(content.options.items()),
        card=content.card,
    )
    return post.model_copy(update={"replaces": content.replaces})


def at_instant(content: DraftContent, at: datetime) -> DraftContent:
    """Return a content whose proposed time is an instant, once, in its zone."""
    wall = wall_time(at, content.zone).replace(tzinfo=None, microsecond=0)
    which = 1 + instants(wall, content.zone).index(at.replace(microsecond=0))
    return content.model_copy(update={"wall": wall.isoformat(), "which": which, "repeat": None})


def _parts(content: DraftContent, accounts: Accounts, networks: Mapping[str, Network]) -> dict[str, list[ThreadPart]]:
    """Return the parts of each account whose text is split by its length."""
    return {
        account.destination: thread_of(content, account, networks)
        for account in accounts.all()
        if account.destination in content.destinations
        and account.destination in content.threads
        and account.network in networks
    }


def thread_of(content: DraftContent, account: Account, networks: Mapping[str, Network]) -> list[ThreadPart]:
    """Return the parts of the post that an account gets, one or more. Raises CannotSplit."""
    network, name = networks[account.network], Destination(account.destination)
    written = written_thread(content.variants.get(name, content.text), network)
    if name not in content.threads or network.threads is None:
        return written
    split = number_parts if content.threads[name] else split_parts
    return split([part.text for part in written], _measure(account, networks, content))


def _measure(account: Account, networks: Mapping[str, Network], content: DraftContent) -> Callable[[str], TextLength]:
    values = content.options.get(Destination(account.destination), {})
    return lambda text: measure_post(networks[account.network], text, account, values)


def has_threads(account: Account, networks: Mapping[str, Network]) -> bool:
    """Return whether the account's network keeps the parts of a thread together."""
    network = networks.get(account.network)
    return network is not None and network.threads is not None
