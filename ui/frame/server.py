"""Where this very server takes posts."""

from functools import cache

import streamlit as st

EVERYWHERE = ("", "0.0.0.0", "::")
"""Addresses that stand for every interface; loopback is among them."""


@cache
def posting_url() -> str:
    """Return the address, which stays as it was when the server started: by then Streamlit has found a free port."""
    host = st.get_option("server.address") or ""
    host = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{host}:{st.get_option('server.port')}/publish"
