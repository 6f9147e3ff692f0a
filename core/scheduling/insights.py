"""Insights: the figures of the published and failed posts of some days."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

from core.ledger.cursor import Cursor
from core.ledger.history import UNSUCCESSFUL, Run, all_runs
from core.ledger.port import Ledger
from core.ledger.states import DestinationOutcome
from core.posts.destinations import Destination
from core.posts.series import start_of_day
from core.time.instants import wall_time
from core.time.phrases import excerpt

RUNS_LIMIT = 5000
"""The most runs that the figures count. The latest runs are counted."""
REASONS_LIMIT = 6
"""The most reasons of failures by name. The others are counted together."""
REASON_LENGTH = 80
OTHER = "Other reasons"
LAGS = (
    (timedelta(milliseconds=100), "up to 0.1 s"),
    (timedelta(seconds=1), "up to 1 s"),
    (timedelta(seconds=10), "up to 10 s"),
    (timedelta(minutes=1), "up to 1 min"),
    (timedelta(minutes=10), "up to 10 min"),
    (timedelta.max, "later"),
)
"""The bars of the histogram: the longest lag of each one, and its name."""


@dataclass(frozen=True, kw_only=True)
class PastRuns:
    """The runs of a period, latest first. `more` is true if RUNS_LIMIT left some out."""

    runs: list[Run]
    more: bool


@dataclass(frozen=True, kw_only=True)
class Insights:
    """The figures of a period. Only the first part of a thread counts.

    `published` counts publications by day and account, `lags` by name of LAGS, and `failures` by day and reason.
    """

    days: list[date]
    published: Counter[tuple[date, Destination]]
    lags: Counter[str]
    failures: Counter[tuple[date, str]]

    @property
    def on_time(self) -> float | None:
        """The share of publications that went out within a second; None without any."""
        total = self.lags.total()
        return (self.lags[LAGS[0][1]] + self.lags[LAGS[1][1]]) / total if total else None


def past_runs(ledger: Ledger, start: datetime, now: datetime, *, limit: int = RUNS_LIMIT) -> PastRuns:
    """Return the runs due from `start` until now."""
    latest = all_runs(ledger, after=Cursor(due_at=now, key=""))
    found = list(islice(takewhile(lambda run: run.due_at >= start, latest), limit + 1))
    return PastRuns(runs=found[:limit], more=len(found) > limit)


def first_instant(days: int, zone: str, now: datetime) -> datetime:
    """Return the start of a period of `days` days in `zone` that ends today."""
    return start_of_day(wall_time(now, zone).date() - timedelta(days=days - 1), zone)


def insights(
    runs: Iterable[Run], days: int, zone: str, now: datetime, *, counts: Callable[[Destination], bool] = lambda _: True
) -> Insights:
    """Return the figures of the last `days` days in `zone`, today included. `counts` selects the accounts."""
    today = wall_time(now, zone).date()
    shown = [today - timedelta(days=back) for back in reversed(range(days))]
    published: Counter[tuple[date, Destination]] = Counter()
    lags: Counter[str] = Counter()
    failed: list[tuple[date, str]] = []
    for run in runs:
        day = wall_time(run.due_at, zone).date()
        for each in run.outcome.destinations:
            if each.destination.part > 1 or not counts(each.destination.account):
                continue
            if each.state == "published" and each.at is not None:
                published[day, each.destination.account] += 1
                lags[_lag_name(each.at - run.due_at)] += 1
            elif each.state in UNSUCCESSFUL:
                failed.append((day, _reason(each)))
    return Insights(days=shown, published=published, lags=lags, failures=_by_reason(failed))


def _lag_name(lag: timedelta) -> str:
    return next(name for longest, name in LAGS if lag <= longest)


def _reason(each: DestinationOutcome) -> str:
    return excerpt(each.reason, REASON_LENGTH) if each.reason else each.state.capitalize()


def _by_reason(failed: list[tuple[date, str]]) -> Counter[tuple[date, str]]:
    named = {reason for reason, _ in Counter(reason for _, reason in failed).most_common(REASONS_LIMIT)}
    return Counter((day, reason if reason in named else OTHER) for day, reason in failed)
