"""`python -m core engine`: the worker, which fires, publishes, repairs and notifies.

A dashboard starts it, or a person does. On AWS there is nothing to fire, and it only repairs and notifies.
"""

import argparse
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from core.application import Application
from core.cli.listener import open_listener
from core.engine.server import MAX_BODY_BYTES, HttpApi
from core.engine.signatures import Credentials
from core.errors import PunctualError
from core.maintenance.home_watch import HomeWatch
from core.publishing.server import metrics_route, publish_route
from core.serving.middleware import SecurityMiddleware
from core.serving.server import server_config
from core.settings import InvalidSetting, Settings
from core.storage.home import Home
from core.storage.identity import HomeReplaced
from core.worker.control import ControlChannel
from core.worker.lock import worker_lock
from core.worker.log import logging_to
from core.worker.record import WorkerFiles, WorkerRecord

CREDENTIALS_FILE = "aws-credentials"
"""The file in the home that holds the key pair, in the AWS CLI's format."""
FINISH_SECONDS = 50.0
"""How long an ending worker waits for the posts that are under way: as long as the relay waits for a response."""
CLOSE_SECONDS = 10.0
"""How long it then waits for its server to close the connections."""
LOOK_SECONDS = 0.1


class UnreadableCredentials(PunctualError):
    """The file of the key pair is damaged."""

    hint = "Delete the file. The next start makes a new key pair."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no key pair.")


class ServerEnded(PunctualError):
    """The HTTP server has ended by itself."""

    hint = "See the log. Then start it again."

    def __init__(self) -> None:
        super().__init__("The worker's HTTP server has ended.")


def run_engine(options: argparse.Namespace, out: TextIO) -> None:
    """Run the worker of a home until interrupted. It then finishes the posts that are under way.

    Raises WorkerRunning, PortTaken, HomeReplaced, UnreadableCredentials, InvalidSetting or the errors of Application.
    """
    home = {"PUNCTUAL_HOME": options.home} if options.home else {}
    settings = Settings.read({**os.environ, **home})
    files = WorkerFiles(Home(settings.home).path)
    with (
        logging_to(options.log),
        worker_lock(files, wait=options.wait),
        open_listener(options.port) as listener,
        closing(Application(settings)) as application,
    ):
        _Worker(application, files, listener).run(out, supervised=options.supervised)


def _load_ahead(application: Application) -> None:
    """Load what the first publication would load, while files can be opened."""
    application.load_ahead()
    anyio.run(anyio.sleep, 0)  # loads the event loop's backend of the routes
    "localhost".encode("idna")  # loads the codec of host names


class _Worker:
    """An application with its server, its control channel and the watch over its home."""

    def __init__(self, application: Application, files: WorkerFiles, listener: socket.socket) -> None:
        self._application = application
        self._files = files
        self._listener = listener
        self._stop = threading.Event()
        self._replaced: HomeReplaced | None = None
        site = SecurityMiddleware(
            Starlette(routes=_routes(application)),
            hosts=lambda: application.settings.allowed_hosts,
            max_body_bytes=2 * MAX_BODY_BYTES,  # HttpApi responds before, with AWS's error
        )
        self._server = uvicorn.Server(server_config(site))
        self._server_thread = threading.Thread(target=self._server.run, args=([listener],), name="server", daemon=True)

    def run(self, out: TextIO, *, supervised: bool) -> None:
        """Start everything, and finish when a signal, a dashboard or a replaced home ends it."""
        application, port = self._application, self._listener.getsockname()[1]
        with (
            ControlChannel(on_wake=application.wake, on_stop=self._stop.set) as channel,
            _interrupts() as interrupts,
            HomeWatch(application.check_home, self._stop_at_once),
        ):
            _load_ahead(application)
            self._server_thread.start()
            application.start(lambda: f"http://127.0.0.1:{port}/publish")
            with _recorded(self._files, _record(port, channel, supervised=supervised)):
                print(_greeting(application, port), file=out, flush=True)
                gc.freeze()  # a collection of all modules would stop every thread for 60 ms
                while not (self._stop.wait(LOOK_SECONDS) or interrupts):
                    if not self._server_thread.is_alive():
                        raise ServerEnded
                if self._replaced is None:
                    application.finish(within_seconds=FINISH_SECONDS)  # the server answers the relay meanwhile
        self._server.should_exit = True
        self._server_thread.join(CLOSE_SECONDS)
        if self._replaced is not None:
            raise self._replaced

    def _stop_at_once(self, error: HomeReplaced) -> None:
        self._replaced = error
        self._stop.set()


def _routes(application: Application) -> list[BaseRoute]:
    if application.one_machine is None:
        return []
    http_api = HttpApi(application.one_machine.engine_api, _credentials(application), application.clock)
    publish = publish_route(lambda: application.publisher, application.signing_secrets)
    return [publish, metrics_route(application.lag_metrics), Mount("/", http_api)]


def _greeting(application: Application, port: int) -> str:
    if application.one_machine is None:
        return f"The worker repairs changes, checks accounts and notifies for {application.backend.name}."
    return f"The engine listens on http://127.0.0.1:{port} and fires the posts in {application.home.path}."


def _record(port: int, channel: ControlChannel, *, supervised: bool) -> WorkerRecord:
    return WorkerRecord(
        pid=os.getpid(), port=port, control_port=channel.port, secret=channel.secret, supervised=supervised
    )


@contextmanager
def _recorded(files: WorkerFiles, record: WorkerRecord) -> Iterator[None]:
    """Let other processes find this worker during the block."""
    record.write(files)
    try:
        yield
    finally:
        with suppress(OSError):  # another process reads it on Windows; the next worker deletes it
            files.record.unlink()


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Yield a list to which SIGINT and SIGTERM are appended. A second one of a kind ends the process at once.

    The handler does no more, because it may run while this thread holds any lock.
    """
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        numbers.append(signal.SIGBREAK)
    previous = {number: signal.signal(number, receive) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _credentials(application: Application) -> Credentials:
    """Return the key pair of the settings, else that of the home, made once.

    Raises InvalidSetting, UnreadableCredentials or HomeUnusable.
    """
    settings = application.settings
    if settings.local_access_key_id and settings.local_secret_access_key:
        return Credentials(
            access_key_id=settings.local_access_key_id, secret_access_key=settings.local_secret_access_key
        )
    if settings.local_access_key_id:
        raise InvalidSetting("local_access_key_id", "set PUNCTUAL_LOCAL_SECRET_ACCESS_KEY with it, or neither")
    if settings.local_secret_access_key:
        raise InvalidSetting("local_secret_access_key", "set PUNCTUAL_LOCAL_ACCESS_KEY_ID with it, or neither")
    text: str = application.home.get_or_create_secret(CREDENTIALS_FILE, lambda: Credentials.generate().to_profile())
    try:
        return Credentials.parse(text)
    except (ValueError, KeyError) as error:
        raise UnreadableCredentials(application.home.path / CREDENTIALS_FILE) from error
