"""The character counter below a text field, which updates on each keystroke."""

import re

import streamlit as st

from core.accounts.port import Account
from core.publishing.network import TextLength
from ui.frame.application import application

_HTML = '<output class="counter" aria-live="off"></output>'
_CSS = """
.counter { display: block; text-align: right; font-size: 0.875rem; color: var(--st-gray-text-color); }
.counter.over { color: var(--st-red-text-color); font-weight: 650; }
"""
_JS = """
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const number = new Intl.NumberFormat("en");

function count(text) {
    let characters = 0;
    for (const _ of segmenter.segment(text)) characters++;
    return characters;
}

export default function ({ data, parentElement }) {
    const output = parentElement.querySelector("output");
    const field = () => document.querySelector(`.st-key-${data.field} textarea`);
    const show = (text) => {
        const measured = data.limit !== null && text === data.text;
        const length = measured ? data.count : count(text);
        const unit = measured ? data.unit : length === 1 ? "character" : "characters";
        const over = data.limit === null ? 0 : Math.max(0, length - data.limit);
        const summary = data.limit === null ? `${number.format(length)} ${unit}`
            : `${number.format(length)} of ${number.format(data.limit)} ${unit} for ${data.label}`;
        output.textContent = over ? `${number.format(over)} too many: ${summary}` : summary;
        output.classList.toggle("over", over > 0);
        field()?.closest("[data-testid=stTextArea]").classList.toggle("over-limit", over > 0);
        field()?.setAttribute("aria-invalid", over > 0);
    };
    const listener = (event) => event.target === field() && show(event.target.value);
    document.addEventListener("input", listener);
    show(field()?.value || data.text);  // a dialog's field is missing or still empty at first
    return () => document.removeEventListener("input", listener);
}
"""
_counter = st.components.v2.component("punctual_counter", html=_HTML, css=_CSS, js=_JS)


def counter(field: str, text: str, accounts: list[Account]) -> None:
    """Draw the counter of the text area with the key `field`, for the account with the fewest characters left.

    While the person types, it counts graphemes. Text that has reached the server is measured by the account's network.
    """
    measured = [(measure(text, account), account.label) for account in accounts]
    remaining = [(length.limit - length.count, length, label) for length, label in measured if length.limit is not None]
    _, length, label = min(remaining, key=lambda each: each[0], default=(None, None, None))
    class_name = re.sub(r"[^a-zA-Z0-9_-]", "-", field)  # as Streamlit writes a key into the page
    limit = {"limit": length.limit, "count": length.count, "unit": length.unit} if length else {"limit": None}
    _counter(key=f"{field}-counter", data={"field": class_name, "text": text, "label": label, **limit})


def measure(text: str, account: Account) -> TextLength:
    """Return the length of a text as the account's network counts it."""
    return application().networks[account.network].measure(text, account)
