"""Servers on loopback with small limits."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from core.serving.limits import ConnectionLimits
from core.serving.server import server_config


async def echo_size(request: Request) -> PlainTextResponse:
    """Respond with the size of the body."""
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def limited_server() -> Iterator[Callable[..., int]]:
    """Return a function that starts a server with these limits and returns its port."""
    running = []

    def start(**limits: float) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/", echo_size, methods=["GET", "POST"])])
        config = server_config(app, ConnectionLimits(**{"connections": 8, "websockets": 6, **limits}))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread, listener))
        return listener.getsockname()[1]

    yield start
    for server, thread, listener in running:
        server.should_exit = True
        thread.join()
        listener.close()
