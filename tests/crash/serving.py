"""A whole Punctual in a process of its own, that kills itself at a chosen point: `python serving.py PORT [POINT]`."""

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


def die(*_: object, **__: object) -> None:
    """End this process as a power cut would: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(kind: type, method: str) -> None:
    """Kill the process when `method` has done its work, before its caller learns of it."""
    whole = getattr(kind, method)

    def then_die(*arguments: object, **options: object) -> None:
        whole(*arguments, **options)
        die()

    setattr(kind, method, then_die)


def main() -> None:
    port, point = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "never"
    match point:
        case "after claiming":
            die_after(SqliteLedger, "claim")
        case "between publishing and recording":
            SqliteLedger.finish = die  # type: ignore[method-assign, assignment]
        case "after recording":
            die_after(SqliteLedger, "finish")
    application = Application(Settings.read())
    application.start_engine(lambda: f"http://127.0.0.1:{port}/publish")
    route = publish_route(lambda: application.publisher, application.signing_secrets)
    uvicorn.run(Starlette(routes=[route]), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
