"""The newest text of a field: from the tab while it is typed, from the field itself, or from an action."""

import pytest
import streamlit as st

from ui.compose.typed_text import latest_text, note_typed, replace_text

KEY = "text-typed"


@pytest.fixture(autouse=True)
def field():
    """Begin and end without any state."""
    st.session_state.clear()
    st.session_state[KEY] = "Cat"
    yield
    st.session_state.clear()


def test_the_text_from_the_tab_counts_until_the_field_sends_its_own():
    note_typed(KEY, "Cats")
    assert latest_text(KEY) == "Cats"
    st.session_state[KEY] = "Cats and dogs"
    assert latest_text(KEY) == "Cats and dogs"


def test_a_field_that_returns_to_an_earlier_text_keeps_that_text():
    note_typed(KEY, "Ca")
    st.session_state[KEY] = "Ca"
    assert latest_text(KEY) == "Ca"
    note_typed(KEY, "C")
    st.session_state[KEY] = "C"
    assert latest_text(KEY) == "C"
    st.session_state[KEY] = "Ca"
    assert latest_text(KEY) == "Ca"
    st.session_state[KEY] = "Cat"
    assert latest_text(KEY) == "Cat"


def test_a_replaced_text_that_the_tab_sends_late_is_not_restored():
    note_typed(KEY, "One\n---\nTwo")
    replace_text(KEY, "Two\n---\nOne")
    note_typed(KEY, "One\n---\nTwo")
    assert latest_text(KEY) == "Two\n---\nOne"
    note_typed(KEY, "Two\n---\nOne!")
    assert latest_text(KEY) == "Two\n---\nOne!"
