"""`python -m core receive`: the posting server alone, for a relay on another machine."""

import argparse
from contextlib import closing, suppress
from typing import TextIO

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.cli.listener import open_listener
from core.publishing.lag_metrics import show_publications
from core.publishing.responses import REQUEST_LIMIT
from core.publishing.server import publish_route
from core.serving.middleware import SecurityMiddleware
from core.serving.server import server_config
from core.settings import Settings


def run_posting_server(options: argparse.Namespace, out: TextIO) -> None:
    """Serve `POST /publish` until interrupted. Raises PortTaken, AddressUnusable or the errors of Application."""
    with open_listener(options.port, options.host) as listener, closing(Application(Settings.read())) as application:
        route = publish_route(lambda: application.publisher, application.signing_secrets)
        site = SecurityMiddleware(
            Starlette(routes=[route]),
            hosts=lambda: application.settings.allowed_hosts,
            max_body_bytes=2 * REQUEST_LIMIT,  # the route responds before, with its own error
        )
        show_publications()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(server_config(site)).run(sockets=[listener])
