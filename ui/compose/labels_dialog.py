"""The dialog that manages labels: rename, colour and delete, with the posts that carry them, and undo."""

import streamlit as st

from core.labels.label import COLOURS, Label, LabelColour
from core.posts.models import LABEL_LENGTH
from core.scheduling.label_changes import LabelChange, LabelUse
from ui.frame.application import application
from ui.frame.callbacks import callback, show_error
from ui.frame.dialogs import defer
from ui.frame.state import EDITED_LABEL, LABEL_CHANGE, widget_key
from ui.frame.wording import accessible_label, escape, label_badges

_NEW = "new-label"


def manage_labels_button(key: str) -> None:
    """Draw the button that opens the dialog."""
    st.button("Manage labels", key=key, type="tertiary", icon=":material/label:", on_click=_open)


def _open() -> None:
    for key in (EDITED_LABEL, LABEL_CHANGE):
        st.session_state.pop(key, None)
    defer(labels_dialog)


@st.dialog("Labels", icon=":material/label:", on_dismiss="rerun")
def labels_dialog() -> None:
    """Draw every label with its use, the fields of the one that is being edited, and a field for a new one."""
    app = application()
    labels, uses = app.labels.all(), app.label_changes.uses()
    _notice()
    show_error()
    if not labels:
        st.caption("Labels group posts, such as by campaign or by topic. You can filter lists by them.")
    for label in labels:
        use = uses.get(label.key, LabelUse())
        if st.session_state.get(EDITED_LABEL) == label.key:
            _editor(label, use)
        else:
            _row(label, use)
    with (
        st.form("add-label-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input("New label", key=_NEW, max_chars=LABEL_LENGTH)
        st.form_submit_button("Add", key="add-label", icon=":material/add:", on_click=_add)


def _row(label: Label, use: LabelUse) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"{label_badges([label.name])} :small[:gray[{use.summary}]]", width="content")
        name = accessible_label("Edit", label.name)
        st.button(name, key=widget_key("edit-label", label.key), type="tertiary", on_click=_edit, args=(label.key,))


def _editor(label: Label, use: LabelUse) -> None:
    name_key, colour_key = widget_key("label-name", label.key), widget_key("label-colour", label.key)
    st.session_state.setdefault(name_key, label.name)
    st.session_state.setdefault(colour_key, label.colour)
    with st.container(border=True):
        st.text_input("Name", key=name_key, max_chars=LABEL_LENGTH)
        st.pills("Colour", COLOURS, format_func=_colour_name, key=colour_key, required=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Save", key="save-label", type="primary", on_click=_save, args=(label,))
            st.button("Close", key="close-label", type="tertiary", on_click=_close)
        with st.container(horizontal=True, vertical_alignment="center"):
            carried = use.posts or use.drafts
            loss = f"{use.summary} will lose this label." if carried else "No waiting post carries this label."
            st.caption(f"{loss} Past posts keep its name.", width="stretch")
            st.button("Delete", key="delete-label", icon=":material/delete:", on_click=_delete, args=(label.name,))


def _colour_name(colour: LabelColour) -> str:
    return f":{colour}-badge[{colour.capitalize()}]"


def _notice() -> None:
    change: LabelChange | None = st.session_state.get(LABEL_CHANGE)
    if change is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/check: {escape(change.summary)}.", width="content")
            st.button("Undo", key="undo-label", type="tertiary", icon=":material/undo:", on_click=_undo)


def _edit(key: str) -> None:
    st.session_state[EDITED_LABEL] = key
    for field in ("label-name", "label-colour"):
        st.session_state.pop(widget_key(field, key), None)


def _close() -> None:
    st.session_state.pop(EDITED_LABEL, None)


@callback
def _add() -> None:
    application().labels.add([st.session_state[_NEW] or ""])
    st.session_state[_NEW] = ""


@callback
def _save(label: Label) -> None:
    """Save the colour and the name; a name that cannot be taken changes nothing."""
    changes, state = application().label_changes, st.session_state
    name, colour = state[widget_key("label-name", label.key)] or "", state[widget_key("label-colour", label.key)]
    state.pop(LABEL_CHANGE, None)
    if name != label.name:
        change = state[LABEL_CHANGE] = changes.rename(label.name, name)
        name = change.after.name if change.after else name
    if colour != label.colour:
        changes.recolour(Label(name=name, colour=colour))
    _close()


@callback
def _delete(name: str) -> None:
    st.session_state[LABEL_CHANGE] = application().label_changes.delete(name)
    _close()


@callback
def _undo() -> None:
    change: LabelChange | None = st.session_state.pop(LABEL_CHANGE, None)
    if change is not None:
        application().label_changes.undo(change)
