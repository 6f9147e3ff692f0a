"""A self-signed certificate for servers on loopback."""

import pytest

from tests.certificates import loopback_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> str:
    """Return a PEM file with a private key and a self-signed certificate for 127.0.0.1."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(b"".join(loopback_certificate()))
    return str(file)
