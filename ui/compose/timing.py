"""The time and repeat fields of a post, with a summary of the times at which the post goes out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import streamlit as st

from core.application import Application
from core.errors import PunctualError
from core.health.capacity import capacity_warning
from core.posts.models import Post, Repeat
from core.posts.recurrence import crosses_clock_change, describe_rule, next_runs, rule_of, skipped_run_warnings
from core.posts.repeat_rules import EveryNWeeks, Yearly
from core.posts.series import runs_of
from core.time.instants import SkippedHour, offset_label, wall_time
from core.time.phrases import calendar_day, city, clock_time, date_and_time, relative_time
from ui.compose import next_free, repeat_fields, time_fields
from ui.compose.next_free import NEXT_FREE
from ui.compose.typed_time import watch_typed_time
from ui.compose.written_field import written_field
from ui.frame import links
from ui.frame.application import application
from ui.frame.failures import markdown
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape, promised_time, slack_of

PREVIEWED_RUNS = 5
"""How many runs of a repeating post the summary lists."""
NAMED_EVERY = timedelta(seconds=15)
"""How often the next free time is named again."""


def fill(key: str, post: Post) -> None:
    """Fill the fields with a post's time and rule; a time in the past is replaced by the suggested time."""
    time_fields.clear(key)
    time_fields.start(key, time_fields.next_suggested(_first(post)), post.zone)
    repeat_fields.fill(key, post.repeat, post.zone)


def _first(post: Post) -> datetime | None:
    """Return the due instant, or the begin of a series.

    A rule whose days follow from its first date begins with the next run: every n weeks, and yearly.
    """
    if post.repeat is None:
        return post.due_at
    if isinstance(rule_of(post.repeat)[0], EveryNWeeks | Yearly):
        return next(iter(runs_of(post, after=application().clock(), count=1)), None)
    return post.repeat.starts_at


def timing(key: str, offered: Iterable[str] = repeat_fields.CHOICES) -> None:
    """Draw the fields under `key`, with the offered repeat choices, and the summary."""
    written_field(key)
    time_fields.time_fields(key, "First date" if repeat_fields.is_repeating(key) else "Date", watch_typed_time)
    repeat_fields.repeat_fields(key, offered)
    if time_fields.is_unclear(key):
        return  # the fields still have the time before those words
    try:
        repeat = repeat_fields.repeat(key)
    except PunctualError as error:
        st.info(markdown(error), icon=":material/event_repeat:")
        return
    if repeat is None:
        time_fields.which_field(key)
        _one_time_summary(key)
    else:
        _series_summary(repeat, time_fields.chosen_time(key).zone)


def when(key: str, destinations: Sequence[str], *, picked: bool) -> None:
    """Draw the choice between the next free time and a picked one, and the time, under `key`.

    `picked` is whether the person has filled the time fields.
    """
    offered = next_free.offered_times(destinations)
    if next_free.choice(key, offered, picked=picked) == NEXT_FREE:
        st.fragment(_next_free_summary, run_every=NAMED_EVERY)(key, tuple(destinations))
    else:
        timing(key)


def _next_free_summary(key: str, destinations: Sequence[str]) -> None:
    """Draw the next free time, and note it as the one that the page names."""
    offered = next_free.offered_times(destinations)
    named = next(iter(offered.times), None)
    next_free.note_named(key, named)
    if offered.zone is None:
        st.caption("Posts go to the next free of your posting times. There are none yet.")
        st.page_link(links.POSTING_TIMES, label="Set posting times", icon=":material/calendar_clock:")
    elif named is None:
        st.info("Every posting time of the next year is taken.", icon=":material/event_busy:")
        st.page_link(links.POSTING_TIMES, label="Add posting times", icon=":material/calendar_clock:")
    else:
        _instant_summary(named, offered.zone)


def _one_time_summary(key: str) -> None:
    """Draw the time in the post's zone, the viewer's zone and UTC, and the time until then."""
    chosen = time_fields.chosen_time(key)
    try:
        instant = chosen.instant
    except SkippedHour as error:
        st.error(f"{error} {error.hint}", icon=":material/event_busy:")
        with st.container(horizontal=True):
            for near in (error.before, error.after):
                button_key = f"{key}-use-{near:%H%M}"
                st.button(f"Use {near:%H:%M}", key=button_key, on_click=_use, args=(key, near))
        return
    except PunctualError as error:
        st.info(error.hint, icon=":material/alt_route:")
        return
    _instant_summary(instant, chosen.zone)


def _use(key: str, wall: datetime) -> None:
    chosen = time_fields.chosen_time(key)
    time_fields.replace(key, time_fields.ChosenTime(wall=wall, zone=chosen.zone, which=chosen.which))
    time_fields.forget_words(key)


def _instant_summary(instant: datetime, zone: str) -> None:
    """Draw a time in its zone, the viewer's zone and UTC, and the time until then, or that it has passed."""
    now = application().clock()
    day = f"{calendar_day(wall_time(instant, zone).date())}, {promised_time(clock_time(instant, zone), zone)}"
    until = f"{city(zone)} ({offset_label(instant, zone)}), **{relative_time(instant, now)}**"
    if instant <= now:
        st.error(f"**{day}** has passed.  \n{until}. Choose a later time.", icon=":material/event_busy:")
    else:
        st.markdown(f"**{day}**  \n{until}")
    warning = _capacity_warning(application(), str(application().home.path), instant.replace(second=0))
    if warning:
        st.caption(f":material/groups: {warning}")
    others = [other for other in dict.fromkeys((viewer_zone(), "UTC")) if other != zone]
    st.caption("  \n".join(date_and_time(instant, other) for other in others))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def _capacity_warning(_app: Application, home: str, minute: datetime) -> str | None:
    """Return a warning if too many posts are due in a minute. `home` identifies the application in the cache key."""
    return capacity_warning(_app, minute)


def _series_summary(repeat: Repeat, zone: str) -> None:
    """Draw the rule as a sentence, its next runs, and warnings about skipped runs."""
    now = application().clock()
    rule, at = rule_of(repeat)
    after = max(now, repeat.starts_at) if repeat.starts_at else now
    runs = next_runs(repeat, zone, after=now, count=PREVIEWED_RUNS)
    st.markdown(f"**{escape(describe_rule(rule, at, zone, slack_of(repeat, zone)))}**, {relative_time(runs[0], now)}")
    days = [(calendar_day(wall_time(run, zone).date()), clock_time(run, zone), offset_label(run, zone)) for run in runs]
    st.caption("  \n".join(f"{day}, {time} ({offset})" for day, time, offset in days))
    if repeat.ends_at is not None:
        st.caption(f":material/event_busy: Ends on {calendar_day(wall_time(repeat.ends_at, zone).date())}.")
    if crosses_clock_change(runs, zone):
        st.caption(":material/history: The clocks change between these runs. The time of day stays the same.")
    for warning in skipped_run_warnings(repeat, zone, after=after):
        st.caption(f":material/warning: {warning}")
