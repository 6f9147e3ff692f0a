"""The media of a draft in the session: pictures and videos in order, with their descriptions."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.posts.models import Media
from ui.compose.typed_text import latest_text
from ui.frame.state import widget_key


def fill(draft: str, media: Sequence[Media]) -> None:
    """Fill the media of a draft, with their descriptions."""
    st.session_state[_media_key(draft)] = list(media)
    st.session_state.pop(_removed_key(draft), None)
    for each in media:
        st.session_state[alt_key(draft, each)] = each.alt


def attached(draft: str) -> list[Media]:
    """Return the media of a draft in order, with the descriptions from the fields."""
    return [each.model_copy(update={"alt": alt(draft, each).strip()}) for each in media_of(draft)]


def text_keys(draft: str) -> list[str]:
    """Return the keys of the text areas for the descriptions."""
    return [alt_key(draft, each) for each in st.session_state.get(_media_key(draft), [])]


def media_of(draft: str) -> list[Media]:
    """Return the media of a draft in order, with the descriptions that they had when they were attached."""
    media: list[Media] = st.session_state[_media_key(draft)]
    return media


def add(draft: str, media: Media) -> None:
    """Attach a file at the end, unless it is attached already."""
    if all(each.reference != media.reference for each in media_of(draft)):
        media_of(draft).append(media)
        if media.alt:
            st.session_state[alt_key(draft, media)] = media.alt


def move(draft: str, reference: str, place: int) -> None:
    """Move a file to a place, from 0, and the others aside."""
    media, found = media_of(draft), find(draft, reference)
    if found is not None:
        media.remove(found)
        media.insert(max(0, place), found)


def assign(draft: str, parts: Mapping[str, int]) -> None:
    """Show files, by their reference, with other parts of the thread."""
    st.session_state[_media_key(draft)] = [
        each.model_copy(update={"part": parts.get(each.reference, each.part)}) for each in media_of(draft)
    ]


def assign_moved(draft: str, parts: Mapping[str, int]) -> None:
    """Do so because parts were moved. `moves` counts it, so that fields of the order before are not read again."""
    assign(draft, parts)
    st.session_state[_moves_key(draft)] = moves(draft) + 1


def moves(draft: str) -> int:
    """Return how often parts were moved."""
    return int(st.session_state.get(_moves_key(draft), 0))


def replace(draft: str, reference: str, media: Media) -> None:
    """Put another file in the place of one, with its description. A file that is attached already is not repeated."""
    text, found = "", find(draft, reference)
    if found is None:
        return
    text = alt(draft, found)
    st.session_state[_media_key(draft)] = [
        media if each is found else each
        for each in media_of(draft)
        if each is found or each.reference != media.reference
    ]
    st.session_state[alt_key(draft, media)] = text


def remove(draft: str, reference: str) -> None:
    """Remove a file. `restore` brings back the last one."""
    found = find(draft, reference)
    if found is not None:
        place = media_of(draft).index(found)
        st.session_state[_removed_key(draft)] = found.model_copy(update={"alt": alt(draft, found)}), place
        del media_of(draft)[place]


def removed(draft: str) -> Media | None:
    """Return the file that was removed last, if `restore` can bring it back."""
    found: tuple[Media, int] | None = st.session_state.get(_removed_key(draft))
    return found[0] if found else None


def restore(draft: str) -> None:
    """Bring back the file that was removed last, to its place and with its description."""
    found: tuple[Media, int] | None = st.session_state.pop(_removed_key(draft), None)
    if found is not None:
        add(draft, found[0])
        move(draft, found[0].reference, found[1])


def find(draft: str, reference: str) -> Media | None:
    """Return the attached file with a reference, or None."""
    return next((each for each in media_of(draft) if each.reference == reference), None)


def alt(draft: str, media: Media) -> str:
    """Return the description in the field of a file."""
    return latest_text(alt_key(draft, media))


def alt_key(draft: str, media: Media) -> str:
    """Return the key of the text area for the description of a file."""
    return widget_key(f"alt-{media.reference}", draft)


def _media_key(draft: str) -> str:
    return widget_key("media", draft)


def _moves_key(draft: str) -> str:
    return widget_key("part-moves", draft)


def _removed_key(draft: str) -> str:
    return widget_key("removed-media", draft)
