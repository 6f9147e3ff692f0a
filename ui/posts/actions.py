"""The actions on a queued post: the callbacks of its card, and the dialogs that they open."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from core.errors import PunctualError
from core.ledger.port import Plan
from core.scheduling.changed_run_draft import changed_run
from core.scheduling.last_minute import is_with_relay
from core.scheduling.post_change import PostChange
from core.scheduling.refusals import SeriesEnded, TooSoon
from core.scheduling.run_replacement import first_skipped_run
from core.scheduling.selection import SelectionReport
from core.scheduling.upcoming import next_run
from core.time.phrases import date_and_time, join_names
from ui.compose import copied_posts, drafts, repeat_fields, time_fields
from ui.compose.timing import fill, timing
from ui.compose.written_field import catch_up
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, flash, show_error
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import account_names, escape
from ui.posts import edit_dialog, rearranging
from ui.posts.reports import report

LAST_MINUTE = (
    "Cancelled in the last minute: the relay has the post already. Punctual's own posting server does not publish it; "
    "any other server may."
)


class NoMoreRuns(PunctualError):
    """The series has no run that could be skipped or changed."""

    hint = "Give it a later last date, or end it."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The series {post_id} has no further run.")


@callback
def cancel(post_id: str) -> None:
    """Cancel the post. In its last minute on AWS, say which posting servers publish it nevertheless."""
    schedules = application().schedules
    plan = schedules.plan(post_id)
    schedules.cancel(plan)
    aws, now = application().aws, application().clock()
    if aws is not None and aws.deployment.posting_function_arn is None and is_with_relay(plan.post, aws.target, now):
        flash(LAST_MINUTE)


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
def edit(post_id: str) -> None:
    """Open the dialog that edits the post."""
    _open_edit_dialog(application().schedules.plan(post_id))


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
    application().held_posts.forget([plan.post.post_id])


def _next_free_time(plan: Plan) -> None:
    report(application().selection.to_free_times([plan.post.post_id]))


def _skip_next_run(plan: Plan) -> None:
    run = _next_run(plan)
    after = application().schedules.skip_run(plan, run)
    skipped = f"The run on {date_and_time(run, viewer_zone())} is skipped."
    report(SelectionReport(action="skip", changed=(PostChange(before=plan, after=after),)), skipped)


def _change_next_run(plan: Plan) -> None:
    """Start the draft that replaces the next run; the run is skipped once the draft is scheduled."""
    drafts.start(changed_run(plan.post, _next_run(plan)))
    defer(lambda: st.switch_page(links.COMPOSE))


def _bring_back(plan: Plan) -> None:
    run = first_skipped_run(application().ledger, plan.post, application().clock())
    if run is not None:
        application().schedules.unskip_run(plan, run)


def _next_run(plan: Plan) -> datetime:
    run = next_run(plan.post, application().clock())
    if run is None:
        raise NoMoreRuns(plan.post.post_id)
    return run


def _duplicate(plan: Plan) -> None:
    copied_posts.duplicate(plan.post)
    defer(lambda: st.switch_page(links.COMPOSE))


_MENU: dict[str, Callable[[Plan], None]] = {
    "Edit": _open_edit_dialog,
    "Change time": _open_time_dialog,
    "Next free time": _next_free_time,
    "To the front": rearranging.to_front,
    "Swap": rearranging.ask_swap,
    "Shift all later": rearranging.ask_shift,
    "Pause": _pause,
    "Resume": _resume,
    "Duplicate": _duplicate,
    "Post now": _open_post_now_dialog,
    "Skip next run": _skip_next_run,
    "Change next run": _change_next_run,
    "Bring back the skipped run": _bring_back,
    "Cancel": lambda plan: cancel(plan.post.post_id),
}


def _time_key(plan: Plan) -> str:
    return widget_key("edit-when", plan.post.post_id)


@st.dialog("Change time", icon=":material/schedule:", on_dismiss="rerun")
def _time_dialog(plan: Plan) -> None:
    timing(_time_key(plan), repeat_fields.RULES if plan.post.repeats else repeat_fields.CHOICES)
    show_error()
    key = widget_key("save-time", plan.post.post_id)
    dialog_buttons("Save", key, _save_time, plan)


@dialog_callback
def _save_time(plan: Plan) -> None:
    key, schedules = _time_key(plan), application().schedules
    catch_up(key)
    chosen, repeat = time_fields.time_to_schedule(key), repeat_fields.repeat(key)
    wall = chosen.wall.isoformat(timespec="seconds")
    if repeat is None:
        schedules.reschedule(plan, due_at=chosen.instant, wall=wall, zone=chosen.zone)
    else:
        schedules.change_rule(plan, repeat=repeat, wall=wall, zone=chosen.zone)
    application().waiting.forget()


@st.dialog("Post now?", icon=":material/send:", on_dismiss="rerun")
def _post_now_dialog(plan: Plan) -> None:
    accounts = escape(join_names(account_names(plan.post.destinations)))
    st.markdown(f"This post goes out now to **{accounts}**, not at its scheduled time.")
    st.text(plan.post.text)
    show_error()
    key = widget_key("send-now", plan.post.post_id)
    dialog_buttons("Post now", key, _post_now, plan, icon=":material/send:")


@dialog_callback
def _post_now(plan: Plan) -> None:
    application().schedules.send_now(plan)
