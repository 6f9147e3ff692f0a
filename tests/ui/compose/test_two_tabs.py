"""A draft in two tabs: what one of them types before it shows the text of the other."""

import pytest
import streamlit as st

from core.application import Application
from core.drafts.draft import DraftContent
from core.posts.models import new_post_id
from core.settings import Settings
from ui.compose import autosave, draft_fields, drafts
from ui.frame.state import AUTOSAVE, NOT_SAVED


@pytest.fixture
def application(tmp_path, clock, monkeypatch):
    """Open a home, and begin and end without any state of a session."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    st.session_state.clear()
    yield opened
    st.session_state.clear()
    opened.close()


def content(text):
    return DraftContent(text=text, destinations=("outbox",), zone="UTC")


def test_letters_typed_before_the_tab_shows_the_text_of_another_tab_keep_that_text(application, clock):
    draft, store = new_post_id(), application.drafts
    store.save(draft, content("From here"), base=0, now=clock())
    drafts.open_draft(draft)
    drafts.sync()
    store.save(draft, content("From elsewhere"), base=1, now=clock())
    drafts.sync()
    assert draft_fields.content(draft).text == "From elsewhere"

    for text in ("From here, too", "From here, too!"):
        st.session_state[AUTOSAVE] = {
            "typed": {"draft": draft, "version": 1, "texts": {draft_fields.text_key(draft): text}}
        }
        autosave._typed()
        drafts.keep(draft)
    assert st.session_state[NOT_SAVED] is None
    stored = store.get(draft)
    assert (stored.content.text, stored.earlier.text) == ("From here, too!", "From elsewhere")
