"""What can be done with a post in the queue: the callbacks of its card, and the dialogs they open."""

from collections.abc import Callable

import streamlit as st

from core.ledger.port import OPEN, Plan
from core.scheduling.refusals import TooSoon
from core.time.phrases import listed
from ui.compose import drafts, repeat_fields, time_fields
from ui.compose.timing import fill, timing
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import answering, closing, refusal
from ui.frame.dialogs import ask
from ui.frame.state import of
from ui.frame.wording import account_names, plain
from ui.posts import edit_dialog


@answering
def cancel(post_id: str) -> None:
    """Take the post out of the queue, and keep in mind whether it was paused, for Undo."""
    schedules = application().schedules
    plan = schedules.plan(post_id)
    if plan.wish in OPEN:
        st.session_state[of("wish", post_id)] = plan.wish
    schedules.cancel(plan)


@answering
def undo(post_id: str) -> None:
    """Put a cancelled post back as it was; once its time has passed, offer another time."""
    schedules = application().schedules
    plan = schedules.plan(post_id)
    try:
        schedules.undo_cancel(plan, st.session_state.get(of("wish", post_id), "active"))
    except TooSoon:
        _ask_time(plan)


@answering
def choose(post_id: str) -> None:
    """Do what was chosen in the post's menu."""
    _MENU[st.session_state[of("menu", post_id)]](application().schedules.plan(post_id))


@answering
def ask_time(post_id: str) -> None:
    """Open the dialog that gives the post another time."""
    _ask_time(application().schedules.plan(post_id))


def _ask_edit(plan: Plan) -> None:
    edit_dialog.begin(plan)
    ask(lambda: edit_dialog.edit_dialog(plan))


def _ask_time(plan: Plan) -> None:
    key = of("edit-when", plan.post.post_id)
    fill(key, plan.post)
    ask(lambda: _time_dialog(plan))


def _ask_now(plan: Plan) -> None:
    ask(lambda: _now_dialog(plan))


def _pause(plan: Plan) -> None:
    application().schedules.pause(plan)


def _resume(plan: Plan) -> None:
    application().schedules.resume(plan)


def _duplicate(plan: Plan) -> None:
    drafts.begin_from(plan.post)
    ask(lambda: st.switch_page(links.COMPOSE))


_MENU: dict[str, Callable[[Plan], None]] = {
    "Edit": _ask_edit,
    "Change time": _ask_time,
    "Pause": _pause,
    "Resume": _resume,
    "Duplicate": _duplicate,
    "Post now": _ask_now,
    "Cancel": lambda plan: cancel(plan.post.post_id),
}


@st.dialog("Change time", icon=":material/schedule:")
def _time_dialog(plan: Plan) -> None:
    timing(of("edit-when", plan.post.post_id), repeat_fields.RULES if plan.post.repeats else repeat_fields.CHOICES)
    refusal()
    st.button("Save", key=of("save-time", plan.post.post_id), type="primary", on_click=_save_time, args=(plan,))


@closing
def _save_time(plan: Plan) -> None:
    key, schedules = of("edit-when", plan.post.post_id), application().schedules
    chosen, repeat = time_fields.picked(key), repeat_fields.repeat(key)
    wall = chosen.wall.isoformat(timespec="seconds")
    if repeat is None:
        schedules.reschedule(plan, due_at=chosen.instant, wall=wall, zone=chosen.zone)
    else:
        schedules.change_rule(plan, repeat=repeat, wall=wall, zone=chosen.zone)


@st.dialog("Post now?", icon=":material/send:")
def _now_dialog(plan: Plan) -> None:
    st.markdown(
        f"This goes out at once to **{plain(listed(account_names(plan.post.destinations)))}**, instead of at its time."
    )
    st.text(plan.post.text)
    refusal()
    st.button(
        "Post now",
        key=of("send-now", plan.post.post_id),
        type="primary",
        icon=":material/send:",
        on_click=_send_now,
        args=(plan,),
    )


@closing
def _send_now(plan: Plan) -> None:
    application().schedules.send_now(plan)
