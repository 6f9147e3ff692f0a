"""What became of the post that was just scheduled or posted, told above the form until the next one."""

import streamlit as st

from core.phrases import countdown, lateness, listed, moment
from core.standing import Standing, standing
from ui import drafts, links
from ui.answers import answering
from ui.application import application
from ui.state import OUTCOME


def outcome() -> None:
    """Tell it, if there is anything to tell, and keep it true while the page is open."""
    if OUTCOME in st.session_state:
        _tell(st.session_state[OUTCOME])


@st.fragment(run_every="1s")
def _tell(post_id: str) -> None:
    app = application()
    now = app.clock()
    found = standing(app.ledger, post_id, now)
    with st.container(border=True, key="card-outcome", horizontal=True, vertical_alignment="center"):
        icon, colour, said = _words(found)
        st.markdown(f":{colour}[:material/{icon}:] {said}", width="stretch")
        if found.state in ("scheduled", "not armed"):
            st.page_link(links.QUEUE, label="See in queue", icon=":material/schedule:")
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_take_back, args=(post_id,))
        elif found.state == "published":
            st.page_link(links.OUTBOX, label="See it", icon=":material/inbox:")
        elif found.run is not None:
            st.page_link(links.HISTORY, label="See in History", icon=":material/history:")


def _words(found: Standing) -> tuple[str, str, str]:
    post, run = found.plan.post, found.run
    accounts = {account.destination: account.label for account in application().accounts.all()}
    where = listed([accounts.get(each, each) for each in post.destinations])
    match found.state:
        case "scheduled" if post.due_at is not None:
            when = moment(post.due_at, post.zone)
            return "check_circle", "green", f"**Scheduled** for {when}, {countdown(post.due_at, application().clock())}"
        case "published" if run is not None and run.lag_ms is not None:
            return "check_circle", "green", f"**Published** to {where}, {lateness(run.lag_ms)} after its time"
        case "going out" | "handed over":
            return "send", "blue", f"**Going out** to {where}"
        case "not armed":
            return "hourglass_top", "orange", "**Not armed yet.** It is noted and armed by itself within two minutes"
    reason = f": {run.error}" if run is not None and run.error else ""
    return "error", "red", f"**{found.state.capitalize()}**{reason}"


@answering
def _take_back(post_id: str) -> None:
    """Cancel it and put it back into the form."""
    schedules = application().schedules
    cancelled = schedules.cancel(schedules.plan(post_id))
    drafts.begin_from(cancelled.post)
    del st.session_state[OUTCOME]
    st.rerun()
