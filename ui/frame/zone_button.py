"""The viewer's time zone at the top of every page, and the dialog that changes it."""

import streamlit as st

from core.time.instants import offset_label, wall_time
from ui.frame import zone_choices
from ui.frame.application import application
from ui.frame.callbacks import dialog_callback
from ui.frame.dialogs import cancel_button, defer
from ui.frame.state import VIEWER_ZONE
from ui.frame.viewer import COOKIE, browser_zone, chosen_zone, viewer_zone

_FIELD = "viewer-zone-field"
_JS = """
const YEAR = 365 * 24 * 3600;  // seconds

export default function ({ data }) {
    const age = data.zone ? YEAR : 0;
    document.cookie = `${data.name}=${data.zone}; path=/; max-age=${age}; SameSite=Strict`;
}
"""
_component = st.components.v2.component("punctual_viewer_zone", js=_JS)


def zone_button() -> None:
    """Draw the zone of all times on the page, as a button that changes it."""
    zone = viewer_zone()
    with st.container(key="viewer-zone-place"):
        st.button(
            f"Times in {zone} ({offset_label(application().clock(), zone)})",
            key="viewer-zone",
            type="tertiary",
            icon=":material/public:",
            on_click=_ask,
        )
        if VIEWER_ZONE in st.session_state:
            _component(key="kept-zone", height=1, data={"name": COOKIE, "zone": st.session_state[VIEWER_ZONE]})


def _ask() -> None:
    st.session_state.pop(_FIELD, None)
    defer(_dialog)


@st.dialog("Time zone", icon=":material/public:", on_dismiss="rerun")
def _dialog() -> None:
    zone = viewer_zone()
    now = wall_time(application().clock(), zone).replace(tzinfo=None, second=0, microsecond=0)
    labels = zone_choices.labels(now, zone)
    st.session_state.setdefault(_FIELD, zone)
    st.selectbox(
        "Show times in",
        labels,
        format_func=lambda each: labels.get(each, each),
        filter_mode="contains",
        required=True,
        key=_FIELD,
        help=zone_choices.HELP,
    )
    st.caption("This browser keeps the choice. Each post keeps its own zone.")
    with st.container(horizontal=True):
        st.button("Use this zone", key="save-viewer-zone", type="primary", on_click=_save)
        if chosen_zone() is not None:
            st.button(f"Use the browser's zone ({browser_zone()})", key="browser-zone", on_click=_forget)
        cancel_button()


@dialog_callback
def _save() -> None:
    st.session_state[VIEWER_ZONE] = st.session_state[_FIELD]


@dialog_callback
def _forget() -> None:
    st.session_state[VIEWER_ZONE] = ""
