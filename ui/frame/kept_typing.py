"""Keeps text that is being typed when a link is clicked, and drops halves of characters from it.

Streamlit sends a field's text some milliseconds after the field loses the focus. A click on a link takes the focus and
follows the link at once, so the text would arrive after the page switch, name the old page and undo the switch. Here
the field loses the focus on pointerdown, and the link is followed once the text has been sent.

A paste may hold half of a surrogate pair. Streamlit's messages cannot carry it: the server would drop the whole
message, and the page would not react. The half is no character, so it is dropped before Streamlit reads the field.
"""

import streamlit as st

_JS = r"""
const SEND_DELAY = 150;  // milliseconds

export default function () {
    let until = 0;
    const commit = (event) => {
        const field = document.activeElement;
        if (!event.target.closest("a") || !field?.matches("textarea, input")) return;
        field.blur();
        until = event.timeStamp + SEND_DELAY;
    };
    const follow = (event) => {
        const link = event.target.closest("a");
        if (!link || event.timeStamp >= until) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        setTimeout(() => link.click(), until - event.timeStamp);
    };
    const dropHalves = ({ target, isComposing }) => {
        if (isComposing || !target.matches?.("textarea, input") || target.value.isWellFormed()) return;
        const type = target instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
        const { set } = Object.getOwnPropertyDescriptor(type.prototype, "value");  // React does not watch this setter
        set.call(target, target.value.replace(/\p{Surrogate}/gu, ""));
    };
    document.addEventListener("input", dropHalves, true);
    document.addEventListener("pointerdown", commit, true);
    document.addEventListener("click", follow, true);
    return () => {
        document.removeEventListener("input", dropHalves, true);
        document.removeEventListener("pointerdown", commit, true);
        document.removeEventListener("click", follow, true);
    };
}
"""
_component = st.components.v2.component("punctual_kept_typing", js=_JS)


def keep_typing() -> None:
    """Watch the page; nothing is visible."""
    _component(key="kept-typing", height=1)
