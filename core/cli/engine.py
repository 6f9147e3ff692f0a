"""`python -m core.engine`: the engine, its API over HTTP and the posting server, with no dashboard."""

import argparse
import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from core.application import Application
from core.engine.server import Face
from core.engine.signatures import Credentials
from core.errors import PunctualError
from core.publishing.server import publish_route
from core.settings import Settings, WrongSetting

CREDENTIALS = "aws-credentials"
"""The file in the home that holds the key pair, in the form that the AWS CLI reads."""


class PortTaken(PunctualError):
    """Something else answers on the port."""

    hint = "Stop it, or choose another port with --port."

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"Port {port} of 127.0.0.1 cannot be used: {reason}.")


class UnreadableCredentials(PunctualError):
    """The file with the key pair was changed."""

    hint = "Delete the file: another pair is made at the next start."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no key pair.")


def main() -> int:
    """Fire what is due and answer requests until interrupted; return 1 where the home or the port cannot be used."""
    grammar = argparse.ArgumentParser(prog="python -m core.engine", description=__doc__)
    grammar.add_argument("--port", type=int, default=4600, help="port on 127.0.0.1 (default: 4600)")
    grammar.add_argument("--home", help="the data folder (default: PUNCTUAL_HOME)")
    asked = grammar.parse_args()
    try:
        settings = Settings.read({**os.environ, **({"PUNCTUAL_HOME": asked.home} if asked.home else {})})
        with _listener(asked.port) as listener, closing(Application(settings)) as application:
            _serve(application, listener)
    except PunctualError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


def _listener(port: int) -> socket.socket:
    """Take the port before anything fires, so that the relay's first request already waits in line."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise PortTaken(port, getattr(error, "strerror", None) or str(error)) from error
    # Connections inherit it. An answer leaves in two pieces, and else the second would wait for the client to
    # acknowledge the first, which takes 40 ms on a connection that is used again.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(application: Application, listener: socket.socket) -> None:
    if application.engine is None:
        raise WrongSetting("mode", "on AWS, EventBridge Scheduler fires; the engine is for one machine")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    face = Face(application.engine.api, _credentials(application), application.clock)
    publish = publish_route(lambda: application.publisher, application.signing_secrets)
    application.start_engine(lambda: f"{url}/publish")
    print(f"The engine answers on {url} and fires what is due in {application.home.path}.", flush=True)
    config = uvicorn.Config(
        Starlette(routes=[publish, Mount("/", face)]), log_level="warning", server_header=False, lifespan="off"
    )
    uvicorn.Server(config).run(sockets=[listener])


def _credentials(application: Application) -> Credentials:
    """Return the key pair of the settings, else the home's own, made once. Raises WrongSetting or HomeUnusable."""
    settings = application.settings
    if settings.local_access_key_id and settings.local_secret_access_key:
        return Credentials(
            access_key_id=settings.local_access_key_id, secret_access_key=settings.local_secret_access_key
        )
    if settings.local_access_key_id or settings.local_secret_access_key:
        raise WrongSetting("local_access_key_id", "PUNCTUAL_LOCAL_SECRET_ACCESS_KEY belongs to it, and one is missing")
    kept: str = application.home.kept_secret(CREDENTIALS, lambda: Credentials.made().written())
    try:
        return Credentials.read(kept)
    except (ValueError, KeyError) as error:
        raise UnreadableCredentials(application.home.path / CREDENTIALS) from error


if __name__ == "__main__":
    sys.exit(main())
