"""Listening sockets of the servers of `python -m core`."""

import errno
import os
import socket

from core.errors import PunctualError


class PortTaken(PunctualError):
    """The port is in use, or needs rights that this process lacks."""

    hint = "Stop the other program, or choose another port with --port."

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"Port {port} of {host} cannot be used: {reason}.")


class AddressUnusable(PunctualError):
    """The host is no address of this machine."""

    hint = "Give an address of this machine with --host, such as 127.0.0.1, or 0.0.0.0 for all of them."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} cannot be listened on: {reason}.")


def open_listener(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Return a listening socket. Open it before the engine fires, so that the relay's first POST connects.

    Raises PortTaken or AddressUnusable.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise AddressUnusable(host, getattr(error, "strerror", None) or str(error)) from error
    family, _, _, _, address = found[0]
    try:
        listener = socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise AddressUnusable(host, "it is no address of this machine") from error
        raise PortTaken(host, port, os.strerror(error.errno) if error.errno else str(error)) from error
    # Connections inherit the option. A response leaves in two segments. Without the option the second one waits for
    # the client's ACK of the first, which takes 40 ms on a reused connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
