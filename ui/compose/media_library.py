"""Choosing a picture or video that another draft or post has used."""

from pathlib import Path

import streamlit as st

from core.posts.models import Media
from core.scheduling.earlier_media import earlier_media, with_words
from ui.compose import media_fields
from ui.frame.application import application
from ui.frame.gallery import picture, poster
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label

SHOWN = 12
"""The files that the library shows at once."""
WIDTH = 120
"""Pixels of a file."""


def media_library(draft: str) -> None:
    """Draw the button that opens the library and, while it is open, a search and the files that it finds."""
    key = widget_key("library", draft)
    st.toggle("Choose from earlier", key=key, persist_state="session")
    if not st.session_state.get(key):
        return
    with st.container(border=True, key=widget_key("library-card", draft)):
        attached = {each.reference for each in media_fields.media_of(draft)}
        search = widget_key("library-search", draft)
        text = st.text_input("Search descriptions", key=search, icon=":material/search:", placeholder="Search")
        earlier = _earlier(application().settings.home)
        found = [each for each in with_words(earlier, text or "") if each.reference not in attached]
        with st.container(horizontal=True, gap="small"):
            for each in _existing(found):
                _file(draft, each)
        if not found:
            st.caption("No picture or video of an earlier draft or post" + (" has these words." if text else "."))
        elif len(found) > SHOWN:
            st.caption(f"The latest {SHOWN} of {len(found)}. Search to find others.")


def _file(draft: str, media: Media) -> None:
    with st.container(width=WIDTH, gap="xsmall"):
        draw = picture if media.kind == "picture" else poster
        draw(media.reference, width=WIDTH, alt=media.alt or "No description")
        st.button(
            accessible_label("Add", media.alt or media.kind),
            key=widget_key(f"add-{media.reference}", draft),
            icon=":material/add:",
            type="tertiary",
            help=media.alt or None,
            on_click=media_fields.add,
            args=(draft, media),
        )


def _existing(found: list[Media]) -> list[Media]:
    """Return the first files that the media store still has."""
    store = application().media
    return [each for each in found[: 2 * SHOWN] if store.exists(each.reference)][:SHOWN]


@st.cache_data(ttl=20, show_spinner=False)
def _earlier(home: Path) -> list[Media]:
    """Return the files of earlier drafts and posts, at most 20 s old. `home` tells homes in one process apart."""
    app = application()
    return earlier_media(app.ledger, app.drafts, app.clock())
