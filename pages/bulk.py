"""Import and export: posts from a table, after a dry run; lists as files; the calendar feed."""

import streamlit as st

from ui.bulk.exports import export_view
from ui.bulk.feed_settings import feed_view
from ui.bulk.importing import import_view
from ui.frame.callbacks import show_toasts
from ui.frame.state import BULK_VIEW

IMPORT, EXPORT, FEED = "Import", "Export", "Calendar feed"
VIEWS = {IMPORT: import_view, EXPORT: export_view, FEED: feed_view}

st.title("Import and export", anchor=False)
chosen = st.segmented_control(
    "View", list(VIEWS), default=IMPORT, required=True, key=BULK_VIEW, label_visibility="collapsed"
)
VIEWS[chosen or IMPORT]()
show_toasts()
