"""`python -m core receive`: the posting server alone, for a relay on another machine."""

import argparse
from contextlib import closing
from typing import TextIO

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.publishing.server import publish_route
from core.settings import Settings


def run_posting_server(options: argparse.Namespace, out: TextIO) -> None:
    """Serve `POST /publish` until interrupted. Raises the errors of Application."""
    with closing(Application(Settings.read())) as application:
        route = publish_route(lambda: application.publisher, application.signing_secrets)
        uvicorn.run(Starlette(routes=[route]), host=options.host, port=options.port, log_level="warning")
