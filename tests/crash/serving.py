"""A complete Punctual process that kills itself at a chosen point: `python serving.py PORT [POINT]`."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.ledger.sqlite import SqliteLedger
from core.publishing.server import publish_route
from core.settings import Settings


def kill_self(*_: object, **__: object) -> None:
    """End this process at once, without flushing or closing anything."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(patched: type, method: str) -> None:
    """Make a method kill the process after its work, before it returns."""
    original = getattr(patched, method)

    def call_and_kill(*arguments: object, **options: object) -> None:
        original(*arguments, **options)
        kill_self()

    setattr(patched, method, call_and_kill)


def main() -> None:
    port, point = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "never"
    match point:
        case "after claiming":
            kill_after(SqliteLedger, "claim")
        case "between publishing and recording":
            SqliteLedger.finish = kill_self  # type: ignore[method-assign, assignment]
        case "after recording":
            kill_after(SqliteLedger, "finish")
    application = Application(Settings.read())
    application.start(lambda: f"http://127.0.0.1:{port}/publish")
    route = publish_route(lambda: application.publisher, application.signing_secrets)
    uvicorn.run(Starlette(routes=[route]), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
