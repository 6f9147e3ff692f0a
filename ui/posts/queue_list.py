"""The posts that the queue shows: one page of them, in places that no refresh moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import streamlit as st

from core.posts.series import start_of_day
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import QueueEntry, QueueWindow
from core.time.instants import wall_time
from ui.frame.application import application
from ui.frame.card_places import card_places, departed
from ui.frame.reads import read_ahead
from ui.frame.state import CARD_PLACES, JUMP_DATE, LISTED_UNTIL, PAGE_NUMBER, WINDOW
from ui.frame.viewer import viewer_zone
from ui.posts.filters import current_filter

PAGE = 50
"""Cards of a page. A browser draws so many in less than a second."""
SEARCH_PAGE = 10
"""Cards of a page of a search. The browser draws it again after each letter, and few cards take a fifth of a second."""
PERIODS = {"Today": 0, "7 days": 7, "30 days": 30, "All": PLANNING_HORIZON.days + 1}
"""The periods to choose from, in days after the first one."""
LAST_PAGE = 10_000
"""The highest page number that the address may name."""


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """One page of the queue.

    `cards` have the instants by which they are sorted. `hidden` new posts would move cards. `shown` is the number of
    posts on all pages, of the `total` in the queue. `more`: there are posts beyond those that a search looks at.
    """

    cards: list[tuple[datetime, QueueEntry]]
    hidden: int
    total: int
    shown: int
    number: int
    pages: int
    more: bool


def first_day() -> date | None:
    """Return the day to which the person has jumped; None if the queue begins now."""
    chosen: date | None = st.session_state.get(JUMP_DATE)
    return chosen


def period() -> str:
    """Return the name of the selected period."""
    return st.session_state.get(WINDOW) or "All"


def is_limited() -> bool:
    """Return whether the period leaves posts out."""
    return period() != "All" or first_day() is not None


def page_size() -> int:
    """Return how many cards a page has."""
    return SEARCH_PAGE if current_filter().words else PAGE


def page_number() -> int:
    """Return the number of the page, from the address at first. A broken number is the first page."""
    chosen = st.session_state.get(PAGE_NUMBER) or st.query_params.get(PAGE_NUMBER) or ""
    text = str(chosen)
    return min(LAST_PAGE, max(1, int(text))) if text.isascii() and text.isdigit() else 1


def queue_page(now: datetime) -> QueuePage:
    """Return the page of the selected filter, period and number.

    A new post that is due before the last listed one stays hidden, so that no card moves.
    """
    read_window = _window(now)
    read_ahead(read_window, application().views.total, application().views.passed, application().views.unarmed)
    present, page = _read(now, read_window)
    chosen = current_filter()
    first = CARD_PLACES not in st.session_state
    found = _unscheduled(now, page.number) if first else {}
    places, until = card_places(), None if first else st.session_state[LISTED_UNTIL]
    new = [each for each in present.values() if each.post_id not in places and until and each.due_at < until]
    listed = [places.setdefault(each.post_id, each.due_at) for each in present.values() if each not in new]
    st.session_state[LISTED_UNTIL] = max(listed if until is None else [*listed, until], default=None)
    for each in found.values():
        places.setdefault(each.post_id, each.due_at)
    known = found | present
    passed = {each.post_id for each in application().views.passed()}  # they are in the tray
    placed = [(at, known.get(post_id) or departed(post_id)) for post_id, at in places.items() if post_id not in passed]
    cards = [(at, each) for at, each in placed if each and chosen.matches(each)]
    shown = max(page.shown, len(cards)) if page.pages == 1 else page.shown
    return QueuePage(
        cards=sorted(cards, key=lambda pair: (pair[0], pair[1].post_id)),
        hidden=len(new),
        total=max(page.total, shown),  # a published post keeps its card
        shown=shown,
        number=page.number,
        pages=page.pages,
        more=page.more,
    )


def all_ids() -> list[str]:
    """Return the ids of the posts on all pages, as far as a search looks."""
    chosen, now = current_filter(), application().clock()
    start, end = _period(now)
    window = application().views.searchable(end, start=start, words=chosen.content_words)
    return [
        each.post_id
        for each in window.entries
        if each.post is not None and (start is None or each.due_at >= start) and chosen.matches(each)
    ]


def _window(now: datetime) -> Callable[[], QueueWindow]:
    """Return the read of the posts up to the end of the page, or, of a part of the queue, of those searched for it."""
    views, chosen, limit = application().views, current_filter(), page_number() * page_size()
    start, end = _period(now)
    if chosen.empty and not is_limited():
        return lambda: views.upcoming(end, limit=limit)
    return lambda: views.searchable(end, start=start, words=chosen.content_words)


def _read(now: datetime, read_window: Callable[[], QueueWindow]) -> tuple[dict[str, QueueEntry], QueuePage]:
    """Return the posts of the page by their ids, and the numbers of the page."""
    chosen, wanted, size = current_filter(), page_number(), page_size()
    start, _ = _period(now)
    total, window = application().views.total(), read_window()
    if chosen.empty and not is_limited():
        entries = window.entries
        known = max(total, len(entries))
        more, shown = False, known
    else:
        entries = [each for each in window.entries if (start is None or each.due_at >= start) and chosen.matches(each)]
        more, shown = window.more, len(entries)
        known = shown
    pages = max(1, ceil(known / size))
    number = min(wanted, pages)
    here = entries[(number - 1) * size : number * size]
    page = QueuePage(
        cards=[],
        hidden=0,
        total=max(total, shown),
        shown=shown,
        number=number,
        pages=pages,
        more=more,
    )
    return {each.post_id: each for each in here}, page


def _period(now: datetime) -> tuple[datetime | None, datetime]:
    """Return the beginning and the end of the period; None if it begins now."""
    zone, days = viewer_zone(), PERIODS.get(period(), PERIODS["All"])
    today = wall_time(now, zone).date()
    chosen = first_day()
    begins = max(today, chosen) if chosen else today
    end = start_of_day(min(begins, today + PLANNING_HORIZON) + timedelta(days=days + 1), zone)
    return start_of_day(begins, zone) if begins > today else None, end


def _unscheduled(now: datetime, number: int) -> dict[str, QueueEntry]:
    """Return the posts that may have no schedule; of those being scheduled only the ones in the selected period.

    They are on the first page of a queue that begins now.
    """
    start, end = _period(now)
    if number > 1 or start is not None:
        return {}
    found = application().views.unarmed()
    listed: Sequence[QueueEntry] = [each for each in found if each.state != "time has passed"]
    return {each.post_id: each for each in listed if each.state != "being scheduled" or each.due_at < end}
