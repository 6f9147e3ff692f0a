"""Keeps the keyboard focus on a card when a button replaces another, as Undo replaces Cancel.

A browser drops the focus together with the focused element: the next Tab would lead to the card below, and a screen
reader would be silent. Cancel gets the focus instead, or the first button in the same place. A click with a pointer
does not.
"""

import streamlit as st

_JS = """
const ACTIONS = '[class*="st-key-actions-"]';

export default function () {
    let focused, place = null;
    const onFocus = (event) => {
        focused = event.target;
        place = focused.matches(":focus-visible") ? focused.closest(ACTIONS) : null;
    };
    const onPointer = () => { place = null; };
    const onChange = () => {
        if (!place?.isConnected || focused.isConnected || document.activeElement !== document.body) return;
        const next = place.querySelector('[class*="st-key-cancel-"] button') ?? place.querySelector("button, a");
        next?.focus({ preventScroll: true });
    };
    const onKey = (event) => {  // a held key presses one button only, not the button that replaces it
        if (event.repeat && ["Enter", " "].includes(event.key) && event.target.closest(ACTIONS)) event.preventDefault();
    };
    const observer = new MutationObserver(onChange);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("focusin", onFocus);
    document.addEventListener("pointerdown", onPointer, true);
    document.addEventListener("keydown", onKey, true);
    return () => {
        observer.disconnect();
        document.removeEventListener("focusin", onFocus);
        document.removeEventListener("pointerdown", onPointer, true);
        document.removeEventListener("keydown", onKey, true);
    };
}
"""
_component = st.components.v2.component("punctual_kept_focus", js=_JS)


def keep_focus() -> None:
    """Watch the page; nothing is visible."""
    _component(key="kept-focus", height=1)
