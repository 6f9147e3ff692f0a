"""`python -m core.publishing`: the posting server alone, for a relay that runs elsewhere."""

import argparse
import sys

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.errors import PunctualError
from core.publishing.server import publish_route
from core.settings import Settings


def main() -> int:
    """Serve `POST /publish` until interrupted; return 1 where the home cannot be used."""
    grammar = argparse.ArgumentParser(prog="python -m core.publishing", description=__doc__)
    grammar.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    grammar.add_argument("--port", type=int, default=8600)
    asked = grammar.parse_args()
    try:
        application = Application(Settings.read())
    except PunctualError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return 1
    route = publish_route(lambda: application.publisher, application.signing_secrets)
    uvicorn.run(Starlette(routes=[route]), host=asked.host, port=asked.port, log_level="warning")
    application.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
