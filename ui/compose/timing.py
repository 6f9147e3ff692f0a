"""When a post goes out: the fields for it, and what stands in them told back in words."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from core.application import Application
from core.errors import PunctualError
from core.health.crowding import crowded
from core.posts.models import Post, Repeat
from core.posts.recurrence import cautions, crosses_clock_change, in_words, preview, read
from core.time.instants import SkippedHour, offset_label, wall_time
from core.time.phrases import calendar_day, city, clock_time, countdown, moment
from ui.compose import repeat_fields, time_fields
from ui.frame.application import application
from ui.frame.viewer import viewer_zone
from ui.frame.wording import plain

PREVIEWED = 5
"""How many runs of a repeating post are told."""


def fill(key: str, post: Post) -> None:
    """Fill the fields with when a post goes out, and with its rule; a time that has passed makes way for a new one."""
    time_fields.forget(key)
    time_fields.start(key, time_fields.next_proposed(post.repeat.starts_at if post.repeat else post.due_at), post.zone)
    repeat_fields.fill(key, post.repeat, post.zone)


def timing(key: str, offered: Iterable[str] = repeat_fields.CHOICES) -> None:
    """Draw it all under one key, with the rules that are offered."""
    time_fields.pick(key, "First date" if repeat_fields.chosen(key) else "Date")
    repeat_fields.choose(key, offered)
    try:
        repeat = repeat_fields.repeat(key)
    except PunctualError as error:
        st.info(f"{error} {error.hint}", icon=":material/event_repeat:")
        return
    if repeat is None:
        time_fields.ask_which(key)
        _tell_once(key)
    else:
        _tell_series(repeat, time_fields.picked(key).zone)


def _tell_once(key: str) -> None:
    """Say when that is: in the post's zone, in the viewer's and in UTC, and how long until then."""
    chosen = time_fields.picked(key)
    try:
        instant = chosen.instant
    except SkippedHour as error:
        st.error(f"{error} {error.hint}", icon=":material/event_busy:")
        with st.container(horizontal=True):
            for near in (error.before, error.after):
                st.button(f"Use {near:%H:%M}", key=f"{key}-use-{near:%H%M}", on_click=time_fields.use, args=(key, near))
        return
    except PunctualError as error:
        st.info(error.hint, icon=":material/alt_route:")
        return
    st.markdown(
        f"**{calendar_day(chosen.wall.date())}, {clock_time(instant, chosen.zone)}**  \n"
        f"{city(chosen.zone)} ({offset_label(instant, chosen.zone)}), "
        f"**{countdown(instant, application().clock())}**"
    )
    crowd = _crowd(application(), str(application().home.path), instant.replace(second=0))
    if crowd:
        st.caption(f":material/groups: {crowd}")
    others = [zone for zone in dict.fromkeys((viewer_zone(), "UTC")) if zone != chosen.zone]
    st.caption("  \n".join(moment(instant, zone) for zone in others))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def _crowd(_app: Application, home: str, minute: datetime) -> str | None:
    """Say that too many posts are due in a minute, if so; `home` tells one application from another."""
    return crowded(_app, minute)


def _tell_series(repeat: Repeat, zone: str) -> None:
    """Say the rule in words, its next runs, and what may surprise about them."""
    now = application().clock()
    rule, at = read(repeat.expression)
    after = max(now, repeat.starts_at) if repeat.starts_at else now
    runs = preview(repeat.expression, zone, repeat.starts_at, repeat.ends_at, after=now, count=PREVIEWED)
    st.markdown(f"**{plain(in_words(rule, at, zone))}**, {countdown(runs[0], now)}")
    days = [(calendar_day(wall_time(run, zone).date()), clock_time(run, zone), offset_label(run, zone)) for run in runs]
    st.caption("  \n".join(f"{day}, {time} ({offset})" for day, time, offset in days))
    if crosses_clock_change(runs, zone):
        st.caption(":material/history: The clocks change in between; the time of day stays.")
    if application().aws is not None:
        st.caption("On AWS a run may go out up to a minute after its time.")
    for caution in cautions(rule, at, zone, after=after):
        st.caption(f":material/warning: {caution}")
