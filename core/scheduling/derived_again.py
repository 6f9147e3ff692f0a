"""The time of a plan by the zone rules in force: what to write when its instants were derived by other rules."""

from dataclasses import dataclass

from core.ledger.derivation import NeedsTime, derive_again
from core.ledger.port import Plan
from core.posts.models import Post
from core.time.zone_data import zone_release


@dataclass(frozen=True, kw_only=True)
class DerivedAgain:
    """A post with the instants of its wall time, and its desired state.

    If its wall time has no instant, or two, the post keeps its last instant and is paused. `needs_time` is then the
    desired state that a chosen time brings back.
    """

    post: Post
    desired: NeedsTime
    needs_time: NeedsTime | None


def derived_again(plan: Plan, desired: NeedsTime) -> DerivedAgain:
    """Return the plan of a post by the rules in force; `desired` is the state that it has, or shall have again.

    The instants of a plan that this release derived stay as they are. Raises UnknownZone.
    """
    wanted = plan.needs_time or desired
    if plan.derivation.zone_release == zone_release():
        return DerivedAgain(
            post=plan.post, desired="paused" if plan.needs_time else desired, needs_time=plan.needs_time
        )
    post = derive_again(plan.post, plan.derivation)
    if post is None:
        return DerivedAgain(post=plan.post, desired="paused", needs_time=wanted)
    return DerivedAgain(post=post, desired=wanted, needs_time=None)
