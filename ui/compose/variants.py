"""The variants of a draft: texts that only one destination gets."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.posts.destinations import Destination
from ui.compose.typed_text import bring_back_text, give_up_text, latest_text
from ui.frame.state import widget_key


def fill(draft: str, variants: Mapping[Destination, str]) -> None:
    """Fill the variants of a draft, by destination."""
    for destination, text in variants.items():
        st.session_state[_differs_key(draft, destination)] = True
        st.session_state[text_key(draft, destination)] = text


def clear(draft: str, destinations: Sequence[str]) -> None:
    """Remove the variants of a draft for these destinations, and what was removed before."""
    for destination in destinations:
        st.session_state[_differs_key(draft, destination)] = False
        st.session_state.pop(text_key(draft, destination), None)
    st.session_state.pop(_removed_key(draft), None)


def add(draft: str, destination: str, text: str) -> None:
    """Give a destination a text of its own, which begins with this one."""
    st.session_state[_differs_key(draft, destination)] = True
    st.session_state[text_key(draft, destination)] = text
    st.session_state.pop(_removed_key(draft), None)


def remove(draft: str, destination: str) -> None:
    """Let a destination get the text of all again. `restore` undoes it."""
    key = text_key(draft, destination)
    st.session_state[_removed_key(draft)] = destination, latest_text(key)
    st.session_state[_differs_key(draft, destination)] = False
    give_up_text(key)
    st.session_state.pop(key, None)


def removed(draft: str) -> str | None:
    """Return the destination whose text was removed last, if `restore` can bring it back."""
    found: tuple[str, str] | None = st.session_state.get(_removed_key(draft))
    return found[0] if found else None


def removed_keys(draft: str) -> list[str]:
    """Return the key of the text area that `restore` can bring back, if there is one."""
    destination = removed(draft)
    return [] if destination is None else [text_key(draft, destination)]


def restore(draft: str) -> None:
    """Bring the text back that was removed last."""
    destination, text = st.session_state[_removed_key(draft)]
    add(draft, destination, text)
    bring_back_text(text_key(draft, destination), text)


def differs(draft: str, destination: str) -> bool:
    """Return whether a destination has a text of its own."""
    return bool(st.session_state.get(_differs_key(draft, destination)))


def text_keys(draft: str, destinations: Sequence[str]) -> list[str]:
    """Return the keys of the text areas of the variants."""
    return [text_key(draft, destination) for destination in destinations if differs(draft, destination)]


def variants(draft: str, destinations: Sequence[str]) -> dict[str, str]:
    """Return the variants of a draft, by destination."""
    return {
        destination: latest_text(text_key(draft, destination))
        for destination in destinations
        if differs(draft, destination)
    }


def text_key(draft: str, destination: str) -> str:
    """Return the key of the text area of a destination."""
    return widget_key(f"text-{destination}", draft)


def _differs_key(draft: str, destination: str) -> str:
    return widget_key(f"differs-{destination}", draft)


def _removed_key(draft: str) -> str:
    return widget_key("removed-text", draft)
