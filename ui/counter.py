"""The counter under a text field: it moves while a person types, and counts what readers see as characters."""

import re

import streamlit as st

from core.accounts import Account
from core.publishing.network import Length
from ui.application import application

_HTML = '<output class="counter" aria-live="off"></output>'
_CSS = """
.counter { display: block; text-align: right; font-size: 0.875rem; color: var(--st-gray-text-color); }
.counter.over { color: var(--st-red-text-color); font-weight: 650; }
"""
_JS = """
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const whole = new Intl.NumberFormat("en");

function count(text) {
    let characters = 0;
    for (const _ of segmenter.segment(text)) characters++;
    return characters;
}

export default function ({ data, parentElement }) {
    const output = parentElement.querySelector("output");
    const field = () => document.querySelector(`.st-key-${data.field} textarea`);
    const show = (area) => {
        const characters = count(area.value);
        const over = data.limit === null ? 0 : Math.max(0, characters - data.limit);
        const limit = data.limit === null ? "" : ` of ${whole.format(data.limit)} for ${data.label}`;
        output.textContent = over
            ? `${whole.format(over)} too many: ${whole.format(characters)}${limit}`
            : `${whole.format(characters)}${limit || (characters === 1 ? " character" : " characters")}`;
        output.classList.toggle("over", over > 0);
        area.closest("[data-testid=stTextArea]").classList.toggle("over-limit", over > 0);
    };
    const listener = (event) => event.target === field() && show(event.target);
    document.addEventListener("input", listener);
    if (field()) show(field());
    return () => document.removeEventListener("input", listener);
}
"""
_counter = st.components.v2.component("punctual_counter", html=_HTML, css=_CSS, js=_JS)


def counter(field: str, text: str, accounts: list[Account]) -> None:
    """Draw the counter of the text area with the key `field`, against the tightest limit of the accounts."""
    measured = [(_measure(text, account), account.label) for account in accounts]
    limited = [(length.limit, label) for length, label in measured if length.limit is not None]
    limit, label = min(limited, default=(None, None))
    shown = re.sub(r"[^a-zA-Z0-9_-]", "-", field)  # as Streamlit writes a key into the page
    _counter(key=f"{field}-counter", data={"field": shown, "limit": limit, "label": label})


def _measure(text: str, account: Account) -> Length:
    return application().networks[account.network].measure(text, account)
