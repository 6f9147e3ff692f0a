"""The address at which this server takes posts."""

from functools import cache

import streamlit as st

ALL_INTERFACES = ("", "0.0.0.0", "::")
"""Bind addresses that include loopback."""


@cache
def posting_url() -> str:
    """Return the posting server's URL, fixed at the first call: by then Streamlit has chosen a free port."""
    host = st.get_option("server.address") or ""
    host = "127.0.0.1" if host in ALL_INTERFACES else f"[{host}]" if ":" in host else host
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{host}:{st.get_option('server.port')}/publish"
