"""The card of one post: its time, text, destinations and state, and its actions."""

from datetime import date, datetime

import streamlit as st

from core.ledger.post_state import StateName
from core.posts.series import describe_timing
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time, date_and_time, lateness, plural, relative_time
from ui.frame import links
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import card_text, destination_badges, escape, label_badges, post_subject, state_badge
from ui.posts import actions

_MENUS: dict[StateName, list[str]] = {
    "being scheduled": ["Edit", "Change time", "Duplicate", "Post now"],
    "scheduled": ["Edit", "Change time", "Pause", "Duplicate", "Post now"],
    "paused": ["Edit", "Change time", "Resume", "Duplicate", "Post now"],
    "not armed": ["Edit", "Change time", "Duplicate", "Post now"],
    "time has passed": ["Edit", "Duplicate", "Post now", "Cancel"],
    "needs a time": ["Edit", "Duplicate", "Post now", "Cancel"],
    "missing": ["Edit", "Duplicate", "Post now", "Cancel"],
}
_ONE_TIME_ONLY = {"Post now"}
"""Menu items that a repeating post does not have."""


def card(entry: QueueEntry, day: date, now: datetime) -> None:
    """Draw the card below the heading of `day`. Its height never changes, so that cards below it do not move."""
    with st.container(border=True, key=widget_key("card", entry.key), horizontal=True, vertical_alignment="center"):
        with st.container(key=widget_key("time", entry.key), width=150, gap="xxsmall"):
            _time(entry, day, now)
        with st.container(key=widget_key("content", entry.key), width="stretch", gap="xsmall"):
            _content(entry)
        with st.container(
            key=widget_key("actions", entry.key), width=160, horizontal=True, horizontal_alignment="right", gap="xsmall"
        ):
            _actions(entry)


def _time(entry: QueueEntry, day: date, now: datetime) -> None:
    st.markdown(f"### {clock_time(entry.due_at, viewer_zone())}", anchors=False)
    own_day = wall_time(entry.due_at, viewer_zone()).date()
    if own_day != day:  # the post was rescheduled, or the series is at its next run; the card keeps its position
        st.caption(calendar_day(own_day))
    elif entry.run is not None and entry.run.lag_ms is not None:
        st.caption(lateness(entry.run.lag_ms))
    else:
        st.caption(relative_time(entry.due_at, now))


def _content(entry: QueueEntry) -> None:
    if entry.text is None:
        st.text("This schedule was not created by Punctual. Punctual does not change it.")
        return
    st.text(card_text(entry.text))
    badges = [state_badge(entry.state)] if entry.state != "scheduled" else []
    badges += [destination_badges(entry.destinations), label_badges(entry.labels)]
    st.markdown(" ".join([*badges, _media_counts(entry), _timing(entry)]))


def _media_counts(entry: QueueEntry) -> str:
    """Return the number of pictures and videos as Markdown."""
    media = entry.post.media if entry.post else entry.run.payload.media if entry.run else ()
    icons = {"picture": "image", "video": "movie"}
    counts = {kind: sum(each.kind == kind for each in media) for kind in icons}
    labels = (f":material/{icons[kind]}: {plural(count, kind)}" for kind, count in counts.items() if count)
    return " ".join(f":small[:gray[{label}]]" for label in labels)


def _timing(entry: QueueEntry) -> str:
    """Return the rule of a repeating post, or the post's own time if its zone is not the viewer's, as Markdown."""
    post = entry.post
    if post is None:
        return ""
    if post.repeat is not None:
        return f":small[:gray[:material/repeat: {escape(describe_timing(post))}]]"
    return "" if post.zone == viewer_zone() else f":small[:gray[{date_and_time(entry.due_at, post.zone)}]]"


def _actions(entry: QueueEntry) -> None:
    if entry.text is None:
        return
    post_id, subject = entry.post_id, post_subject(entry.due_at, entry.text)
    repeats = entry.post is not None and entry.post.repeats
    if entry.state in ("being scheduled", "scheduled", "paused", "not armed"):
        label = "End series" if repeats else "Cancel"
        card_button(label, subject, widget_key("cancel", post_id), actions.cancel, post_id)
    elif entry.state in ("time has passed", "needs a time", "missing"):
        card_button("Reschedule", subject, widget_key("new-time", post_id), actions.change_time, post_id)
    elif entry.state == "cancelled":
        card_button("Undo", subject, widget_key("undo", post_id), actions.undo, post_id, icon=":material/undo:")
    elif entry.run is not None:
        _result_link(entry, subject)
    items = [item for item in _MENUS.get(entry.state, []) if not (repeats and item in _ONE_TIME_ONLY)]
    if items:
        card_menu(subject, items, widget_key("menu", post_id), actions.run_menu_item, post_id)


def _result_link(entry: QueueEntry, subject: str) -> None:
    if entry.state == "published":
        links.permalink(entry.run.url if entry.run else None, subject)
    else:
        links.history_link(subject)
