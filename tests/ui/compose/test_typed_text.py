"""The newest text of a field: from the tab while it is typed, from the field itself, or from an action."""

import pytest
import streamlit as st

from ui.compose import variants
from ui.compose.typed_text import give_up_text, latest_text, mark_noted, note_typed, replace_text
from ui.frame.state import AUTOSAVE

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


def test_a_text_that_arrives_with_a_click_counts_before_its_own_callback_runs():
    st.session_state[AUTOSAVE] = {"typed": {"texts": {KEY: "Cats"}}}
    assert latest_text(KEY) == "Cats"
    mark_noted()
    st.session_state[KEY] = "Dogs"
    assert latest_text(KEY) == "Dogs"


@pytest.mark.parametrize("sent", [None, "Cats", {}, {"texts": ["Cats"]}, {"texts": {KEY: 1}}])
def test_what_a_tab_of_another_version_sends_is_no_text(sent):
    st.session_state[AUTOSAVE] = {"typed": sent}
    assert latest_text(KEY) == "Cat"


def test_a_text_that_an_action_gave_up_is_not_restored_when_it_arrives_with_the_click():
    st.session_state[AUTOSAVE] = {"typed": {"texts": {KEY: "Cats"}}}
    give_up_text(KEY)
    st.session_state[KEY] = "Dogs"
    note_typed(KEY, "Cats")
    assert latest_text(KEY) == "Dogs"


def test_a_removed_variant_returns_with_its_newest_letters_and_can_be_typed_again():
    key = variants.text_key("draft", "outbox")
    variants.add("draft", "outbox", "Cat")
    note_typed(key, "Cats")
    variants.remove("draft", "outbox")
    note_typed(key, "Cats")
    assert latest_text(key) == ""
    variants.restore("draft")
    note_typed(key, "Cats!")
    note_typed(key, "Cats")
    assert latest_text(key) == "Cats"
