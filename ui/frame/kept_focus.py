"""Keeps the keyboard focus on a card when a button replaces another, as Undo replaces Cancel.

A browser drops the focus together with the focused element: the next Tab would lead to the card below, and a screen
reader would be silent. Cancel gets the focus instead, or the first button in the same place. A click with a pointer
does not.
"""

import streamlit as st

_JS = """
const ACTIONS = '[class*="st-key-actions-"]';
const nameOf = (place) => [...place.classList].find((name) => name.startsWith("st-key-actions-"));

export default function ({ parentElement }) {
    const last = (parentElement.lastFocus ??= { element: null, place: null });  // outlives a run of the page
    const onFocus = ({ target }) => {
        const place = target.matches(":focus-visible") ? target.closest(ACTIONS) : null;
        last.element = target;
        last.place = place && nameOf(place);
    };
    const onPointer = () => { last.place = null; };
    const onChange = () => {
        if (!last.place || last.element.isConnected || document.activeElement !== document.body) return;
        const place = document.querySelector(`.${CSS.escape(last.place)}`);  // the page may have replaced it, too
        if (!place) return;
        const next = place.querySelector('[class*="st-key-cancel-"] button') ?? place.querySelector("button, a");
        next?.focus({ preventScroll: true });
    };
    const onKey = (event) => {  // a held key presses one button only, not the button that replaces it
        if (event.repeat && ["Enter", " "].includes(event.key) && event.target.closest(ACTIONS)) event.preventDefault();
    };
    const observer = new MutationObserver(onChange);
    observer.observe(document.body, { childList: true, subtree: true });
    onChange();
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
