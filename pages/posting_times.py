"""Posting times: the weekly timetable for all accounts or for one, and the next posting times with their posts."""

import streamlit as st

from core.posts.destinations import Destination
from core.timetable.timetable import suggested
from ui.frame.application import application
from ui.frame.callbacks import callback, show_toasts
from ui.frame.empty_page import empty_page
from ui.frame.state import PAGE_OPENED, TIMES_ACCOUNT
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape
from ui.timetable import changes
from ui.timetable.coming import coming_list
from ui.timetable.editor import editor

ALL = "All accounts"


@callback
def use_suggestion(account: Destination | None) -> None:
    """Save the suggested times in the viewer's zone."""
    changes.save(account, suggested(viewer_zone()), "Suggested times saved")


@callback
def give_own_times(account: Destination) -> None:
    """Give an account a copy of the times for all accounts, or the suggested times."""
    general = changes.stored(None).timetable
    changes.save(account, general or suggested(viewer_zone()), "The account has its own times now")


@callback
def remove(account: Destination | None) -> None:
    """Remove a timetable."""
    changes.save(account, None, "Posting times removed")


def choose_account() -> Destination | None:
    """Draw the choice of an account, if there are several, and return it; None for all accounts."""
    accounts = application().accounts.all()
    if len(accounts) < 2:
        return None
    own = {name for name, each in application().posting_times.all().items() if name and each.timetable}
    labels = {ALL: ALL} | {
        each.destination: f"{each.label} (own times)" if each.destination in own else each.label for each in accounts
    }
    chosen = st.selectbox(
        "Posting times for",
        labels,
        format_func=lambda each: labels.get(each, each),
        key=TIMES_ACCOUNT,
        required=True,
        on_change=changes.forget_undo,
    )
    return None if chosen == ALL else Destination.parse(chosen)


def none_yet(account: Destination | None) -> None:
    """Draw the page of an account without times of its own, or of none at all."""
    if account is not None:
        general = changes.stored(None).timetable
        words = "has no times of its own. A post to it alone goes out at the times for all accounts"
        st.info(f"{escape(account)} {words}{'' if general else ', which are not set yet'}.", icon=":material/info:")
        st.button("Give it its own times", key="own-times", on_click=give_own_times, args=(account,))
        return
    suggestion = suggested(viewer_zone())
    empty_page(
        "No posting times yet",
        f"Suggested: {'. '.join(suggestion.in_words())} ({suggestion.zone}). You can change them at any time.",
        lambda: st.button(
            "Use these times", key="use-suggestion", type="primary", on_click=use_suggestion, args=(account,)
        ),
        sample="times",
    )


def remove_button(account: Destination | None) -> None:
    """Draw the button that removes the timetable."""
    label = "Remove all posting times" if account is None else "Use the times for all accounts"
    st.button(label, key="remove-times", type="tertiary", icon=":material/delete:", on_click=remove, args=(account,))


if st.session_state.get(PAGE_OPENED):
    changes.forget_undo()
st.title("Posting times", anchor=False)
st.caption(
    "In Compose, Next free time takes the first of these times at which no destination of the post has a post. "
    "A change here moves no post."
)
account = choose_account()
found = changes.stored(account)
refill = changes.note_seen(account, found) or bool(st.session_state.get(PAGE_OPENED))
if found.timetable is not None or changes.has_undo(account):
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        changes.undo_note(account)
if found.timetable is None:
    none_yet(account)
else:
    left, right = st.columns([11, 9], gap="medium")
    with left, st.container(border=True, key="card-timetable"):
        editor(account, found.timetable, refill=refill)
        remove_button(account)
    with right, st.container(border=True, key="card-coming", gap="xsmall"):
        coming_list(account, found.timetable)
show_toasts()
