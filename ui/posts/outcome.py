"""What became of the post that was just scheduled or posted, told above the form until the next one."""

from datetime import datetime

import streamlit as st

from core.ledger.post_state import Standing, standing
from core.posts.recurrence import in_words, read
from core.scheduling.upcoming import entry_of
from core.time.instants import wall_time
from core.time.phrases import calendar_day, countdown, excerpt, lateness, listed, moment
from ui.compose import drafts
from ui.frame import links
from ui.frame.announcements import spoken
from ui.frame.application import application
from ui.frame.callbacks import answering
from ui.frame.state import OUTCOME
from ui.frame.wording import BADGES, HEARD, account_names, plain


def outcome() -> None:
    """Tell it, if there is anything to tell, and keep it true while the page is open."""
    if OUTCOME in st.session_state:
        _tell(st.session_state[OUTCOME])


@st.fragment(run_every="1s")
def _tell(post_id: str) -> None:
    app = application()
    found = standing(app.ledger, post_id, app.clock())
    name, icon, colour = BADGES[found.state]
    spoken(f"{name}: {excerpt(found.plan.post.text, HEARD)}")
    icon, colour = ("check_circle", "green") if found.state == "scheduled" else (icon, colour)
    with st.container(border=True, key="card-outcome", horizontal=True, vertical_alignment="center"):
        st.markdown(f":{colour}[:material/{icon}:] {_words(found, app.clock())}", width="stretch")
        if found.state in ("being scheduled", "scheduled", "not armed"):
            st.page_link(links.QUEUE, label="See in queue", icon=":material/schedule:")
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_take_back, args=(post_id,))
        elif found.state == "published":
            links.permalink(found.run.url if found.run else None, listed(account_names(found.plan.post.destinations)))
        elif found.run is not None:
            st.page_link(links.HISTORY, label="See in History", icon=":material/history:")
        elif found.state in ("paused", "time has passed", "missing"):
            st.page_link(links.QUEUE, label="See in queue", icon=":material/schedule:")


def _words(found: Standing, now: datetime) -> str:
    post, run = found.plan.post, found.run
    where = plain(listed(account_names(post.destinations)))
    match found.state:
        case "scheduled" if post.repeat is not None:
            rule, at = read(post.repeat.expression)
            words, begins = plain(in_words(rule, at, post.zone)), entry_of(found, now).due_at
            first_day = calendar_day(wall_time(begins, post.zone).date())
            return f"**Scheduled**: {words}, from {first_day}, {countdown(begins, now)}"
        case "scheduled" if post.due_at is not None:
            return f"**Scheduled** for {moment(post.due_at, post.zone)}, {countdown(post.due_at, now)}"
        case "published" if run is not None and run.lag_ms is not None and found.plan.schedule_name:
            return f"**Published** to {where}, {lateness(run.lag_ms)} after its time"
        case "not armed":
            return "**Not armed yet.** It is noted, and armed by itself within two minutes"
    name = BADGES[found.state][0]
    if run is None and found.state != "going out":
        return f"**{name}**"
    return f"**{name}**: {plain(run.error)}" if run is not None and run.error else f"**{name}** to {where}"


def _take_back(post_id: str) -> None:
    """Take it back, and draw the whole page: it shows the post in the form, or says why that was too late."""
    _cancel(post_id)
    st.rerun()


@answering
def _cancel(post_id: str) -> None:
    """Cancel it and put it back into the form, with its time; what has been begun there since is put aside."""
    schedules = application().schedules
    cancelled = schedules.cancel(schedules.plan(post_id))
    drafts.begin_again(cancelled.post)
    st.session_state.pop(OUTCOME, None)
