"""One post of the queue as a card: when, what, where, how it stands, and what can be done about it."""

from datetime import date, datetime

import streamlit as st

from core.ledger.post_state import State
from core.posts.recurrence import in_words, read
from core.scheduling.upcoming import Entry
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time, countdown, counted, excerpt, lateness, moment
from ui.frame import links
from ui.frame.state import of
from ui.frame.viewer import viewer_zone
from ui.frame.wording import destination_badges, heard, plain, state_badge, which
from ui.posts import actions

EXCERPT = 240
"""Characters of a post that its card shows."""

_MENUS: dict[State, list[str]] = {
    "being scheduled": ["Edit", "Change time", "Duplicate", "Post now"],
    "scheduled": ["Edit", "Change time", "Pause", "Duplicate", "Post now"],
    "paused": ["Edit", "Change time", "Resume", "Duplicate", "Post now"],
    "not armed": ["Edit", "Change time", "Duplicate", "Post now"],
    "time has passed": ["Edit", "Duplicate", "Post now", "Cancel"],
    "missing": ["Edit", "Duplicate", "Post now", "Cancel"],
}
_ONLY_ONCE = {"Post now"}
"""What a repeating post's menu leaves out."""


def card(entry: Entry, day: date, now: datetime) -> None:
    """Draw the card under the heading of `day`. Its height is always the same, so that what lies below never moves."""
    with st.container(border=True, key=of("card", entry.key), horizontal=True, vertical_alignment="center"):
        with st.container(key=of("time", entry.key), width=150, gap="xxsmall"):
            _time(entry, day, now)
        with st.container(key=of("words", entry.key), width="stretch", gap="xsmall"):
            _words(entry)
        with st.container(
            key=of("actions", entry.key), width=160, horizontal=True, horizontal_alignment="right", gap="xsmall"
        ):
            _actions(entry)


def _time(entry: Entry, day: date, now: datetime) -> None:
    st.markdown(f"### {clock_time(entry.due_at, viewer_zone())}", anchors=False)
    own_day = wall_time(entry.due_at, viewer_zone()).date()
    if own_day != day:  # it was given another time, or is a series whose next run comes later, and stays in its place
        st.caption(calendar_day(own_day))
    elif entry.run is not None and entry.run.lag_ms is not None:
        st.caption(f"{lateness(entry.run.lag_ms)} late")
    else:
        st.caption(countdown(entry.due_at, now))


def _words(entry: Entry) -> None:
    if entry.text is None:
        st.text("This schedule was not written by Punctual. It is left as it is.")
        return
    st.text(excerpt(entry.text, EXCERPT))
    parts = [state_badge(entry.state)] if entry.state != "scheduled" else []
    st.markdown(" ".join([*parts, destination_badges(entry.destinations), _attached(entry), _timing(entry)]))


def _attached(entry: Entry) -> str:
    """How many pictures or videos the post carries."""
    media = entry.post.media if entry.post else entry.run.payload.media if entry.run else ()
    kinds = {"picture": "image", "video": "movie"}
    counts = {kind: sum(each.kind == kind for each in media) for kind in kinds}
    told = (f":material/{kinds[kind]}: {counted(count, kind)}" for kind, count in counts.items() if count)
    return " ".join(f":small[:gray[{each}]]" for each in told)


def _timing(entry: Entry) -> str:
    """The rule of a repeating post, else the post's own time where its zone is not the viewer's."""
    post = entry.post
    if post is None:
        return ""
    if post.repeat is not None:
        rule, at = read(post.repeat.expression)
        return f":small[:gray[:material/repeat: {plain(in_words(rule, at, post.zone))}]]"
    return "" if post.zone == viewer_zone() else f":small[:gray[{moment(entry.due_at, post.zone)}]]"


def _actions(entry: Entry) -> None:
    post_id = entry.post_id
    if entry.text is None:
        return
    about = which(entry.due_at, entry.text)
    if entry.state in ("being scheduled", "scheduled", "paused", "not armed"):
        label = "End series" if entry.post is not None and entry.post.repeats else "Cancel"
        st.button(heard(label, about), key=of("cancel", post_id), on_click=actions.cancel, args=(post_id,))
    elif entry.state in ("time has passed", "missing"):
        st.button(heard("New time", about), key=of("new-time", post_id), on_click=actions.ask_time, args=(post_id,))
    elif entry.state == "cancelled":
        st.button(
            heard("Undo", about),
            key=of("undo", post_id),
            icon=":material/undo:",
            on_click=actions.undo,
            args=(post_id,),
        )
    elif entry.run is not None:
        _see(entry, about)
    choices = _MENUS.get(entry.state, [])
    if entry.post is not None and entry.post.repeats:
        choices = [choice for choice in choices if choice not in _ONLY_ONCE]
    if choices:
        st.menu_button(
            heard("More", about),
            choices,
            key=of("menu", post_id),
            type="tertiary",
            on_click=actions.choose,
            args=(post_id,),
        )


def _see(entry: Entry, about: str) -> None:
    if entry.state == "published":
        links.permalink(entry.run.url if entry.run else None, about)
    else:
        links.history(about)
