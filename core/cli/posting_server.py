"""`python -m core receive`: the posting server alone, for a relay on another machine."""

import argparse
from contextlib import closing, suppress
from typing import TextIO

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.cli.listener import open_listener
from core.publishing.lag_metrics import show_publications
from core.publishing.server import prepare_route, publish_route
from core.publishing.server_messages import REQUEST_LIMIT
from core.serving.middleware import SIGNED_PATHS, SecurityMiddleware
from core.serving.server import server_config
from core.settings import Settings
from lambda_pkg.prepare import PREPARE_PATH


def run_posting_server(options: argparse.Namespace, out: TextIO) -> None:
    """Serve `/publish` and `/prepare` until interrupted.

    Raises PortTaken, AddressUnusable or the errors of Application.
    """
    with open_listener(options.port, options.host) as listener, closing(Application(Settings.read())) as application:
        publish = publish_route(lambda: application.publisher, application.signing_secrets)
        prepare = prepare_route(lambda: application.preparer, application.signing_secrets)
        site = SecurityMiddleware(
            Starlette(routes=[publish, prepare]),
            hosts=lambda: application.settings.allowed_hosts,
            signed_paths=(*SIGNED_PATHS, PREPARE_PATH),
            max_body_bytes=2 * REQUEST_LIMIT,  # the route responds before, with its own error
        )
        application.load_ahead()
        show_publications()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(server_config(site)).run(sockets=[listener])
