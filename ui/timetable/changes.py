"""Changes of timetables: each is saved at once, with one undo. A change from elsewhere in between is never lost."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.posts.destinations import Destination
from core.timetable.port import NOT_STORED, StoredTimetable
from core.timetable.timetable import Timetable
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.state import TIMETABLE_SEEN, TIMETABLE_UNDO

Work = Callable[[Timetable], Timetable]
"""A change of a timetable."""


@dataclass(frozen=True, kw_only=True)
class TimetableUndo:
    """The timetable before the last change, None for none, and the message of that change."""

    account: Destination | None
    before: Timetable | None
    message: str


def stored(account: Destination | None) -> StoredTimetable:
    """Return the stored timetable of an account, or of all accounts."""
    return application().posting_times.all().get(account, NOT_STORED)


def note_seen(account: Destination | None, found: StoredTimetable) -> bool:
    """Note the version that the page shows; return whether it is another one than before."""
    before, now = st.session_state.get(TIMETABLE_SEEN), (account, found.version)
    st.session_state[TIMETABLE_SEEN] = now
    return before != now


def save(account: Destination | None, timetable: Timetable | None, message: str) -> None:
    """Store a timetable in place of the one that the page shows, and note the undo. Raises TimetableChanged."""
    _, base = st.session_state[TIMETABLE_SEEN]
    before = stored(account).timetable
    if timetable == before:
        return
    application().posting_times.save(account, timetable, base=base)
    st.session_state[TIMETABLE_UNDO] = TimetableUndo(account=account, before=before, message=message)


def change(account: Destination | None, work: Work, message: str) -> None:
    """Change the timetable that the page shows. Raises TimetableChanged, and the errors of Timetable."""
    found = stored(account).timetable
    if found is not None:
        save(account, work(found), message)


def has_undo(account: Destination | None) -> bool:
    """Return whether the last change can be undone here."""
    last: TimetableUndo | None = st.session_state.get(TIMETABLE_UNDO)
    return last is not None and last.account == account


def undo_note(account: Destination | None) -> None:
    """Draw the result of the last change, with Undo."""
    if not has_undo(account):
        st.caption("Changes are saved at once.", width="content")
        return
    last: TimetableUndo = st.session_state[TIMETABLE_UNDO]
    st.caption(f":material/check: {last.message}", width="content")
    st.button("Undo", key="undo-times", type="tertiary", icon=":material/undo:", on_click=undo)


def forget_undo() -> None:
    """Forget the last change."""
    st.session_state.pop(TIMETABLE_UNDO, None)


@callback
def undo() -> None:
    """Restore the timetable before the last change. Raises TimetableChanged if it was changed elsewhere since."""
    last: TimetableUndo | None = st.session_state.pop(TIMETABLE_UNDO, None)
    if last is not None:
        _, base = st.session_state[TIMETABLE_SEEN]
        application().posting_times.save(last.account, last.before, base=base)
