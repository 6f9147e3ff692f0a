"""The state of the post that was just scheduled or posted, shown above the form until the next post."""

from datetime import datetime, timedelta

import streamlit as st

from core.ledger.history import Run
from core.ledger.post_state import PostState, StateName, post_state
from core.posts.series import describe_timing
from core.scheduling.post_views import RECENT
from core.scheduling.returned_posts import return_to_drafts
from core.scheduling.upcoming import entry_of_state
from core.time.instants import wall_time
from core.time.phrases import calendar_day, date_and_time, excerpt, join_names, lateness, relative_time
from ui.compose import copied_posts, drafts
from ui.frame import links
from ui.frame.announcements import announce
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.redraw import draw_again
from ui.frame.reveal import reveal
from ui.frame.state import LAST_POST
from ui.frame.wording import BADGES, SUBJECT_LENGTH, account_names, escape, promised_time, slack_of
from ui.posts.run_card import destination_result

OFTEN, SELDOM = timedelta(seconds=1), timedelta(seconds=15)
"""How often the state of a post is read."""
SOON = timedelta(minutes=1)
"""The time before the due instant from which the state is read often, until RECENT after it."""
FINAL: frozenset[StateName] = frozenset(
    {
        "published",
        "handed over",
        "refused",
        "failed",
        "missed",
        "unconfirmed",
        "superseded",
        "cancelled",
        "ended",
        "moved",
    }
)
"""The states that nothing but an action of a person changes."""


def outcome() -> None:
    """Draw the state of the last post, if there is one, and refresh it while the page is open."""
    if LAST_POST in st.session_state:
        app, post_id = application(), st.session_state[LAST_POST]
        reveal(post_id, key="outcome")
        interval = refresh_interval(post_state(app.ledger, post_id, app.clock()), app.clock())
        st.fragment(_card, run_every=interval)(post_id, interval)


def refresh_interval(found: PostState, now: datetime) -> timedelta | None:
    """Return how often the state is read: often about the due instant, never once the state is final."""
    if found.state in FINAL:
        return None
    due_at = entry_of_state(found, now).due_at
    return OFTEN if -RECENT < due_at - now < SOON else SELDOM


def _card(post_id: str, interval: timedelta | None) -> None:
    app = application()
    found = post_state(app.ledger, post_id, app.clock())
    if refresh_interval(found, app.clock()) != interval:
        draw_again()  # the next run of the page sets the other interval
    post = found.plan.post
    label, icon, colour = BADGES[found.state]
    announce(f"{label}: {excerpt(post.text, SUBJECT_LENGTH)}")
    icon, colour = ("check_circle", "green") if found.state == "scheduled" else (icon, colour)
    with st.container(border=True, key="card-outcome", horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(f":{colour}[:material/{icon}:] {_sentence(found, app.clock())}")
            if found.run is not None and _differs(found.run):
                for each in found.run.outcome.destinations:
                    destination_result(found.run, each)
        if found.state in ("being scheduled", "scheduled", "not armed"):
            _queue_link()
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_undo, args=(post_id,))
        elif found.state == "published":
            links.permalink(found.run.url if found.run else None, join_names(account_names(post.destinations)))
        elif found.run is not None:
            st.page_link(links.HISTORY, label="View in History", icon=":material/history:")
        elif found.state in ("paused", "time has passed", "needs a time", "missing"):
            _queue_link()


def _differs(run: Run) -> bool:
    """Return whether the destinations of a run have different states."""
    return len({each.state for each in run.outcome.destinations}) > 1


def _queue_link() -> None:
    st.page_link(links.QUEUE, label="View in Queue", icon=":material/schedule:")


def _sentence(found: PostState, now: datetime) -> str:
    post, run = found.plan.post, found.run
    accounts = escape(join_names(account_names(post.destinations)))
    match found.state:
        case "scheduled" if post.repeat is not None:
            words = escape(describe_timing(post, slack_of(post.repeat, post.zone)))
            begins = entry_of_state(found, now).due_at
            first_day = calendar_day(wall_time(begins, post.zone).date())
            return f"**Scheduled**: {words}, from {first_day}, {relative_time(begins, now)}"
        case "scheduled" if post.due_at is not None:
            words = promised_time(date_and_time(post.due_at, post.zone), post.zone)
            return f"**Scheduled** for {words}, {relative_time(post.due_at, now)}"
        case "published" if run is not None and run.lag_ms is not None and found.plan.schedule_name:
            return f"**Published** to {accounts}, {lateness(run.lag_ms)}"
        case "not armed":
            return "**Not scheduled yet.** The post is saved, and Punctual schedules it within 2 minutes."
    label = BADGES[found.state][0]
    if run is not None and _differs(run):
        return f"**{label}** at some destinations"
    if run is None and found.state != "going out":
        return f"**{label}**"
    return f"**{label}**: {escape(run.error)}" if run is not None and run.error else f"**{label}** to {accounts}"


def _undo(post_id: str) -> None:
    """Undo the scheduling and run the whole page again, which shows the post in the form, or the error."""
    _cancel(post_id)
    st.rerun()


@callback
def _cancel(post_id: str) -> None:
    """Return the post to the drafts, with its time, and open the draft. A draft started since is stashed."""
    app = application()
    content = copied_posts.restored(app.schedules.plan(post_id).post)
    drafts.open_draft(return_to_drafts(app.schedules, app.drafts, post_id, content))
    st.session_state.pop(LAST_POST, None)
