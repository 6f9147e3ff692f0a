"""Keeps what is being typed when a link is clicked, and on the browser's ways back and forward.

Streamlit sends a field's text some milliseconds after the field lost its focus. A click takes the focus and follows the
link at the same moment, so the text would come after the switch of pages, name the old page and undo the switch; the
way back takes the field away with its focus, and the text is not sent at all. Here the field loses its focus as soon as
the pointer goes down, or the way back is taken, and the switch follows once the text is on its way.
"""

import streamlit as st

_JS = """
const TIME_TO_SEND = 150;  // milliseconds

export default function () {
    let until = 0;
    const commit = (event) => {
        const field = document.activeElement;
        if (!field?.matches("textarea, input")) return;
        field.blur();
        until = event.timeStamp + TIME_TO_SEND;
    };
    const press = (event) => {
        if (event.target.closest("a")) commit(event);
    };
    const follow = (event) => {
        const link = event.target.closest("a");
        if (!link || event.timeStamp >= until) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        setTimeout(() => link.click(), until - event.timeStamp);
    };
    const leave = (event) => {
        commit(event);
        if (event.timeStamp >= until) return;
        event.stopImmediatePropagation();
        setTimeout(() => window.dispatchEvent(new PopStateEvent("popstate", { state: event.state })), TIME_TO_SEND);
    };
    document.addEventListener("pointerdown", press, true);
    document.addEventListener("click", follow, true);
    window.addEventListener("popstate", leave, true);
    return () => {
        document.removeEventListener("pointerdown", press, true);
        document.removeEventListener("click", follow, true);
        window.removeEventListener("popstate", leave, true);
    };
}
"""
_component = st.components.v2.component("punctual_typing_kept", js=_JS)


def keep_typing() -> None:
    """Draw nothing, and listen."""
    _component(key="typing-kept", height=1)
