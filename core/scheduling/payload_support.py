"""Warnings about members of payloads that the deployed functions do not read."""

import json
from collections.abc import Callable, Collection
from datetime import timedelta

from core.errors import PunctualError
from core.posts.models import Post
from core.posts.payload import write_payload
from core.scheduling.shared_reads import SharedReads
from core.time.instants import Clock
from core.time.phrases import join_names

KEPT_FOR = timedelta(minutes=5)
"""How long the answer of AWS is kept. After a deployment, a warning stays for at most this time."""
_NAMES = {
    "card": "link cards",
    "exceptions": "rules with skipped runs or of every n weeks",
    "focus": "focal points of pictures",
    "labels": "labels",
    "options": "options of networks",
    "written_parts": "threads with media of their later parts",
}
"""A name for each of LATER_MEMBERS (lambda_pkg/event.py). Only functions that read `lead` get posts with one."""


class PayloadSupport:
    """Compares payloads with what the deployed functions read. Any thread may use it."""

    def __init__(self, unread_members: Callable[[], Collection[str]], clock: Clock) -> None:
        """`unread_members` asks the backend (core/backends/port.py)."""
        self._unread_members = unread_members
        self._reads = SharedReads(lambda: None, clock)

    def problem(self) -> str | None:
        """Return a warning with its remedy if the deployed functions are older than this program, else None."""
        return _with_remedy(self._unread())

    def problem_of(self, post: Post) -> str | None:
        """Return a warning with its remedy if the deployed functions do not read a member of the post's payload."""
        unread = self._unread()
        if not unread:
            return None
        payload = json.loads(write_payload(post))
        return _with_remedy(unread & {*payload, *(name for media in payload["media"] for name in media)})

    def _unread(self) -> frozenset[str]:
        return self._reads.get("unread members", self._read, kept_for=KEPT_FOR)

    def _read(self) -> frozenset[str]:
        try:
            return frozenset(self._unread_members())
        except PunctualError:  # the Health page says why AWS does not answer
            return frozenset()


def unread_problem(unread: Collection[str]) -> str | None:
    """Return the warning about members that the deployed functions do not read, or None without any."""
    if not unread:
        return None
    names = join_names([_NAMES[member] for member in sorted(unread, reverse=True)])
    others = ", or go out at skipped runs too" if "exceptions" in unread else ""
    return f"The functions on AWS are older than this program and do not know {names}: posts with them fail{others}."


def _with_remedy(unread: Collection[str]) -> str | None:
    problem = unread_problem(unread)
    return f"{problem} Deploy the stack again (cdk_min/README.md)." if problem else None
