"""The entry point: `streamlit run dashboard.py` serves the pages and supervises the worker, which publishes."""

# ruff: noqa: E402 - the first lines come before the imports that they speed up

import gc

gc.disable()  # modules are no garbage: looking for some takes a sixth of the processor time up to the first page

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from core.errors import PunctualError
from ui.bulk.feed_route import feed_routes
from ui.bulk.running import stop_all
from ui.frame.application import close, serve
from ui.frame.face_route import face_routes
from ui.frame.failures import on_script_error
from ui.frame.page_routes import page_routes
from ui.frame.security import security_middleware


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Keep the worker running while the server runs.

    If the home cannot be opened, print the error; each page and the supervisor try again.
    """
    gc.disable()
    try:
        try:
            serve()
        except PunctualError as error:
            print(f"Punctual cannot start: {error} {error.hint}", file=sys.stderr)
        gc.freeze()  # what is loaded now stays to the end
        gc.enable()
        yield
    finally:
        stop_all(within_seconds=3)
        close()


app = st.App(
    "ui/frame/shell.py",
    lifespan=lifespan,
    routes=[*feed_routes(), *face_routes(), *page_routes()],
    middleware=security_middleware(),
    on_script_error=on_script_error,
)
gc.enable()
