"""Import and export: posts from a table, after a dry run; the queue, the drafts and the history as files."""

import streamlit as st

from ui.bulk.importing import import_view
from ui.frame.callbacks import show_toasts

st.title("Import and export", anchor=False)
import_view()
show_toasts()
