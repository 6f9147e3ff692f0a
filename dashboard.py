"""The only entry: `streamlit run dashboard.py` serves the pages, fires what is due, and takes posts from the relay."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from core.errors import PunctualError
from core.publishing.server import publish_route
from ui.frame.application import application, close, serve
from ui.frame.failures import on_script_error
from ui.frame.server import posting_url


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Fire for as long as the server runs. Where the home cannot be opened, say so; every page tries again."""
    try:
        serve(posting_url)
    except PunctualError as error:
        print(f"Punctual cannot start: {error} {error.hint}", file=sys.stderr)
    try:
        yield
    finally:
        close()


app = st.App(
    "ui/frame/shell.py",
    lifespan=lifespan,
    routes=[publish_route(lambda: application().publisher, lambda: application().signing_secrets())],
    on_script_error=on_script_error,
)
