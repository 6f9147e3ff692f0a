"""The actions on a queued post: the callbacks of its card, and the dialogs that they open."""

from collections.abc import Callable

import streamlit as st

from core.ledger.port import Plan
from core.scheduling.refusals import SeriesEnded, TooSoon
from core.time.phrases import join_names
from ui.compose import drafts, repeat_fields, time_fields
from ui.compose.timing import fill, timing
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, show_error
from ui.frame.dialogs import defer
from ui.frame.state import widget_key
from ui.frame.wording import account_names, escape
from ui.posts import edit_dialog


@callback
def cancel(post_id: str) -> None:
    """Cancel the post."""
    schedules = application().schedules
    schedules.cancel(schedules.plan(post_id))


@callback
def undo(post_id: str) -> None:
    """Restore a cancelled post; if its time, or the last run of its series, has passed, ask for a new time."""
    schedules = application().schedules
    plan = schedules.plan(post_id)
    try:
        schedules.undo_cancel(plan)
    except (TooSoon, SeriesEnded):
        _open_time_dialog(plan)


@callback
def run_menu_item(post_id: str) -> None:
    """Run the item selected in the post's menu."""
    _MENU[st.session_state[widget_key("menu", post_id)]](application().schedules.plan(post_id))


@callback
def change_time(post_id: str) -> None:
    """Open the dialog that changes the post's time."""
    _open_time_dialog(application().schedules.plan(post_id))


def _open_edit_dialog(plan: Plan) -> None:
    edit_dialog.fill(plan)
    defer(lambda: edit_dialog.edit_dialog(plan))


def _open_time_dialog(plan: Plan) -> None:
    fill(_time_key(plan), plan.post)
    defer(lambda: _time_dialog(plan))


def _open_post_now_dialog(plan: Plan) -> None:
    defer(lambda: _post_now_dialog(plan))


def _pause(plan: Plan) -> None:
    application().schedules.pause(plan)


def _resume(plan: Plan) -> None:
    application().schedules.resume(plan)


def _duplicate(plan: Plan) -> None:
    drafts.duplicate(plan.post)
    defer(lambda: st.switch_page(links.COMPOSE))


_MENU: dict[str, Callable[[Plan], None]] = {
    "Edit": _open_edit_dialog,
    "Change time": _open_time_dialog,
    "Pause": _pause,
    "Resume": _resume,
    "Duplicate": _duplicate,
    "Post now": _open_post_now_dialog,
    "Cancel": lambda plan: cancel(plan.post.post_id),
}


def _time_key(plan: Plan) -> str:
    return widget_key("edit-when", plan.post.post_id)


@st.dialog("Change time", icon=":material/schedule:", on_dismiss="rerun")
def _time_dialog(plan: Plan) -> None:
    timing(_time_key(plan), repeat_fields.RULES if plan.post.repeats else repeat_fields.CHOICES)
    show_error()
    key = widget_key("save-time", plan.post.post_id)
    st.button("Save", key=key, type="primary", on_click=_save_time, args=(plan,))


@dialog_callback
def _save_time(plan: Plan) -> None:
    key, schedules = _time_key(plan), application().schedules
    chosen, repeat = time_fields.chosen_time(key), repeat_fields.repeat(key)
    wall = chosen.wall.isoformat(timespec="seconds")
    if repeat is None:
        schedules.reschedule(plan, due_at=chosen.instant, wall=wall, zone=chosen.zone)
    else:
        schedules.change_rule(plan, repeat=repeat, wall=wall, zone=chosen.zone)


@st.dialog("Post now?", icon=":material/send:", on_dismiss="rerun")
def _post_now_dialog(plan: Plan) -> None:
    accounts = escape(join_names(account_names(plan.post.destinations)))
    st.markdown(f"This post goes out now to **{accounts}**, not at its scheduled time.")
    st.text(plan.post.text)
    show_error()
    st.button(
        "Post now",
        key=widget_key("send-now", plan.post.post_id),
        type="primary",
        icon=":material/send:",
        on_click=_post_now,
        args=(plan,),
    )


@dialog_callback
def _post_now(plan: Plan) -> None:
    application().schedules.send_now(plan)
