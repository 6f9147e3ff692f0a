"""`python -m core.engine`: the engine, its API over HTTP and the posting server, with no dashboard."""

import argparse
import os
import sys
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


def main() -> int:
    """Fire what is due and answer requests until interrupted; return 1 where the home cannot be used."""
    grammar = argparse.ArgumentParser(prog="python -m core.engine", description=__doc__)
    grammar.add_argument("--port", type=int, default=4600, help="port on 127.0.0.1 (default: 4600)")
    grammar.add_argument("--home", help="the data folder (default: PUNCTUAL_HOME)")
    asked = grammar.parse_args()
    try:
        settings = Settings.read({**os.environ, **({"PUNCTUAL_HOME": asked.home} if asked.home else {})})
        application = Application(settings)
        if application.engine is None:
            raise WrongSetting("mode", "on AWS, EventBridge Scheduler fires; the engine is for one machine")
        credentials = _credentials(application)
        application.start_engine(lambda: f"http://127.0.0.1:{asked.port}/publish")
    except PunctualError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return 1
    publish = publish_route(lambda: application.publisher, application.signing_secrets)
    face = Face(application.engine.api, credentials, application.clock)
    print(f"The engine answers on http://127.0.0.1:{asked.port} and fires what is due in {settings.home}.", flush=True)
    uvicorn.run(
        Starlette(routes=[publish, Mount("/", face)]),
        host="127.0.0.1",
        port=asked.port,
        log_level="warning",
        server_header=False,
    )
    application.close()
    return 0


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


class UnreadableCredentials(PunctualError):
    """The file with the key pair was changed."""

    hint = "Delete the file: another pair is made at the next start."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no key pair.")


if __name__ == "__main__":
    sys.exit(main())
