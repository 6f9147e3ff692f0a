"""The actions that move several posts of the queue: to the front, shift, and swap. The report has their Undo."""

from datetime import datetime

import streamlit as st

from core.ledger.port import Plan
from core.scheduling.moves import Rearranged
from core.scheduling.selection import DAYS_LIMIT, SelectionReport
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import clock_time, date_and_time, excerpt, join_names, plural
from ui.frame.application import application
from ui.frame.callbacks import dialog_callback, show_error
from ui.frame.card_places import reset_list
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import SUBJECT_LENGTH, account_names, escape
from ui.posts.reports import report

SWAPPED_WITH = 100
"""The soonest posts from which the one to swap with is chosen."""
BY_TIME, BY_DAYS = "To the next posting time", "By days"


def to_front(plan: Plan) -> None:
    """Move a post to the first posting time."""
    done = application().rearranging.to_front(plan)
    first = next((each.after.post for each in done.changed if each.before.post.post_id == plan.post.post_id), None)
    if first is None or first.due_at is None:
        _report("The post is at the front already", done)
        return
    others = plural(len(done.changed) - 1, "post") if len(done.changed) > 1 else ""
    moved = f"; {others} moved later" if others else ""
    _report(f"To the front: {date_and_time(first.due_at, first.zone)}{moved}", done)


def ask_shift(plan: Plan) -> None:
    """Open the dialog that shifts the post and all later ones."""
    defer(lambda: _shift_dialog(plan))


def ask_swap(plan: Plan) -> None:
    """Open the dialog that swaps the post with another one."""
    defer(lambda: _swap_dialog(plan))


def _report(message: str, done: Rearranged) -> None:
    report(SelectionReport(action="rearrange", changed=done.changed), message)
    reset_list()


@st.dialog("Shift all later", icon=":material/keyboard_double_arrow_down:", on_dismiss="rerun")
def _shift_dialog(plan: Plan) -> None:
    due_at, accounts = plan.post.due_at, escape(join_names(account_names(plan.post.accounts)))
    if due_at is None:
        return
    st.markdown(f"This post and every later one to **{accounts}** move. Series stay.")
    st.caption(f"From {date_and_time(due_at, plan.post.zone)} on")
    by = st.segmented_control(
        "Move", [BY_TIME, BY_DAYS], default=BY_TIME, required=True, key="shift-by", label_visibility="collapsed"
    )
    if by == BY_DAYS:
        st.number_input(
            "Days",
            min_value=-DAYS_LIMIT,
            max_value=DAYS_LIMIT,
            value=1,
            step=1,
            key="shift-days",
            help="Each post keeps its time of day in its own zone. A negative number moves it earlier.",
        )
    show_error()
    key = widget_key("shift", plan.post.post_id)
    dialog_buttons("Shift", key, _shift, plan, due_at)


@dialog_callback
def _shift(plan: Plan, due_at: datetime) -> None:
    days = int(st.session_state["shift-days"] or 0) if st.session_state["shift-by"] == BY_DAYS else None
    done = application().rearranging.shift(plan.post.accounts, due_at, days=days)
    target = "to the next posting times" if days is None else f"by {plural(days, 'day')}"
    _report(f"{plural(len(done.changed), 'post')} shifted {target}", done)


@st.dialog("Swap with another post", icon=":material/swap_vert:", on_dismiss="rerun")
def _swap_dialog(plan: Plan) -> None:
    others = {each.post_id: _label(each) for each in _one_time_posts() if each.post_id != plan.post.post_id}
    if not others:
        st.caption("There is no other post with a single time.")
        return
    if plan.post.due_at is not None:
        st.caption(f"This post is due on {date_and_time(plan.post.due_at, viewer_zone())}.")
    st.selectbox(
        "Swap with",
        others,
        format_func=lambda post_id: others.get(post_id, post_id),
        key="swap-with",
        required=True,
    )
    show_error()
    dialog_buttons("Swap times", widget_key("swap", plan.post.post_id), _swap, plan)


@dialog_callback
def _swap(plan: Plan) -> None:
    app = application()
    done = app.rearranging.swap(plan, app.schedules.plan(st.session_state["swap-with"]))
    _report("Two posts have swapped their times", done)


def _one_time_posts() -> list[QueueEntry]:
    end = application().clock() + PLANNING_HORIZON
    found = application().views.upcoming(end.replace(hour=0, minute=0, second=0, microsecond=0), limit=SWAPPED_WITH)
    return [each for each in found.entries if each.post is not None and not each.post.repeats]


def _label(entry: QueueEntry) -> str:
    day = wall_time(entry.due_at, viewer_zone())
    time = f"{day:%a} {day.day} {day:%b}, {clock_time(entry.due_at, viewer_zone())}"
    return f"{time}: {excerpt(entry.text or '', SUBJECT_LENGTH)}"
