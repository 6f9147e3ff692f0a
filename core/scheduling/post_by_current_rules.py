"""The time of a post by the zone rules in force, if its instants were derived by other rules."""

from dataclasses import dataclass

from core.ledger.derivation import Derivation, NeedsTime, derive_again
from core.posts.models import Post
from core.time.zone_data import zone_release


@dataclass(frozen=True, kw_only=True)
class PostByCurrentRules:
    """A post with the instants of its wall time, and its desired state.

    If its wall time has no instant, or two, the post keeps its last instant and is paused. `needs_time` is then the
    state to restore when a person chooses a time.
    """

    post: Post
    desired: NeedsTime
    needs_time: NeedsTime | None


def post_by_current_rules(post: Post, noted: Derivation, desired: NeedsTime) -> PostByCurrentRules:
    """Return a post by the rules in force; `desired` is the state that it has, or shall have again.

    Instants that this release derived stay as they are. Raises UnknownZone.
    """
    wanted = noted.needs_time or desired
    if noted.zone_release == zone_release():
        state: NeedsTime = "paused" if noted.needs_time else desired
        return PostByCurrentRules(post=post, desired=state, needs_time=noted.needs_time)
    derived = derive_again(post, noted)
    if derived is None:
        return PostByCurrentRules(post=post, desired="paused", needs_time=wanted)
    return PostByCurrentRules(post=derived, desired=wanted, needs_time=None)
