"""`python -m core engine`: the engine, its HTTP API and the posting server, with no dashboard."""

import argparse
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TextIO

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from core.application import Application
from core.engine.server import MAX_BODY_BYTES, HttpApi
from core.engine.signatures import Credentials
from core.errors import PunctualError
from core.maintenance.home_watch import HomeWatch
from core.publishing.lateness import show_publications
from core.publishing.server import metrics_route, publish_route
from core.serving.middleware import SecurityMiddleware
from core.serving.server import server_config
from core.settings import InvalidSetting, Settings
from core.storage.identity import HomeReplaced

CREDENTIALS_FILE = "aws-credentials"
"""The file in the home that holds the key pair, in the AWS CLI's format."""


class PortTaken(PunctualError):
    """Another program uses the port."""

    hint = "Stop the other program, or choose another port with --port."

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"Port {port} of 127.0.0.1 cannot be used: {reason}.")


class UnreadableCredentials(PunctualError):
    """The file of the key pair is damaged."""

    hint = "Delete the file. The next start makes a new key pair."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no key pair.")


def run_engine(options: argparse.Namespace, out: TextIO) -> None:
    """Fire due posts and answer requests until interrupted.

    Raises PortTaken, HomeReplaced, UnreadableCredentials, InvalidSetting in AWS mode, or the errors of Application.
    """
    home = {"PUNCTUAL_HOME": options.home} if options.home else {}
    settings = Settings.read({**os.environ, **home})
    with open_listener(options.port) as listener, closing(Application(settings)) as application:
        _serve(application, listener, out)


def open_listener(port: int) -> socket.socket:
    """Return a listening socket on 127.0.0.1. Open it before the engine fires, so that the relay's first POST connects.

    Raises PortTaken.
    """
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise PortTaken(port, getattr(error, "strerror", None) or str(error)) from error
    # Connections inherit the option. A response leaves in two segments. Without the option the second one waits for
    # the client's ACK of the first, which takes 40 ms on a reused connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(application: Application, listener: socket.socket, out: TextIO) -> None:
    if application.one_machine is None:
        raise InvalidSetting("mode", "on AWS, EventBridge Scheduler fires; the engine runs on one machine only")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    http_api = HttpApi(application.one_machine.engine_api, _credentials(application), application.clock)
    publish = publish_route(lambda: application.publisher, application.signing_secrets)
    show_publications()
    application.start(lambda: f"{url}/publish")
    print(f"The engine listens on {url} and fires the posts in {application.home.path}.", file=out, flush=True)
    site = SecurityMiddleware(
        Starlette(routes=[publish, metrics_route(application.lateness), Mount("/", http_api)]),
        hosts=lambda: application.settings.allowed_hosts,
        max_body_bytes=2 * MAX_BODY_BYTES,  # HttpApi responds before, with AWS's error
    )
    _run_until_replaced(uvicorn.Server(server_config(site)), application, listener)


def _run_until_replaced(server: uvicorn.Server, application: Application, listener: socket.socket) -> None:
    """Serve until interrupted. Raises HomeReplaced a moment after the home was replaced or deleted."""
    found: list[HomeReplaced] = []

    def stop(error: HomeReplaced) -> None:
        found.append(error)
        server.should_exit = True

    with HomeWatch(application.check_home, stop):
        server.run(sockets=[listener])
    if found:
        raise found[0]


def _credentials(application: Application) -> Credentials:
    """Return the key pair of the settings, else that of the home, made once.

    Raises InvalidSetting, UnreadableCredentials or HomeUnusable.
    """
    settings = application.settings
    if settings.local_access_key_id and settings.local_secret_access_key:
        return Credentials(
            access_key_id=settings.local_access_key_id, secret_access_key=settings.local_secret_access_key
        )
    if settings.local_access_key_id or settings.local_secret_access_key:
        raise InvalidSetting("local_access_key_id", "set PUNCTUAL_LOCAL_SECRET_ACCESS_KEY with it, or neither")
    text: str = application.home.get_or_create_secret(CREDENTIALS_FILE, lambda: Credentials.generate().to_profile())
    try:
        return Credentials.parse(text)
    except (ValueError, KeyError) as error:
        raise UnreadableCredentials(application.home.path / CREDENTIALS_FILE) from error
