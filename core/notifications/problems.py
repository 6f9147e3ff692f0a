"""Problems that notifications report: failed, refused, missed, unconfirmed and missing posts, and failing accounts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile

from core.ledger.history import START_GRACE, Run, all_runs, needing_decision, overdue
from core.ledger.port import Ledger, Plan
from core.maintenance.account_checks import AccountCheck
from core.notifications.message import Message
from core.posts.destinations import Destination
from core.posts.payload import Payload, invocation_of
from core.time.instants import utc_text
from core.time.phrases import date_and_time, excerpt, plural

MAX_RUNS = 2000
"""The most runs that one scan reads, latest due first."""
PAGE = 50
MAX_LINES = 20
"""The most problems that one message describes."""

_DESCRIPTIONS = {
    "refused": "was refused",
    "failed": "failed",
    "missed": "was missed",
    "unconfirmed": "is unconfirmed: it may or may not be published",
    "missing": "did not start",
}
_REMEDIES = {
    "refused": "Fix the reason, then retry it in History.",
    "failed": "Retry it in History.",
    "missed": "Schedule it again in History.",
    "unconfirmed": "Check the account, then confirm or publish the post in History.",
    "missing": "Choose a new time in the Queue.",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem to report once: `line` for people, `data` for programs, `at` its beginning.

    The `id` stays the same until something new happens.
    """

    id: str
    at: datetime
    line: str
    data: dict[str, str | None]


def post_problems(ledger: Ledger, *, due_since: datetime, now: datetime) -> list[Problem]:
    """Return unresolved problems of posts that were due since an instant, latest due first."""
    latest = takewhile(lambda run: run.due_at >= due_since, islice(all_runs(ledger, page=PAGE), MAX_RUNS))
    described = [run for run in latest if run.state in _DESCRIPTIONS]
    found = [problem for run in needing_decision(ledger, described) for problem in _run_problems(run)]
    for plan in overdue(ledger, now):
        found += _missing_problems(plan, due_since)
    return found


def account_problems(checks: Iterable[AccountCheck]) -> list[Problem]:
    """Return a problem for each account whose last check failed."""
    return [
        Problem(
            id=f"account {each.destination} {utc_text(each.since)}",
            at=each.since,
            line=f"Cannot publish to the account {each.destination}: {each.problem} See Accounts.",
            data={"account": each.destination, "reason": each.problem, "at": utc_text(each.since)},
        )
        for each in checks
        if each.problem is not None and each.since is not None
    ]


def problems_message(problems: Sequence[Problem]) -> Message:
    """Return one message that reports all problems."""
    lines = [problem.line for problem in problems[:MAX_LINES]]
    if len(problems) > MAX_LINES:
        lines.append(f"... and {len(problems) - MAX_LINES:,} more: see History.")
    data = {
        "kind": "troubles",
        "count": len(problems),
        "troubles": [problem.data for problem in problems[:MAX_LINES]],
    }
    return Message(title=f"Punctual: {plural(len(problems), 'problem')}", lines=tuple(lines), data=data)


def _run_problems(run: Run) -> Iterator[Problem]:
    for each in run.outcome.destinations:
        if each.state in _DESCRIPTIONS and not each.set_aside:
            yield _problem(run.payload, run.key, each.destination, each.state, each.at or run.due_at, each.reason)


def _missing_problems(plan: Plan, due_since: datetime) -> Iterator[Problem]:
    """Yield a problem for each destination of an active post that did not start."""
    due_at = plan.post.due_at
    if plan.desired == "active" and due_at is not None and due_at >= due_since:
        for destination in plan.post.destinations:
            yield _problem(
                invocation_of(plan.post, due_at), plan.post.post_id, destination, "missing", due_at + START_GRACE
            )


def _problem(
    payload: Payload, key: str, destination: Destination, state: str, at: datetime, reason: str | None = None
) -> Problem:
    text = payload.text_for(destination)
    due = date_and_time(payload.due, payload.zone)
    description = f"“{excerpt(text, 80)}” to {destination}, due {due}, {_DESCRIPTIONS[state]}."
    return Problem(
        id=f"{key} {destination} {state} {utc_text(at)}",
        at=at,
        line=" ".join(part for part in (description, reason, _REMEDIES[state]) if part),
        data={
            "key": key,
            "destination": destination,
            "state": state,
            "at": utc_text(at),
            "due_at": utc_text(payload.due),
            "text": text,
            "reason": reason,
        },
    )
