"""The network of the emulated functions: Python imports this module at the start of each of their processes.

It leads the host names of LOOPBACK_HOSTS to ports of this machine, as a name server would. TLS stays: the functions
check the names against the certificate of emulator.py.
"""

import json
import os
import socket

real_connect = socket.create_connection
ports = json.loads(os.environ["LOOPBACK_HOSTS"])


def create_connection(address, *arguments, **options):
    """Connect to the port of the first ending that the host has."""
    host = address[0]
    for ending, port in ports.items():
        if host.endswith(ending):
            return real_connect(("127.0.0.1", port), *arguments, **options)
    return real_connect(address, *arguments, **options)


socket.create_connection = create_connection
