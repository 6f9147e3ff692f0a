"""The class that Streamlit gives an element with a key."""

import re


def class_name(key: str) -> str:
    """Return a key as Streamlit writes it into the page, without `st-key-`."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", key)
