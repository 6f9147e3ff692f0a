"""The entry point: `streamlit run dashboard.py` serves the pages, runs the engine and takes posts from the relay."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from core.errors import PunctualError
from core.publishing.server import publish_route
from ui.frame.application import application, close, serve
from ui.frame.failures import on_script_error
from ui.frame.security import security_middleware
from ui.frame.server import posting_url


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Run the engine while the server runs. If the home cannot be opened, print the error; each page tries again."""
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
    middleware=security_middleware(),
    on_script_error=on_script_error,
)
