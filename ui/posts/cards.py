"""The card of one post: its time, text, destinations and state, and its actions."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import streamlit as st

from core.ledger.post_state import StateName
from core.posts.destinations import Destination
from core.posts.first_comment import first_comments
from core.posts.models import Media, Post, Repeat
from core.posts.series import describe_timing
from core.publishing.options import OptionValues
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time, date_and_time, lateness, opening, plural, promise, relative_time
from ui.frame import links
from ui.frame.account_badges import destination_badges
from ui.frame.application import application
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.gallery import picture
from ui.frame.option_line import option_line
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import card_text, escape, label_badges, post_subject, slack_of, state_badge
from ui.posts import actions
from ui.posts.replaced_run_line import replaced_run
from ui.posts.selected import checkbox

_MOVES = ["Next free time", "To the front", "Swap", "Shift all later"]
"""Menu items that move a post, or others with it, to other times."""
_MENUS: dict[StateName, list[str]] = {
    "being scheduled": ["Change time", "Duplicate", "Post now"],
    "scheduled": ["Change time", *_MOVES, "Pause", "Duplicate", "Post now"],
    "paused": ["Change time", *_MOVES, "Resume", "Duplicate", "Post now"],
    "not armed": ["Change time", "Duplicate", "Post now"],
    "time has passed": ["Next free time", "Duplicate", "Post now", "Cancel"],
    "needs a time": ["Next free time", "Duplicate", "Post now", "Cancel"],
    "missing": ["Next free time", "Duplicate", "Post now", "Cancel"],
}
_ONE_TIME_ONLY = {"Post now", *_MOVES}
"""Menu items that a repeating post does not have."""
_SERIES_ITEMS = ["Skip next run", "Change next run"]
"""Menu items that only a repeating post has."""
SKIPPED_SHOWN = 3
DENSE_EXCERPT, DENSE_LINES = 160, 2
"""Characters and lines of a post that its dense card shows."""
ROOMY_THUMBNAIL, DENSE_THUMBNAIL = 72, 40
"""Pixels."""


def card(entry: QueueEntry, day: date, now: datetime, *, dense: bool = False, selecting: bool = False) -> None:
    """Draw the card below the heading of `day`. Its height never changes, so that cards below it do not move.

    A dense card has two lines of text and a small picture. While a person is `selecting` posts, a card has a checkbox
    in the place of its actions.
    """
    with st.container(border=True, key=widget_key("card", entry.key), horizontal=True, vertical_alignment="center"):
        if selecting:
            checkbox(entry)
        with st.container(key=widget_key("time", entry.key), width=110 if dense else 150, gap="xxsmall"):
            _time(entry, day, now, dense=dense)
        with st.container(key=widget_key("content", entry.key), width="stretch", gap="xsmall"):
            _content(entry, dense=dense)
        _thumbnail(entry, DENSE_THUMBNAIL if dense else ROOMY_THUMBNAIL)
        if not selecting:
            with st.container(
                key=widget_key("actions", entry.key),
                width="content",
                horizontal=True,
                horizontal_alignment="right",
            ):
                _actions(entry, now)


def _time(entry: QueueEntry, day: date, now: datetime, *, dense: bool) -> None:
    st.markdown(f"### {clock_time(entry.due_at, viewer_zone())}", anchors=False)
    own_day = wall_time(entry.due_at, viewer_zone()).date()
    if own_day != day:  # the post was rescheduled, or the series is at its next run; the card keeps its position
        st.caption(calendar_day(own_day))
    elif entry.run is not None and entry.run.lag_ms is not None:
        st.caption(lateness(entry.run.lag_ms))
    elif not dense:
        st.caption(relative_time(entry.due_at, now))


def _content(entry: QueueEntry, *, dense: bool) -> None:
    if entry.text is None:
        st.text("This schedule was not created by Punctual. Punctual does not change it.")
        return
    st.text(_dense_text(entry.text) if dense else card_text(entry.text))
    badges = [state_badge(entry.state)] if entry.state != "scheduled" else []
    badges += [destination_badges(_destinations(entry)), label_badges(entry.labels)]
    line = " ".join([*badges, _media_counts(entry), _timing(entry), _replaced_run(entry)])
    st.markdown("  \n".join(filter(None, [line, option_line(_options(entry))])))


def _dense_text(text: str) -> str:
    """Return the first lines of a text, with the sign that it continues on the last of them."""
    shown = opening(text, DENSE_EXCERPT, lines=DENSE_LINES)
    return f"{shown.removesuffix('…').rstrip()} …" if shown.endswith("…") else shown


def _destinations(entry: QueueEntry) -> list[Destination]:
    """Return the destinations without first comments, which are among the options."""
    source = entry.post or (entry.run.payload if entry.run else None)
    comments = first_comments(source) if source else frozenset()
    return [each for each in entry.destinations if each not in comments]


def _media_counts(entry: QueueEntry) -> str:
    """Return the number of pictures and videos as Markdown; of a single picture, its thumbnail tells enough."""
    media = _media(entry)
    icons = {"picture": "image", "video": "movie"}
    counts = {kind: sum(each.kind == kind for each in media) for kind in icons}
    if counts == {"picture": 1, "video": 0}:
        return ""
    labels = (f":material/{icons[kind]}: {plural(count, kind)}" for kind, count in counts.items() if count)
    return " ".join(f":small[:gray[{label}]]" for label in labels)


def _media(entry: QueueEntry) -> tuple[Media, ...]:
    return entry.post.media if entry.post else entry.run.payload.media if entry.run else ()


def _options(entry: QueueEntry) -> Mapping[Destination, OptionValues]:
    return entry.post.options if entry.post else entry.run.payload.options if entry.run else {}


def _timing(entry: QueueEntry) -> str:
    """Return the rule of a repeating post, or the post's own time if its zone is not the viewer's, as Markdown.

    A post that may go out after its time has it with a promise, until it begins.
    """
    post = entry.post
    if post is None:
        return ""
    slack = slack_of(post.repeat, post.zone) if entry.run is None else timedelta()
    if post.repeat is not None:
        rule = ", ".join([describe_timing(post, slack), *_exceptions(post, post.repeat)])
        return f":small[:gray[:material/repeat: {escape(rule)}]]"
    own_time = promise(date_and_time(entry.due_at, post.zone), slack)
    return f":small[:gray[{own_time}]]" if slack or post.zone != viewer_zone() else ""


def _replaced_run(entry: QueueEntry) -> str:
    return replaced_run(entry.post, cancelled=entry.state == "cancelled") if entry.run is None else ""


def _exceptions(post: Post, repeat: Repeat) -> list[str]:
    """Return the coming skipped runs and the last date of a series in words."""
    now = application().clock()
    coming = [run for run in repeat.skipped if run > now]
    days = [calendar_day(wall_time(run, post.zone).date()) for run in coming[:SKIPPED_SHOWN]]
    more = f" and {len(coming) - SKIPPED_SHOWN} more" if len(coming) > SKIPPED_SHOWN else ""
    parts = [f"skips {', '.join(days)}{more}"] if days else []
    ends = [f"until {calendar_day(wall_time(repeat.ends_at, post.zone).date())}"] if repeat.ends_at else []
    return [*parts, *ends]


def _thumbnail(entry: QueueEntry, width: int) -> None:
    """Draw the first picture of the post. Without a picture, there is nothing to draw."""
    first = next((each for each in _media(entry) if each.kind == "picture"), None)
    if first is not None:
        with st.container(key=widget_key("thumbnail", entry.key), width=width):
            picture(first.reference, width=width, alt=first.alt)


def _actions(entry: QueueEntry, now: datetime) -> None:
    if entry.text is None:
        return
    post_id, subject = entry.post_id, post_subject(entry.due_at, entry.text)
    repeats = entry.post is not None and entry.post.repeats
    if entry.state in _MENUS:
        card_button("Edit", subject, widget_key("edit", post_id), actions.edit, post_id, type="tertiary")
    if entry.state in ("being scheduled", "scheduled", "paused", "not armed"):
        label = "End series" if repeats else "Cancel"
        card_button(label, subject, widget_key("cancel", post_id), actions.cancel, post_id, type="tertiary")
    elif entry.state in ("time has passed", "needs a time", "missing"):
        card_button("Reschedule", subject, widget_key("new-time", post_id), actions.change_time, post_id)
    elif entry.state == "cancelled":
        card_button("Undo", subject, widget_key("undo", post_id), actions.undo, post_id, icon=":material/undo:")
    elif entry.run is not None:
        _result_link(entry, subject)
    if items := _menu_items(entry, now):
        card_menu(subject, items, widget_key("menu", post_id), actions.run_menu_item, post_id)


def _menu_items(entry: QueueEntry, now: datetime) -> list[str]:
    items, repeat = _MENUS.get(entry.state, []), entry.post.repeat if entry.post else None
    if repeat is None or not items:
        return items
    skipped = ["Bring back the skipped run"] if any(run > now for run in repeat.skipped) else []
    return [*_SERIES_ITEMS, *skipped, *(item for item in items if item not in _ONE_TIME_ONLY)]


def _result_link(entry: QueueEntry, subject: str) -> None:
    if entry.state == "published":
        links.permalink(entry.run.url if entry.run else None, subject)
    else:
        links.history_link(subject)
