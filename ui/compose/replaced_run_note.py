"""The note on a draft that replaces one run of a series."""

import streamlit as st

from core.time.phrases import date_and_time
from ui.compose import draft_fields
from ui.frame.application import application
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone


def replaced_run_note(draft: str) -> None:
    """Draw which run the draft replaces, what happens to it, and the button that keeps both."""
    replaced = draft_fields.replaces(draft)
    if replaced is None:
        return
    series_id, run = replaced
    plan = application().ledger.get(series_id)
    zone = plan.post.zone if plan is not None else viewer_zone()
    when = date_and_time(run, zone)
    if run <= application().clock():
        words = f"The run of {when}, which this draft should replace, has gone out already."
    elif plan is not None and plan.post.repeat is not None and run in plan.post.repeat.skipped:
        words = f"In place of the run of {when}. The series skips it: nothing goes out until you schedule this post."
    else:
        words = f"In place of the run of {when}. The series skips that run once you schedule this post."
    with st.container(horizontal=True, vertical_alignment="center", key="card-replaced-run", border=True):
        st.markdown(f":blue[:material/event_repeat:] {words}", width="content")
        st.button(
            "Make it a post beside the series",
            key=widget_key("keep-both", draft),
            type="tertiary",
            icon=":material/call_split:",
            on_click=draft_fields.forget_replaced,
            args=(draft,),
        )
