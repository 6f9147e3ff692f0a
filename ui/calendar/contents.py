"""What the calendar shows in a period: posts, runs of series, drafts with a time, free posting times and holidays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from core.drafts.draft import Draft
from core.errors import PunctualError
from core.ledger.post_state import StateName
from core.posts.destinations import Destination
from core.posts.series import start_of_day
from core.scheduling.post_filter import PostFilter
from core.scheduling.upcoming import QueueEntry
from core.time.holidays import public_holidays
from core.time.instants import instant, utc_text, wall_time
from ui.calendar.chips import DRAFT_PREFIX, Looks, draft_chip, key_of, post_chip, without_equal_faces
from ui.calendar.grid import FIRST_DAY_CHIPS, Contents, FreePlace, Grid, build_grid
from ui.calendar.periods import Period
from ui.calendar.thumbnails import Thumbnails
from ui.calendar.viewer_locale import Conventions
from ui.frame.application import application
from ui.frame.reads import read_ahead

DRAFTS_READ = 500
"""The most drafts that are looked at, the latest changes first."""
PERIOD_LIMIT = 6000
"""The most past posts of a week or of a filtered period, and the most coming ones."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A grid, and the posts and drafts on it by the keys of their chips. `more` if the period has others."""

    grid: Grid
    entries: dict[str, QueueEntry]
    drafts: dict[str, Draft]
    more: bool


@dataclass(frozen=True)
class _DraftToFilter:
    """A draft for a filter that has no states."""

    text: str
    destinations: tuple[Destination, ...]
    labels: tuple[str, ...]
    state: StateName = "scheduled"


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the calendar shows beside posts: the holidays of countries, and whether it shows free posting times."""

    countries: Sequence[str]
    free_times: bool


def read_board(period: Period, zone: str, conventions: Conventions, wanted: PostFilter, beside: Beside) -> Board:
    """Return the board of a period in the viewer's zone, with the posts that the filter wants."""
    app = application()
    now = app.clock()
    begins = [start_of_day(day, zone) for day in [*period.days, period.days[-1] + timedelta(days=1)]]
    accounts = [each.destination for each in app.accounts.all() if each.destination in wanted.accounts]
    free = partial(app.free_between, accounts, begins[0], begins[-1])
    read_ahead(
        partial(app.views.calendar, begins[0], begins[-1], begins[:-1]),
        app.views.unarmed,
        partial(app.latest_drafts, DRAFTS_READ),
        app.all_labels,
        *([free] if beside.free_times else []),
    )
    entries, others, more = _entries(period, begins, wanted)
    drafts = _drafts(begins[0], begins[-1], wanted)
    looks = Looks(
        accounts={account.destination: account for account in app.accounts.all()},
        colours={label.key: label.colour for label in app.all_labels()},
        conventions=conventions,
        thumbnail=Thumbnails(),
    )
    walls, chips = [], []
    for each in entries.values():
        walls.append(wall_time(each.due_at, zone))
        chips.append(post_chip(each, walls[-1], looks))
    for at, draft in drafts.values():
        walls.append(wall_time(at, zone))
        chips.append(draft_chip(draft, walls[-1], looks))
    placed = zip(walls, without_equal_faces(chips), strict=True)
    contents = Contents(
        chips=sorted(placed, key=lambda pair: (pair[0], pair[1].key)),
        free=_free(free(), zone, conventions) if beside.free_times else [],
        holidays=public_holidays(beside.countries, period.days[0], period.days[-1]),
        others=others,
    )
    return Board(
        grid=build_grid(period, contents, wall_time(now, zone), conventions),
        entries=entries,
        drafts={key: draft for key, (_, draft) in drafts.items()},
        more=more,
    )


def _entries(
    period: Period, begins: list[datetime], wanted: PostFilter
) -> tuple[dict[str, QueueEntry], dict[date, int], bool]:
    """Return the posts by the keys of their chips, the numbers of posts that were not read, and whether there are more.

    A crowded month or list has the first posts of each day. A filter needs all, a week too, and so does the first day
    of a list.
    """
    views = application().views
    window = views.calendar(begins[0], begins[-1], begins[:-1])
    found, others, more = list(window.entries), dict(window.shortened), window.more
    if others and (period.view == "week" or not wanted.empty):
        whole = views.day(begins[0], begins[-1], limit=PERIOD_LIMIT)
        found, others, more = list(whole.entries), {}, whole.more
    elif begins[0] in others and period.view == "list":
        first = views.day(begins[0], begins[1], limit=FIRST_DAY_CHIPS)
        found = [each for each in found if each.due_at >= begins[1]] + first.entries
        others[begins[0]] = max(0, others[begins[0]] - FIRST_DAY_CHIPS)
    known = {each.post_id for each in found}
    found += [each for each in views.unarmed() if each.post_id not in known and begins[0] <= each.due_at < begins[-1]]
    days = {day: others[start] for day, start in zip(period.days, begins, strict=False) if others.get(start)}
    return {key_of(each): each for each in found if wanted.matches(each)}, days, more


def _drafts(start: datetime, end: datetime, wanted: PostFilter) -> dict[str, tuple[datetime, Draft]]:
    """Return the drafts with a proposed time in a period, with that time, by the keys of their chips."""
    if wanted.states:
        return {}
    found = {}
    for draft in application().latest_drafts(DRAFTS_READ):
        at = proposed(draft)
        content = draft.content
        if at is None or not start <= at < end:
            continue
        if wanted.matches(_DraftToFilter(content.text, content.destinations, content.labels)):
            found[f"{DRAFT_PREFIX}{draft.draft_id}"] = (at, draft)
    return found


def proposed(draft: Draft) -> datetime | None:
    """Return the instant that a draft proposes; None without one, or if the clocks skip it."""
    content = draft.content
    if content.proposed_wall is None:
        return None
    try:
        return instant(content.proposed_wall, content.zone, which=content.which or 1)
    except PunctualError:
        return None


def _free(times: Sequence[datetime], zone: str, conventions: Conventions) -> list[tuple[datetime, FreePlace]]:
    """Return the places of free posting times."""
    found = []
    for at in times:
        wall = wall_time(at, zone)
        clock = conventions.clock(wall)
        found.append((wall, _place(at, wall, clock)))
    return found


def _place(at: datetime, wall: datetime, clock: str) -> FreePlace:
    minute = wall.hour * 60 + wall.minute
    return FreePlace(instant=utc_text(at), minute=minute, time=clock, label=f"Free posting time, {clock}")
