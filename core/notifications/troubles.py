"""What people are to be told: publications that failed, were missed, or of which nobody knows whether they are out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ledger.history import GRACE, Run, everything, lying, waits_for_a_person
from core.ledger.port import Ledger, Plan
from core.maintenance.account_checks import Checked
from core.notifications.message import Message
from core.posts.payload import Payload, invocation_of
from core.time.instants import utc_text
from core.time.phrases import counted, excerpt, moment

LOOKED_AT = 2000
"""The most occurrences that one look goes through, the latest due first."""
PAGE = 50
SHOWN = 20
"""The most troubles that one message spells out."""

_SAYS = {
    "refused": "was refused",
    "failed": "failed",
    "missed": "was missed",
    "unconfirmed": "may be out or not",
    "missing": "never started",
}
_REMEDIES = {
    "refused": "Correct what the reason says, then retry it in History.",
    "failed": "Retry it in History.",
    "missed": "Schedule it again in History.",
    "unconfirmed": "Look there, then say in History whether it is out.",
    "missing": "Give it another time in the Queue.",
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something to tell of once: `line` for people, `facts` for programs; `at` is when it became so.

    `id` stays the same as long as nothing new has happened.
    """

    id: str
    at: datetime
    line: str
    facts: dict[str, str | None]


def troubles(ledger: Ledger, *, due_since: datetime, now: datetime) -> list[Trouble]:
    """Return the troubles of what was due since an instant, the latest due first, that still wait for a person."""
    found: list[Trouble] = []
    for looked_at, run in enumerate(everything(ledger, page=PAGE)):
        if run.due_at < due_since or looked_at >= LOOKED_AT:
            break
        if run.state in _SAYS and waits_for_a_person(ledger, run):
            found += _of_run(run)
    for plan in lying(ledger, now):
        found += _of_plan(plan, due_since)
    return found


def account_troubles(checks: Iterable[Checked]) -> list[Trouble]:
    """Return the accounts that cannot be published to, as the last checks found them."""
    return [
        Trouble(
            id=f"account {each.destination} {utc_text(each.since)}",
            at=each.since,
            line=f"The account {each.destination} cannot be published to: {each.trouble} Look under Accounts.",
            facts={"account": each.destination, "reason": each.trouble, "at": utc_text(each.since)},
        )
        for each in checks
        if each.trouble is not None and each.since is not None
    ]


def told(found: Sequence[Trouble]) -> Message:
    """Return one message that tells of all of them."""
    lines = [trouble.line for trouble in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"... and {len(found) - SHOWN:,} more: see History.")
    facts = {"kind": "troubles", "count": len(found), "troubles": [trouble.facts for trouble in found[:SHOWN]]}
    return Message(title=f"Punctual: {counted(len(found), 'trouble')}", lines=tuple(lines), facts=facts)


def _of_run(run: Run) -> Iterator[Trouble]:
    for each in run.outcome.destinations:
        if each.state in _SAYS:
            yield _trouble(run.payload, run.key, each.destination, each.state, each.at or run.due_at, each.reason)


def _of_plan(plan: Plan, due_since: datetime) -> Iterator[Trouble]:
    """A post that should have begun: nothing fired, and nothing holds it up that a person wished."""
    due_at = plan.post.due_at
    if plan.wish == "active" and due_at is not None and due_at >= due_since:
        for destination in plan.post.destinations:
            yield _trouble(invocation_of(plan.post, due_at), plan.post.post_id, destination, "missing", due_at + GRACE)


def _trouble(
    payload: Payload, key: str, destination: str, state: str, at: datetime, reason: str | None = None
) -> Trouble:
    text = payload.text_for(destination)
    told_of = f"“{excerpt(text, 80)}” to {destination}, due {moment(payload.due, payload.zone)}, {_SAYS[state]}."
    return Trouble(
        id=f"{key} {destination} {state} {utc_text(at)}",
        at=at,
        line=" ".join(part for part in (told_of, reason, _REMEDIES[state]) if part),
        facts={
            "key": key,
            "destination": destination,
            "state": state,
            "at": utc_text(at),
            "due_at": utc_text(payload.due),
            "text": text,
            "reason": reason,
        },
    )
