"""The filter of a list of posts: by account, label, state and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from core.labels.label import label_key
from core.ledger.post_state import StateName
from core.posts.destinations import Destination

StateGroup = Literal["scheduled", "paused", "waiting", "published", "unconfirmed", "failed", "missed", "cancelled"]
"""The states as people choose them. *waiting*: the post has no time any more, and a person decides what happens."""

GROUPS: dict[StateName, StateGroup] = {
    "being scheduled": "scheduled",
    "scheduled": "scheduled",
    "not armed": "scheduled",
    "going out": "scheduled",
    "handed over": "scheduled",
    "retrying": "scheduled",
    "paused": "paused",
    "time has passed": "waiting",
    "needs a time": "waiting",
    "missing": "missed",
    "missed": "missed",
    "published": "published",
    "unconfirmed": "unconfirmed",
    "refused": "failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "ended": "cancelled",
    "moved": "cancelled",
    "superseded": "cancelled",
}
"""The group of each state."""


class Filterable(Protocol):
    """What a filter looks at: an entry of the queue or the calendar, a past run, or a cancelled post."""

    @property
    def text(self) -> str | None:
        """The post's text, or None if its payload is unreadable."""
        ...

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """The post's destinations."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the post's labels."""
        ...

    @property
    def state(self) -> StateName:
        """The post's state."""
        ...


@dataclass(frozen=True, kw_only=True)
class PostFilter:
    """The posts to show: those of any of the accounts, with any of the labels, in any of the states, with every word.

    A member that is empty excludes nothing. The words are looked for in the text, the labels, the destinations, and the
    names of their accounts in `account_names`, without the difference of upper and lower case.
    """

    accounts: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    states: frozenset[StateGroup] = frozenset()
    text: str = ""
    account_names: Mapping[Destination, str] = field(default_factory=dict, compare=False)

    @property
    def empty(self) -> bool:
        """Whether every post is shown."""
        return not (self.accounts or self.labels or self.states or self.words)

    @cached_property
    def words(self) -> list[str]:
        """The words of the text to look for."""
        return self.text.casefold().split()

    @cached_property
    def content_words(self) -> tuple[str, ...]:
        """The words that no account's name has: a post to show has each of them in its own text, labels or accounts."""
        names = [name.casefold() for name in self.account_names.values()]
        return tuple(word for word in self.words if not any(word in name for name in names))

    @cached_property
    def _label_keys(self) -> set[str]:
        return {label_key(each) for each in self.labels}

    def matches(self, post: Filterable) -> bool:
        """Return whether the post is one to show."""
        if self.accounts and not any(each.account in self.accounts for each in post.destinations):
            return False
        if self.labels and self._label_keys.isdisjoint(map(label_key, post.labels)):
            return False
        if self.states and GROUPS[post.state] not in self.states:
            return False
        return not self.words or self._has_words(post.text or "", post.destinations, post.labels)

    def _has_words(self, text: str, destinations: Sequence[Destination], labels: Sequence[str]) -> bool:
        names = (self.account_names.get(each.account, "") for each in destinations)
        searched = " ".join([text, *labels, *destinations, *names]).casefold()
        return all(word in searched for word in self.words)
