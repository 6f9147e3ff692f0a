"""The tray above the queue: the posts whose time passed while they were paused, and what shall become of them."""

from collections.abc import Callable

import streamlit as st

from core.scheduling.selection import SelectionReport
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time, plural
from ui.frame.account_badges import destination_badges
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, show_error
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.card_places import reset_list
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import card_text, label_badges, post_subject
from ui.posts import actions
from ui.posts.reports import report

SHOWN = 10
"""Posts of the tray that are shown one by one; the buttons for all act on every one."""
_MENU = ["Edit", "Change time", "Duplicate"]


def passed_tray(passed: list[QueueEntry]) -> None:
    """Draw the tray, if there is a post in it."""
    if not passed:
        return
    with st.container(border=True, key="card-tray", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = f"{plural(len(passed), 'post')} passed while paused"
            st.markdown(f":material/inbox: **{title}.**", width="stretch")
            if len(passed) > 1:
                ids = [each.post_id for each in passed]
                _button("Send all now", "tray-send-all", "send", _ask_to_send, ids)
                _button("All to free times", "tray-free-all", "event_available", _to_free_times, ids)
                _button("Drop all", "tray-drop-all", "block", _drop, ids)
        for each in passed[:SHOWN]:
            _row(each)
        if len(passed) > SHOWN:
            st.caption(f"and {plural(len(passed) - SHOWN, 'later post')}")


def _button(label: str, key: str, icon: str, action: Callable[[list[str]], None], ids: list[str]) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", on_click=action, args=(ids,))


def _row(entry: QueueEntry) -> None:
    zone, post_id, text = viewer_zone(), entry.post_id, entry.text or ""
    subject = post_subject(entry.due_at, text)
    with st.container(key=widget_key("card-passed", post_id), horizontal=True, vertical_alignment="center"):
        with st.container(key=widget_key("time", post_id), width=110, gap="xxsmall"):
            st.markdown(f"**{clock_time(entry.due_at, zone)}**")
            st.caption(calendar_day(wall_time(entry.due_at, zone).date()))
        with st.container(key=widget_key("content", post_id), width="stretch", gap="xxsmall"):
            st.text(card_text(text))
            st.markdown(f"{destination_badges(entry.destinations)} {label_badges(entry.labels)}")
        with st.container(
            key=widget_key("actions", post_id), horizontal=True, horizontal_alignment="right", width="content"
        ):
            card_button("Send now", subject, widget_key("send", post_id), _ask_to_send, [post_id], type="tertiary")
            free_key = widget_key("free", post_id)
            card_button("Next free time", subject, free_key, _to_free_times, [post_id], type="tertiary")
            card_button("Drop", subject, widget_key("drop", post_id), _drop, [post_id], type="tertiary")
            card_menu(subject, _MENU, widget_key("menu", post_id), actions.run_menu_item, post_id)


@callback
def _ask_to_send(ids: list[str]) -> None:
    defer(lambda: _send_dialog(ids))


@callback
def _to_free_times(ids: list[str]) -> None:
    _show(application().passed_posts.to_free_times(ids))


@callback
def _drop(ids: list[str]) -> None:
    _show(application().passed_posts.drop(ids))


@st.dialog("Send now?", icon=":material/send:", on_dismiss="rerun")
def _send_dialog(ids: list[str]) -> None:
    st.markdown(f"**{plural(len(ids), 'post')}** {'goes' if len(ids) == 1 else 'go'} out now. This cannot be undone.")
    show_error()
    key = "confirm-send-passed"
    dialog_buttons("Send now", key, _send, ids, icon=":material/send:")


@dialog_callback
def _send(ids: list[str]) -> None:
    _show(application().passed_posts.send_now(ids))


def _show(found: SelectionReport) -> None:
    report(found)
    reset_list()
