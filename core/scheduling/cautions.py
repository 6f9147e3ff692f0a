"""The second look: warnings about a post before it is scheduled. They never keep it from being scheduled."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import pytz

from core.posts.destinations import Destination
from core.posts.models import Post, Revision
from core.posts.series import runs_of
from core.scheduling.caution_settings.port import CautionKind, CautionSettings
from core.scheduling.near_posts import NearPosts, nearest_posts
from core.time.instants import wall_time
from core.time.phrases import calendar_day, date_and_time, duration, excerpt, join_names, plural

NEAR_POSTS = 300
"""The most past posts whose text is compared with that of a post, and the most coming ones."""
CLOSE_POSTS = 100
"""The most past posts beside the time of a post that are looked at, and the most coming ones."""
COMPARED_RUNS = 3
"""The next runs of a series that are looked at."""
QUOTED = 60
"""Characters of a link in a warning."""
REFUSING = {"x": "X", "linkedin": "LinkedIn"}
"""The networks that refuse a text that the same account has published lately."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_REASONS = {404: "there is no such page", 410: "the page was deleted"}


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A warning: what may be wrong, and what to do about it."""

    kind: CautionKind
    problem: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class CautionFacts:
    """What the warnings depend on beside the post and the queue. `broken_links` maps links to HTTP statuses."""

    settings: CautionSettings
    now: datetime
    names: Mapping[Destination, str]
    broken_links: Mapping[str, int]


def cautions(post: Post, views: NearPosts, facts: CautionFacts) -> list[Caution]:
    """Return the warnings about a post that is not scheduled yet. They read a bounded part of the queue and History.

    Of a series, the next run is looked at.
    """
    found, settings, runs = [*_missing_alt_text(post)], facts.settings, _runs(post, facts.now)
    found += _broken_links(facts.broken_links)
    if runs:
        due = runs[0]
        found += [*_quiet_hours(post, due, settings)]
        if "holidays" not in settings.off:
            found += _holidays(post, due, settings)
        if "close posts" not in settings.off:
            found += _close_posts(post, due, views, facts)
        if "same text" not in settings.off:
            found += [*_same_text(post, due, views, facts), *_series_text(post, runs, settings)]
    return [each for each in found if each.kind not in settings.off]


def _runs(post: Post, now: datetime) -> list[datetime]:
    """Return the coming instant of a one-time post, or the next runs of a series; none if they have passed."""
    if post.repeats:
        return runs_of(post, after=now, count=COMPARED_RUNS)
    return [post.due_at] if post.due_at and post.due_at >= now else []


def _missing_alt_text(post: Revision) -> Iterator[Caution]:
    count = sum(each.kind == "picture" and not each.alt for each in post.media)
    if count:
        verb, pronoun = ("has", "it") if count == 1 else ("have", "them")
        yield Caution(
            kind="alt text",
            problem=f"{plural(count, 'picture')} {verb} no description.",
            remedy=f"Describe {pronoun} for people who cannot see {pronoun}.",
        )


def _broken_links(broken: Mapping[str, int]) -> Iterator[Caution]:
    for url, status in broken.items():
        yield Caution(
            kind="links",
            problem=f"{excerpt(url, QUOTED)} answers {status}: {_REASONS.get(status, 'there is an error')}.",
            remedy="Correct the link, or make sure that the page exists when the post goes out.",
        )


def _quiet_hours(post: Post, due: datetime, settings: CautionSettings) -> Iterator[Caution]:
    wall, begin, end = wall_time(due, post.zone), settings.quiet_from, settings.quiet_until
    if _is_within(wall.time(), begin, end):
        yield Caution(
            kind="quiet hours",
            problem=f"{wall:%H:%M} {post.zone} is in the quiet hours, {begin:%H:%M} to {end:%H:%M}.",
            remedy=f"Choose a time from {end:%H:%M} on if people should see it at once.",
        )


def _is_within(at: time, begin: time, end: time) -> bool:
    """Return whether a time of day is from `begin` until before `end`, which may be on the next day."""
    return begin <= at < end if begin <= end else at >= begin or at < end


def _holidays(post: Post, due: datetime, settings: CautionSettings) -> Iterator[Caution]:
    from core.time.holidays import public_holidays  # here, because the package takes long to import

    day, countries = wall_time(due, post.zone).date(), settings.countries or zone_countries(post.zone)
    for name in public_holidays(countries, day, day).get(day, []):
        place = name if len(countries) > 1 else f"{countries[0]}: {name}"
        yield Caution(
            kind="holidays",
            problem=f"{calendar_day(day)} is a public holiday ({place}).",
            remedy="Choose another day if your readers are off.",
        )


@lru_cache(maxsize=100)
def zone_countries(zone: str) -> tuple[str, ...]:
    """Return the code of the country of a zone; empty if the zone belongs to none or to several."""
    found = [code for code, zones in pytz.country_timezones.items() if zone in zones]
    return tuple(found) if len(found) == 1 else ()


def _close_posts(post: Post, due: datetime, views: NearPosts, facts: CautionFacts) -> Iterator[Caution]:
    minutes = facts.settings.close_minutes
    found = nearest_posts(
        views, post, due, timedelta(minutes=minutes), per=_HOUR, limit=CLOSE_POSTS, match=lambda *_: True
    )
    for accounts, entry in found:
        gap = abs(entry.due_at - due)
        apart = f"{duration(gap)} {'earlier' if entry.due_at < due else 'later'}" if gap else "at the same time"
        verb = "has" if len(accounts) == 1 else "have"
        yield Caution(
            kind="close posts",
            problem=f"{_names(accounts, facts)} {verb} another post {apart}, on"
            f" {date_and_time(entry.due_at, post.zone)}.",
            remedy=f"Leave {plural(minutes, 'minute')} between them, so that people see both.",
        )


def _same_text(post: Post, due: datetime, views: NearPosts, facts: CautionFacts) -> Iterator[Caution]:
    texts = {account: comparable_text(post.text_for(account)) for account in post.accounts}

    def is_same(other: Revision, account: Destination) -> bool:
        return bool(texts[account]) and comparable_text(other.text_for(account)) == texts[account]

    days = timedelta(days=facts.settings.same_text_days)
    for accounts, entry in nearest_posts(views, post, due, days, per=_DAY, limit=NEAR_POSTS, match=is_same):
        verb = "got" if entry.due_at <= facts.now else "gets" if len(accounts) == 1 else "get"
        yield Caution(
            kind="same text",
            problem=f"{_names(accounts, facts)} {verb} the same text on {date_and_time(entry.due_at, post.zone)}.",
            remedy=_same_text_remedy(accounts),
        )


def _series_text(post: Post, runs: Sequence[datetime], settings: CautionSettings) -> Iterator[Caution]:
    """Warn of a series whose runs are so close that a network refuses the second one."""
    refusing = [each for each in post.accounts if _network(each) in REFUSING]
    closest = min((later - earlier for earlier, later in pairwise(runs)), default=None)
    if refusing and closest is not None and closest <= timedelta(days=settings.same_text_days):
        yield Caution(
            kind="same text",
            problem=f"Every run has the same text, and runs are {duration(closest)} apart.",
            remedy=_same_text_remedy(refusing),
        )


def _same_text_remedy(accounts: Collection[Destination]) -> str:
    refusing = dict.fromkeys(REFUSING[name] for each in accounts if (name := _network(each)) in REFUSING)
    if not refusing:
        return "Change the text if your readers should not see it twice."
    verb = "refuses" if len(refusing) == 1 else "refuse"
    return f"Change the text: {join_names(list(refusing))} {verb} a text that the account has published lately."


def comparable_text(text: str) -> str:
    """Return a text without the differences of case and spaces."""
    return " ".join(text.casefold().split())


def _network(account: Destination) -> str:
    return account.partition(":")[0]


def _names(accounts: Sequence[Destination], facts: CautionFacts) -> str:
    return join_names([facts.names.get(each, each) for each in accounts])
