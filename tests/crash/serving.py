"""A complete Punctual process that ends or stops itself at a point of a post's way."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from core.application import Application
from core.cli.engine import open_listener
from core.engine import housekeeping, invocations
from core.engine.store import Store
from core.ledger.sqlite import SqliteLedger
from core.maintenance.caretaker import Caretaker
from core.publishing import fence, transfer_time
from core.publishing.server import publish_route
from core.scheduling import repair
from core.settings import Settings
from lambda_pkg import relay
from tests.crash.processes import ROOT, environment_of
from tests.crash.signals import Side, signal_self_at

POINTS: dict[str, tuple[Any, str, Side]] = {
    "after the dispatch": (Store, "claim_due", "after"),
    "before the relay sends": (relay, "deliver", "before"),
    "before claiming": (SqliteLedger, "claim", "before"),
    "after claiming": (SqliteLedger, "claim", "after"),
    "between publishing and recording": (SqliteLedger, "finish", "before"),
    "after recording": (SqliteLedger, "finish", "after"),
    "before the receipt": (SqliteLedger, "record_all", "before"),
    "after the receipt": (SqliteLedger, "record_all", "after"),
}
"""The points of a post's way in order: the function, and whether the process ends before or after its work."""
BRIEF = 20


def shorten() -> None:
    """Divide the leases, and what is a part of them, by BRIEF."""
    invocations.LEASE //= BRIEF
    housekeeping.HEARTBEAT_INTERVAL /= BRIEF
    fence.LEASE, fence.LEASE_MARGIN = transfer_time.LEASE / BRIEF, transfer_time.LEASE_MARGIN / BRIEF
    fence.lease = lambda media: transfer_time.lease(media) / BRIEF
    repair.SETTLE_GRACE /= BRIEF
    Caretaker.__init__.__kwdefaults__["interval_seconds"] /= BRIEF


def start_serving(home: Path, point: str, options: tuple[str, ...], variables: Mapping[str, str]) -> BaseProcess:
    """Start a process on a home. It kills itself at the point, or with the option `stop` it stops as after Ctrl+Z.

    With the option `brief`, leases and the other times that a process waits for another one take a twentieth, in the
    same proportions. All processes are forks of one that has loaded the modules, because that takes most of a start.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    arguments = point, options, environment_of(home, variables)
    process = context.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    return process


def _serve(point: str, options: tuple[str, ...], environment: dict[str, str]) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    if "brief" in options:
        shorten()
    if point in POINTS:
        signal_self_at(*POINTS[point], signal.SIGSTOP if "stop" in options else signal.SIGKILL)
    listener = open_listener(0)  # before the engine fires, as in the worker
    application = Application(Settings.read())
    application.start(lambda: f"http://127.0.0.1:{listener.getsockname()[1]}/publish")
    route = publish_route(lambda: application.publisher, application.signing_secrets)
    uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), log_level="warning")).run(sockets=[listener])
