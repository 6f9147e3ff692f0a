"""Keeps the keyboard where it is when a button makes way for another, as Cancel does for Undo.

A browser gives up its focus with the element that had it: the next Tab would lead to the card below, and a screen
reader would say nothing. What stands in the button's place takes the focus, and is said. A pointer leaves no focus.
"""

import streamlit as st

_JS = """
const ACTIONS = '[class*="st-key-actions-"]';

export default function () {
    let left, place = null;
    const entered = (event) => {
        left = event.target;
        place = left.matches(":focus-visible") ? left.closest(ACTIONS) : null;
    };
    const pointed = () => { place = null; };
    const taken = () => {
        if (!place?.isConnected || left.isConnected || document.activeElement !== document.body) return;
        place.querySelector("button, a")?.focus({ preventScroll: true });
    };
    const held = (event) => {  // a key that is held presses once, and not what comes next
        if (event.repeat && ["Enter", " "].includes(event.key) && event.target.closest(ACTIONS)) event.preventDefault();
    };
    const observer = new MutationObserver(taken);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("focusin", entered);
    document.addEventListener("pointerdown", pointed, true);
    document.addEventListener("keydown", held, true);
    return () => {
        observer.disconnect();
        document.removeEventListener("focusin", entered);
        document.removeEventListener("pointerdown", pointed, true);
        document.removeEventListener("keydown", held, true);
    };
}
"""
_component = st.components.v2.component("punctual_focus_kept", js=_JS)


def keep_focus() -> None:
    """Draw nothing, and watch."""
    _component(key="focus-kept", height=1)
