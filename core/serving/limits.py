"""The limits of a server's connections, which keep slow and greedy clients from stopping the others."""

from dataclasses import dataclass

MAX_CONNECTIONS = 1024
FILES_WITHOUT_LIMIT = 1024
"""The open files assumed where the operating system names no limit, as on Windows."""


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """What a client may take.

    `connections`: open at once, WebSockets included. `websockets`: of these, WebSockets. `header_bytes`: request line
    and headers together; httptools has no limit of its own. `header_seconds`: from the first byte, or from the start
    of the connection, to the last header. `body_bytes` per `body_seconds`: the slowest accepted body.
    """

    connections: int
    websockets: int
    header_bytes: int = 32 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 15.0
    body_bytes: int = 15 * 1024

    @classmethod
    def for_open_files(cls, files: int) -> "ConnectionLimits":
        """Return the limits of a process that may open `files`: connections take a quarter of them at most.

        The rest is for databases, outgoing connections, and connections that are accepted but not yet counted.
        """
        connections = max(8, min(MAX_CONNECTIONS, files // 4))
        return cls(connections=connections, websockets=connections * 3 // 4)


def open_file_limit() -> int:
    """Return the number of files that this process may open."""
    try:
        import resource  # not on Windows
    except ImportError:
        return FILES_WITHOUT_LIMIT
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FILES_WITHOUT_LIMIT if soft == resource.RLIM_INFINITY else soft
