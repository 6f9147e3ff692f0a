"""The bar above the queue while a person selects posts: what is selected, and the actions on all of it."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.scheduling.selection import DAYS_LIMIT, Selection, SelectionReport
from core.time.phrases import plural
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.card_places import reset_list
from ui.frame.state import LABELS_TO_ADD, LABELS_TO_REMOVE, MOVE_DAYS
from ui.posts import selected
from ui.posts.exported import export_buttons
from ui.posts.reports import report_keeper

Act = Callable[[Selection, list[str]], SelectionReport]


def selection_bar(shown: Sequence[str], count: int, read_all: Callable[[], Sequence[str]]) -> None:
    """Draw the bar. `shown` are the ids of the posts on this page, `read_all` returns those of all `count` posts."""
    chosen = selected.selected()
    with st.container(border=True, key="card-selection", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plural(len(chosen), 'post')} selected**", width="content")
            _select_button(f"All {len(shown)} shown", "select-shown", lambda: shown)
            if count > len(shown):
                _select_button(f"All {count:,}", "select-matching", read_all)
            st.button("None", key="select-none", type="tertiary", disabled=not chosen, on_click=chosen.clear)
            st.button("Done", key="select-done", type="tertiary", icon=":material/close:", on_click=_done)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _actions(disabled=not chosen)


def _select_button(label: str, key: str, read: Callable[[], Sequence[str]]) -> None:
    st.button(label, key=key, type="tertiary", on_click=_select, args=(read,))


@callback
def _select(read: Callable[[], Sequence[str]]) -> None:
    selected.select(read())


def _actions(*, disabled: bool) -> None:
    draw = partial(_button, disabled=disabled)
    state = "off" if disabled else "on"  # another key closes a menu after its action, which empties the selection
    draw("Cancel", "bulk-cancel", ":material/block:", Selection.cancel)
    draw("Pause", "bulk-pause", ":material/pause:", Selection.pause)
    draw("Resume", "bulk-resume", ":material/play_arrow:", _resume)
    with st.popover("Move", icon=":material/event:", disabled=disabled, key=f"bulk-move-by-{state}"):
        st.number_input(
            "Days",
            min_value=-DAYS_LIMIT,
            max_value=DAYS_LIMIT,
            value=1,
            step=1,
            key=MOVE_DAYS,
            help="Each post keeps its time of day in its own zone. A negative number moves it earlier.",
        )
        draw("Move", "bulk-move", ":material/event:", _move)
    draw("To free times", "bulk-free", ":material/event_available:", Selection.to_free_times)
    with st.popover("Label", icon=":material/label:", disabled=disabled, key=f"bulk-label-by-{state}"):
        names = [label.name for label in application().all_labels()]
        st.multiselect("Add", names, key=LABELS_TO_ADD, accept_new_options=True, placeholder="Choose or write a label")
        st.multiselect("Remove", names, key=LABELS_TO_REMOVE, placeholder="Choose a label")
        draw("Label", "bulk-label", ":material/label:", _label)
    with st.popover("Export", icon=":material/download:", disabled=disabled, key="bulk-export"):
        export_buttons(sorted(selected.selected()))


def _button(label: str, key: str, icon: str, act: Act, *, disabled: bool) -> None:
    st.button(label, key=key, icon=icon, disabled=disabled, on_click=_run, args=(act,))


@callback
def _run(act: Act) -> None:
    """Act on the selected posts, report what happened, and select nothing any more. The posts are listed anew."""
    chosen, keep = selected.selected(), report_keeper()
    keep(act(application().selection, sorted(chosen)), "")
    chosen.clear()
    reset_list()


def _resume(selection: Selection, ids: list[str]) -> SelectionReport:
    found = selection.resume(ids)
    application().held_posts.forget([each.after.post.post_id for each in found.changed])
    return found


def _move(selection: Selection, ids: list[str]) -> SelectionReport:
    return selection.move_days(ids, int(st.session_state[MOVE_DAYS] or 0))


def _label(selection: Selection, ids: list[str]) -> SelectionReport:
    state = st.session_state
    added = application().labels.add(state[LABELS_TO_ADD]) if state[LABELS_TO_ADD] else ()
    found = selection.label(ids, add=added, remove=state[LABELS_TO_REMOVE])
    state[LABELS_TO_ADD], state[LABELS_TO_REMOVE] = [], []
    return found


def _done() -> None:
    selected.stop_selecting()
