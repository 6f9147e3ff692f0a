"""A change of a post by an action, to report it and to undo it."""

from dataclasses import dataclass

from core.ledger.port import Plan


@dataclass(frozen=True, kw_only=True)
class PostChange:
    """A post that an action changed: as it was, and as it is now."""

    before: Plan
    after: Plan
