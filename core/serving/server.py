"""The configuration of the web servers of `python -m core`."""

import uvicorn
from starlette.types import ASGIApp

from core.serving.connections import limited_protocol
from core.serving.limits import ConnectionLimits, open_file_limit


def server_config(app: ASGIApp, limits: ConnectionLimits | None = None) -> uvicorn.Config:
    """Return the configuration of a server for programs: limited connections, no WebSockets, no lifespan.

    By default the limits follow from the number of files that this process may open. Give the server a socket that
    listens.
    """
    limits = limits or ConnectionLimits.for_open_files(open_file_limit())
    return uvicorn.Config(
        app,
        http=limited_protocol(limits),
        ws="none",
        lifespan="off",
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing reads the client's address
    )
