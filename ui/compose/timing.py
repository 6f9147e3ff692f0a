"""The time and repeat fields of a post, with a summary of the times at which the post goes out."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from core.application import Application
from core.errors import PunctualError
from core.health.capacity import capacity_warning
from core.posts.models import Post, Repeat
from core.posts.recurrence import crosses_clock_change, describe_rule, next_runs, parse_rule, skipped_run_warnings
from core.time.instants import SkippedHour, offset_label, wall_time
from core.time.phrases import calendar_day, city, clock_time, date_and_time, relative_time
from ui.compose import repeat_fields, time_fields
from ui.frame.application import application
from ui.frame.failures import markdown
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape

PREVIEWED_RUNS = 5
"""How many runs of a repeating post the summary lists."""


def fill(key: str, post: Post) -> None:
    """Fill the fields with a post's time and rule; a time in the past is replaced by the suggested time."""
    time_fields.clear(key)
    first = post.repeat.starts_at if post.repeat else post.due_at
    time_fields.start(key, time_fields.next_suggested(first), post.zone)
    repeat_fields.fill(key, post.repeat, post.zone)


def timing(key: str, offered: Iterable[str] = repeat_fields.CHOICES) -> None:
    """Draw the fields under `key`, with the offered repeat choices, and the summary."""
    time_fields.time_fields(key, "First date" if repeat_fields.is_repeating(key) else "Date")
    repeat_fields.repeat_fields(key, offered)
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
                st.button(f"Use {near:%H:%M}", key=button_key, on_click=time_fields.set_wall, args=(key, near))
        return
    except PunctualError as error:
        st.info(error.hint, icon=":material/alt_route:")
        return
    st.markdown(
        f"**{calendar_day(chosen.wall.date())}, {clock_time(instant, chosen.zone)}**  \n"
        f"{city(chosen.zone)} ({offset_label(instant, chosen.zone)}), "
        f"**{relative_time(instant, application().clock())}**"
    )
    warning = _capacity_warning(application(), str(application().home.path), instant.replace(second=0))
    if warning:
        st.caption(f":material/groups: {warning}")
    others = [zone for zone in dict.fromkeys((viewer_zone(), "UTC")) if zone != chosen.zone]
    st.caption("  \n".join(date_and_time(instant, zone) for zone in others))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def _capacity_warning(_app: Application, home: str, minute: datetime) -> str | None:
    """Return a warning if too many posts are due in a minute. `home` identifies the application in the cache key."""
    return capacity_warning(_app, minute)


def _series_summary(repeat: Repeat, zone: str) -> None:
    """Draw the rule as a sentence, its next runs, and warnings about skipped runs."""
    now = application().clock()
    rule, at = parse_rule(repeat.expression)
    after = max(now, repeat.starts_at) if repeat.starts_at else now
    runs = next_runs(repeat.expression, zone, repeat.starts_at, repeat.ends_at, after=now, count=PREVIEWED_RUNS)
    st.markdown(f"**{escape(describe_rule(rule, at, zone))}**, {relative_time(runs[0], now)}")
    days = [(calendar_day(wall_time(run, zone).date()), clock_time(run, zone), offset_label(run, zone)) for run in runs]
    st.caption("  \n".join(f"{day}, {time} ({offset})" for day, time, offset in days))
    if crosses_clock_change(runs, zone):
        st.caption(":material/history: The clocks change between these runs. The time of day stays the same.")
    if application().aws is not None:
        st.caption("On AWS, a run may go out up to 1 minute late.")
    for warning in skipped_run_warnings(rule, at, zone, after=after):
        st.caption(f":material/warning: {warning}")
